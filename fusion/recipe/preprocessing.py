"""What a backbone wants its pictures turned into."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from fusion.errors import shown
from fusion.recipe.values import Number, Value

Mode = Literal["caffe", "tf", "torch", "none"]
"""What a backbone wants its pictures turned into: BGR minus mean, [-1, 1], mean and deviation, or 0..255 as they are."""


def any_count(value: Any) -> str:
    """Tells one number for all channels from one for each, as pydantic asks."""
    return "<each>" if isinstance(value, list | tuple) else "<all>"


Channels = Annotated[
    Annotated[Number, Tag("<all>")]
    | Annotated[tuple[Number, ...], Field(min_length=1, max_length=4), Tag("<each>")],
    Discriminator(any_count),
]
"""One number for all channels, or one for each."""


def _not_nought(value: Any) -> Any:
    if 0.0 in (value if isinstance(value, tuple) else (value,)):
        raise ValueError("A scale of 0 leaves nothing of the picture.")
    return value


class Scaling(Value):
    """What a backbone wants its pictures turned into, as a line: `scale * pixel + offset`, pixels being 0..255.

    Args:
        scale: Factor, for all channels or for each.
        offset: What is added then, for all channels or for each.
        channels: Order the backbone reads them in; `scale` and `offset` stand in the same.

    >>> print(Scaling(scale=1 / 255))
    scaled by 0.003922
    """

    always_written: ClassVar = ("scale",)

    scale: Annotated[Channels, AfterValidator(_not_nought)]
    offset: Channels = 0.0
    channels: Literal["rgb", "bgr"] = "rgb"

    def __str__(self) -> str:
        several = isinstance(self.scale, tuple) or isinstance(self.offset, tuple)
        line = (
            "by channel" if several else f"by {self.scale:.4g}{f'{self.offset:+.4g}' if self.offset else ''}"
        )
        return f"scaled {line}{' bgr' if self.channels == 'bgr' else ''}"


Preprocess = Mode | Scaling
"""What a backbone wants its pictures turned into."""


def _preprocess(value: Any) -> Any:
    if isinstance(value, str | dict | Scaling):
        return value
    raise ValueError(f'Preprocessing is a name such as "tf", or {{"scale": ...}}, got {shown(value)}.')


def any_preprocess(value: Any) -> str:
    """Tells kinds of preprocessing apart, as pydantic asks."""
    return "<name>" if isinstance(value, str) else "<line>"


Told = Annotated[
    Annotated[Mode, Tag("<name>")] | Annotated[Scaling, Tag("<line>")],
    Discriminator(any_preprocess),
    BeforeValidator(_preprocess),
]
"""A preprocessing that is written out."""

Wanted = Annotated[
    Annotated[Literal["auto", "caffe", "tf", "torch", "none"], Tag("<name>")]
    | Annotated[Scaling, Tag("<line>")],
    Discriminator(any_preprocess),
    BeforeValidator(_preprocess),
]
"""A preprocessing, or `"auto"`: what belongs to the weights."""
