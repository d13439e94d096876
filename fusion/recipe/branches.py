"""Branches: one use of a backbone on an input or another's map, cut, pooled, then sent through blocks."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, GetJsonSchemaHandler, Tag, model_validator
from pydantic_core import CoreSchema, PydanticCustomError

from fusion.errors import shown
from fusion.recipe.translation import AT_KEY
from fusion.recipe.values import Count, Name, Several, Size, Value, Word, any_length

Pool = Literal["avg", "max", "avg+max", "gem", "gem_learned", "flatten", "first", "none"]
"""Mean, greatest, both, generalised mean (exponent 3, or learned from 3 on with the head), every value, the first token, or what is tapped as it is."""


def _one_or_many(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if not isinstance(value, list | tuple) or not value or not all(isinstance(cut, str) for cut in value):
        raise ValueError(f"A cut is the name of a layer, or a list of names, got {shown(value)}.")
    twice = sorted({cut for cut in value if value.count(cut) > 1})
    if twice:
        raise ValueError(f"A layer is cut at once, but {', '.join(map(repr, twice))} stands more than once.")
    return value[0] if len(value) == 1 else tuple(value)


Cut = Annotated[
    Annotated[Word, Tag("<one>")] | Annotated[Several[Word], Tag("<several>")],
    Discriminator(any_length),
    BeforeValidator(_one_or_many),
]
"""The name of a layer, or several; a list of one is that one."""


def _at(key: str, text: str) -> PydanticCustomError:
    return PydanticCustomError(AT_KEY, "{text}", {"text": text, "key": key})


class Branch(Value):
    """One use of a backbone on an input, or on another branch's map; it gives one vector.

    Args:
        input: Name of the input it reads; `None` with `of`.
        of: Branch whose map it reads instead, through a stitch, as its one cut gives it before its pool; `from` in JSON.
        resize: Height and width the image is resized to before the backbone, or `None` to leave it. With `of`, the size
            of image for which the entered backbone is made, if another than that branch's.
        backbone: Name of the backbone, or `None` for an input that is a vector already.
        enter: With `of`, the layer by name or alias whose place the stitched map takes: what comes after it runs.
        cut: Last layer kept, by name or alias (`last`, `stage:4`, `stride:16`, `after:mixed8`); several tap several layers.
        pool: How each tapped feature map becomes a vector; the vectors of several taps are concatenated. `none` takes
            a tap as it is: a vector, or for the op `cross_attention` a map. Of tokens, `avg`, `max` and `gem` are over
            those that are no padding, `flatten` has zeros for padding, and `cross_attention` does not look at it;
            `first` is the first token ([CLS] of BERT).
        features: Pools over the finest grid that gives at most this many values a tap, not over all places at once (as
            Evci and others, "Head2Toe", 2022).
        normalise: `l2` divides each tap's vector by its length, before taps are concatenated.
        blocks: Names of the blocks the vector goes through, in order.

    >>> Branch(input="photo", backbone="inc", cut=["mixed7", "mixed10"]).cuts
    ('mixed7', 'mixed10')
    """

    input: Name | None = None
    of: Name | None = Field(default=None, validation_alias="from", serialization_alias="from")
    resize: Size | None = None
    backbone: Name | None = None
    enter: Word | None = None
    cut: Cut = "last"
    pool: Pool = "avg"
    features: Count | None = None
    normalise: Literal["l2"] | None = None
    blocks: Several[Name] = ()

    @model_validator(mode="after")
    def _reads_one_thing(self) -> Self:
        if self.input and self.of:
            raise _at("input", f'A branch reads an input or a branch, and "from" names {self.of!r} already.')
        missing = "" if self.input or self.of else "input"
        if self.enter and not self.of:
            missing = "from"
        elif self.of and not (self.backbone and self.enter):
            missing = "enter" if self.backbone else "backbone"
        if missing:
            why = ' What is entered, "enter", reads the map of a branch.' if missing == "from" else ""
            raise _at(missing, f"Missing key {missing!r}.{why}")
        return self

    @model_validator(mode="after")
    def _grid_has_a_pool(self) -> Self:
        if self.features and self.pool not in {"avg", "max", "avg+max"}:
            text = f'The pool {self.pool!r} has no grid; "features" is for avg, max and avg+max.'
            raise _at("features", text)
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler(core_schema)
        handler.resolve_ref_schema(schema)["anyOf"] = [{"required": ["input"]}, {"required": ["from"]}]
        return schema

    @property
    def cuts(self) -> tuple[str, ...]:
        """The cut as a tuple, also where it is one."""
        return (self.cut,) if isinstance(self.cut, str) else tuple(self.cut)
