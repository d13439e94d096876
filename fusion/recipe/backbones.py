"""Backbones: pretrained feature networks, which own weights."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, WithJsonSchema

from fusion.errors import shown
from fusion.recipe.values import Map, Named, Number, Value, Word

Preprocess = Literal["caffe", "tf", "torch", "none"]
"""What a backbone wants its pictures turned into: BGR minus mean, [-1, 1], mean and deviation, or 0..255 as they are."""

Sha256 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]


class WeightsFile(Value):
    """Weights of the whole backbone, without its classifier, in a file that Keras wrote.

    Args:
        file: Name or path: absolute, or beside the recipe, or in a folder of `FUSION_WEIGHTS`.
        sha256: Digest of the file's bytes; a file with another one is refused.

    >>> WeightsFile(file="mobilenet.weights.h5").sha256 is None
    True
    """

    file: Word
    sha256: Sha256 | None = None


def _weights(value: Any) -> Any:
    if value is None or value == "imagenet" or isinstance(value, WeightsFile | dict):
        return value
    raise ValueError(f"Weights are 'imagenet', null (random) or {{\"file\": ...}}, got {shown(value)}.")


def any_weights(value: Any) -> str:
    """Tells kinds of weights apart, as pydantic asks."""
    return "<none>" if value is None else "<name>" if isinstance(value, str) else "<file>"


Weights = Annotated[
    Annotated[Literal["imagenet"], Tag("<name>")]
    | Annotated[WeightsFile, Tag("<file>")]
    | Annotated[None, Tag("<none>")],
    Discriminator(any_weights),
    BeforeValidator(_weights),
]
"""Where the weights of a backbone come from."""


def _option(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return value
    raise ValueError(f"An option is a text, a number, true or false, got {shown(value)}.")


def any_option(value: Any) -> str:
    """Tells kinds of options apart, as pydantic asks: 1 is no 1.0 and true is no 1."""
    return f"<{type(value).__name__}>"


Option = Annotated[
    Annotated[bool, Tag("<bool>")]
    | Annotated[int, Tag("<int>")]
    | Annotated[Number, Tag("<float>")]
    | Annotated[str, Tag("<str>")],
    Discriminator(any_option),
    BeforeValidator(_option),
    # Of several types one must fit, and every whole number is a number.
    WithJsonSchema({"type": ["boolean", "number", "string"]}),
]
"""The value of one argument of an architecture."""


class Backbone(Value):
    """A pretrained feature network; branches that name it share its weights.

    Args:
        arch: Name of the architecture, such as `"VGG16"`; `fusion layers` lists all.
        weights: `"imagenet"`, a file, or `None` for random ones.
        preprocess: What the weights expect of an image. `"auto"`: what the architecture's own weights expect.
        options: Arguments of the architecture, such as `alpha` of MobileNet.

    >>> Backbone(arch="MobileNet", weights="imagenet", options={"alpha": 0.25}).preprocess
    'auto'
    """

    arch: Word
    weights: Weights
    preprocess: Literal["auto", Preprocess] = "auto"
    options: Named[Option] = Field(default=Map())
