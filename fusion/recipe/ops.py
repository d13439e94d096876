"""Fusion ops: how the vectors of branches are joined into one."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from fusion.recipe.translation import AT_KEY
from fusion.recipe.values import Filled, Map, Name, Value


class _Op(Value):
    always_written: ClassVar = ("op",)

    of: tuple[Name, ...] = Field(alias="from", min_length=2)


class Concat(_Op):
    """One vector after the other; the order of `of` (`from` in JSON) counts.

    >>> Concat(of=("texture", "shape")).op
    'concat'
    """

    op: Literal["concat"] = "concat"


class Add(_Op):
    """The sum of vectors of equal width.

    >>> Add(of=("left", "right")).op
    'add'
    """

    op: Literal["add"] = "add"


class Average(_Op):
    """The mean of vectors of equal width.

    >>> Average(of=("left", "right")).op
    'average'
    """

    op: Literal["average"] = "average"


class Maximum(_Op):
    """The greatest of each component of vectors of equal width.

    >>> Maximum(of=("left", "right")).op
    'maximum'
    """

    op: Literal["maximum"] = "maximum"


class Multiply(_Op):
    """The product of each component of vectors of equal width.

    >>> Multiply(of=("left", "right")).op
    'multiply'
    """

    op: Literal["multiply"] = "multiply"


def op(value: Any) -> str | None:
    """Tells the ops apart, as pydantic asks: by a value's or an object's `op`."""
    found = value.get("op") if isinstance(value, dict) else getattr(value, "op", None)
    return None if found is None else f"<{found}>"


LATER = (
    "attention",
    "bilinear",
    "compare",
    "cross_attention",
    "film",
    "gated",
    "late",
    "low_rank",
    "tensor",
    "weighted_sum",
)
"""Ops whose names format 1 reserves and which this version does not have."""


def _here(value: Any) -> Any:
    name = value.get("op") if isinstance(value, dict) else None
    if name in LATER:
        text = f"The op {name!r} is not there yet; this version has concat, add, average, maximum, multiply."
        raise PydanticCustomError(AT_KEY, "{text}", {"text": text, "key": "op"})
    return value


Op = Annotated[
    Annotated[Concat, Tag("<concat>")]
    | Annotated[Add, Tag("<add>")]
    | Annotated[Average, Tag("<average>")]
    | Annotated[Maximum, Tag("<maximum>")]
    | Annotated[Multiply, Tag("<multiply>")],
    Discriminator(op),
    BeforeValidator(_here),
]
"""An op of any kind."""


def one_or_nodes(value: Any) -> str:
    """Tells one op from a map of named ones, as pydantic asks: a map has no `op` and no `from`."""
    if isinstance(value, Map) or (isinstance(value, dict) and not {"op", "from", "of"} & value.keys()):
        return "<nodes>"
    return "<one>"


Fusion = Annotated[
    Annotated[Op, Tag("<one>")] | Annotated[Filled[Op], Tag("<nodes>")],
    Discriminator(one_or_nodes),
]
"""One op, or a map of nodes that name branches or each other."""
