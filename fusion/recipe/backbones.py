"""Backbones: pretrained feature networks, which own weights."""

import json
from math import isfinite
from pathlib import PurePath
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from fusion.errors import nearest, shown
from fusion.recipe.preprocessing import Told, Wanted
from fusion.recipe.savedmodels import SavedModel
from fusion.recipe.values import Map, Named, Number, Sha256, Value, Word


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
    _check_written(value)
    raise ValueError(f"Weights are 'imagenet', null (random) or {{\"file\": ...}}, got {shown(value)}.")


def _check_written(value: Any) -> None:
    """Raises, with the line to write, if weights are given as the bare name of a file."""
    if isinstance(value, str | PurePath) and PurePath(value).suffix == ".h5":
        written = json.dumps({"file": str(value)}, ensure_ascii=False)
        raise ValueError(f"Weights in a file are written {written}, got {shown(value)}.")


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
        arch: Name of the architecture, such as `"VGG16"` (`fusion layers` lists all), or of a function that was
            registered in Python and that the recipe requires.
        weights: `"imagenet"`, a file, or `None` for random ones.
        preprocess: What the weights expect of an image. `"auto"`: what the architecture's own weights expect.
        options: Arguments of the architecture, such as `alpha` of MobileNet.

    >>> Backbone(arch="MobileNet", weights="imagenet", options={"alpha": 0.25}).preprocess
    'auto'
    """

    elsewhere: ClassVar = {
        "file": "fusion.BackboneFile(file=..., preprocess=...)",
        "preset": "fusion.BackbonePreset(preset=...)",
        "kerashub": "fusion.KerasHubBackbone(kerashub=..., weights=..., preprocess=...)",
        "saved_model": "fusion.SavedModel(saved_model=..., preprocess=...)",
    }

    arch: Word
    weights: Weights
    preprocess: Wanted = "auto"
    options: Named[Option] = Field(default=Map())


def _told(value: Any) -> Any:
    if value == "auto":
        raise ValueError(
            'A file does not say what its model was fed. Write "none" if it scales 0..255 itself, else "tf" ([-1, 1]), '
            '"caffe", "torch", or {"scale": ..., "offset": ...} of 0..255.'
        )
    return value


class BackboneFile(Value):
    """A whole model in a `.keras` file; branches that name it share its weights.

    Args:
        file: Name or path: absolute, or beside the recipe, or in a folder of `FUSION_WEIGHTS`.
        sha256: Digest of the file's bytes; a file with another one is refused.
        preprocess: What the model was fed; a file does not say it, so it has to be written.

    >>> BackboneFile(file="models/mine.keras", preprocess="tf").arch
    'mine.keras'
    """

    always_written: ClassVar = ("file", "preprocess")

    file: Word
    sha256: Sha256 | None = None
    preprocess: Annotated[Told, BeforeValidator(_told)] = Field(default="auto", validate_default=True)

    @property
    def arch(self) -> str:
        """Name of the file, without its folder."""
        return self.file.replace("\\", "/").rpartition("/")[2]

    @property
    def weights(self) -> Literal["own"]:
        """Those in the file."""
        return "own"


class BackbonePreset(Value):
    """A backbone of KerasHub with the weights of a preset; branches that name it share its weights.

    Args:
        preset: A preset's name or address, such as `"resnet_18_imagenet"` or `"kaggle://..."`; or a folder in which
            KerasHub saved one: absolute, or beside the recipe, or in a folder of `FUSION_WEIGHTS`.
        sha256: Digest of `model.weights.h5` in that folder; one with another is refused.
        preprocess: What the weights expect of an image. `"auto"`: what the preset says.

    >>> BackbonePreset(preset="resnet_18_imagenet").preprocess
    'auto'
    """

    always_written: ClassVar = ("preset",)

    preset: Word
    sha256: Sha256 | None = None
    preprocess: Wanted = "auto"

    @property
    def arch(self) -> str:
        """Name of the preset, without what leads to it."""
        return self.preset.replace("\\", "/").rstrip("/").rpartition("/")[2]

    @property
    def weights(self) -> Literal["preset"]:
        """Those of the preset."""
        return "preset"


def _random_or_file(value: Any) -> Any:
    if value is None or isinstance(value, WeightsFile | dict):
        return value
    _check_written(value)
    raise ValueError(
        f'Weights are null (random) or {{"file": ...}}, got {shown(value)}. Others are in a "preset".'
    )


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, list | tuple):
        return tuple(_plain(each) for each in value)
    if isinstance(value, dict):
        return Map({str(key): _plain(each) for key, each in value.items()})
    raise ValueError(
        f"An option is made of texts, numbers, true, false, null, lists and objects, got {shown(value)}."
    )


def _told_too(value: Any) -> Any:
    if value == "auto":
        raise ValueError(
            'Weights that belong to no preset do not say what they expect. Write it, such as "none".'
        )
    return value


class KerasHubBackbone(Value):
    """A backbone of KerasHub made by its constructor; branches that name it share its weights.

    Args:
        kerashub: Name of its class, such as `"ResNetBackbone"`.
        weights: A file, or `None` for random ones.
        preprocess: What the weights expect of an image.
        options: Arguments of the constructor; the shape of the image is the recipe's.

    >>> KerasHubBackbone(kerashub="VGGBackbone", weights=None, preprocess="none").arch
    'VGGBackbone'
    """

    always_written: ClassVar = ("kerashub", "preprocess")

    kerashub: Word
    weights: Annotated[
        Annotated[WeightsFile, Tag("<file>")] | Annotated[None, Tag("<none>")],
        Discriminator(any_weights),
        BeforeValidator(_random_or_file),
    ]
    preprocess: Annotated[Told, BeforeValidator(_told_too)] = Field(default="auto", validate_default=True)
    options: Named[Annotated[Any, BeforeValidator(_plain)]] = Field(default=Map())

    @property
    def arch(self) -> str:
        """Name of its class."""
        return self.kerashub


KINDS: dict[type, str] = {
    Backbone: "arch",
    BackboneFile: "file",
    BackbonePreset: "preset",
    KerasHubBackbone: "kerashub",
    SavedModel: "saved_model",
}
"""The key that tells each source of backbones in JSON."""


def any_backbone(value: Any) -> str | None:
    """Tells sources of backbones apart, as pydantic asks: by the key that names one; without any it is `arch`.

    >>> any_backbone({"arch": "VGG16"}), any_backbone({"flie": "mine.keras"}), any_backbone({"weights": None})
    ('<arch>', '<flie>', '<arch>')
    """
    if not isinstance(value, dict):
        return f"<{KINDS[type(value)]}>" if type(value) in KINDS else None
    found = [key for key in KINDS.values() if key in value] or [
        key for key in map(str, value) if nearest(key, KINDS.values()) not in ("", "arch")
    ][:1]
    return f"<{' + '.join(found or ['arch'])}>"


AnyBackbone = Annotated[
    Annotated[Backbone, Tag("<arch>")]
    | Annotated[BackboneFile, Tag("<file>")]
    | Annotated[BackbonePreset, Tag("<preset>")]
    | Annotated[KerasHubBackbone, Tag("<kerashub>")]
    | Annotated[SavedModel, Tag("<saved_model>")],
    Discriminator(any_backbone),
]
"""A backbone of any source."""
