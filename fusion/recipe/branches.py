"""Branches: one use of a backbone on an input, cut, pooled, then sent through blocks."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Tag

from fusion.errors import shown
from fusion.recipe.values import Name, Size, Value, Word, any_length

Pool = Literal["avg", "max", "avg+max", "flatten"]


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
    Annotated[Word, Tag("<one>")] | Annotated[tuple[Word, ...], Tag("<several>")],
    Discriminator(any_length),
    BeforeValidator(_one_or_many),
]
"""The name of a layer, or several; a list of one is that one."""


class Branch(Value):
    """One use of a backbone on an input; it gives one vector.

    Args:
        input: Name of the input it reads.
        resize: Height and width the image is resized to before the backbone, or `None` to leave it.
        backbone: Name of the backbone, or `None` for an input that is a vector already.
        cut: Last layer kept, by name or alias (`last`, `stage:4`, `stride:16`, `after:mixed8`); several tap several layers.
        pool: How each tapped feature map becomes a vector; the vectors of several taps are concatenated.
        blocks: Names of the blocks the vector goes through, in order.

    >>> Branch(input="photo", backbone="inc", cut=["mixed7", "mixed10"]).cuts
    ('mixed7', 'mixed10')
    """

    input: Name
    resize: Size | None = None
    backbone: Name | None = None
    cut: Cut = "last"
    pool: Pool = "avg"
    blocks: tuple[Name, ...] = ()

    @property
    def cuts(self) -> tuple[str, ...]:
        """The cut as a tuple, also where it is one."""
        return (self.cut,) if isinstance(self.cut, str) else self.cut
