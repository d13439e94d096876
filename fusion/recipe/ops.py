"""Fusion ops: how the vectors of branches are joined into one."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from fusion.recipe.joining import Add, Average, Compare, Concat, Maximum, Multiply
from fusion.recipe.values import Filled, Map
from fusion.recipe.weighing import (
    Attention,
    Bilinear,
    CrossAttention,
    Film,
    Gated,
    Late,
    LowRank,
    Tensor,
    WeightedSum,
)


def op(value: Any) -> str | None:
    """Tells the ops apart, as pydantic asks: by a value's or an object's `op`."""
    found = value.get("op") if isinstance(value, dict) else getattr(value, "op", None)
    return None if found is None else f"<{found}>"


Op = Annotated[
    Annotated[Concat, Tag("<concat>")]
    | Annotated[Add, Tag("<add>")]
    | Annotated[Average, Tag("<average>")]
    | Annotated[Maximum, Tag("<maximum>")]
    | Annotated[Multiply, Tag("<multiply>")]
    | Annotated[Compare, Tag("<compare>")]
    | Annotated[WeightedSum, Tag("<weighted_sum>")]
    | Annotated[Gated, Tag("<gated>")]
    | Annotated[Film, Tag("<film>")]
    | Annotated[Bilinear, Tag("<bilinear>")]
    | Annotated[LowRank, Tag("<low_rank>")]
    | Annotated[Tensor, Tag("<tensor>")]
    | Annotated[Attention, Tag("<attention>")]
    | Annotated[CrossAttention, Tag("<cross_attention>")]
    | Annotated[Late, Tag("<late>")],
    Discriminator(op),
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
