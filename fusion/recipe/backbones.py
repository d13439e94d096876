"""Backbones: pretrained feature networks, which own weights."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from fusion.recipe.values import Map, Named, Value, Word

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
    raise ValueError(f"Weights are 'imagenet', null (random) or {{\"file\": ...}}, got {value!r}.")


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
    weights: Annotated[Literal["imagenet"] | WeightsFile | None, BeforeValidator(_weights)]
    preprocess: Literal["auto", "caffe", "tf", "torch", "none"] = "auto"
    options: Named[bool | int | float | str] = Field(default=Map())
