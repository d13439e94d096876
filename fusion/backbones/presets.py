"""KerasHub's backbones as far as is known without it: whether it is there, where presets lie and what they want."""

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fusion.backbones.weights import StoredWeights, check_digest, places, sought
from fusion.errors import BackboneError, WeightsError
from fusion.recipe.backbones import BackbonePreset, KerasHubBackbone
from fusion.recipe.preprocessing import Preprocess, Scaling
from fusion.skeleton.layers import Shape

CONFIG, WEIGHTS, SHARDS = "config.json", "model.weights.h5", "model.weights.json"
"""Files of a preset's folder: what the backbone is, and its weights in one file or in several."""


def kerashub_version() -> str:
    """Returns the version of KerasHub that is installed.

    Raises:
        BackboneError: If none is.
    """
    try:
        return version("keras-hub")
    except PackageNotFoundError:
        raise BackboneError(
            "KerasHub is not installed, and this backbone is one of it. Install it: pip install 'fusion[kerashub]'."
        ) from None


def find_preset(backbone: BackbonePreset, folders: Sequence[Path]) -> Path | None:
    """Returns the folder of a preset; `None` for one that KerasHub has to find by its name or address.

    >>> find_preset(BackbonePreset(preset="resnet_18_imagenet"), [])

    Raises:
        BackboneError: If a digest is given for what is no folder.
        WeightsError: If a path leads nowhere.
    """
    for place in places(backbone.preset, folders):
        if (place / CONFIG).is_file():
            return place
    if "/" in backbone.preset and "://" not in backbone.preset:
        raise WeightsError(
            f"There is no preset in a folder {backbone.preset!r} (it holds {CONFIG}). "
            f"{sought(backbone.preset, folders)}"
        )
    if backbone.sha256:
        raise BackboneError(
            f"{backbone.preset!r} is no folder, so there is no file whose digest could be compared. "
            "Save the preset to a folder (save_to_preset), or leave the digest out."
        )
    return None


def check_preset(backbone: BackbonePreset, folder: Path) -> Path:
    """Returns the file of weights in a preset's folder, which is the one that was meant.

    Raises:
        WeightsError: If it is missing, or another one; or if there are several and a digest stands for one.
    """
    if (folder / SHARDS).is_file() and not backbone.sha256:
        return folder / SHARDS
    if not (folder / WEIGHTS).is_file():
        raise WeightsError(
            f"The preset {folder} has no weights in one file, {WEIGHTS}. Save it again with save_to_preset."
        )
    check_digest(StoredWeights(folder / WEIGHTS, backbone.sha256))
    return folder / WEIGHTS


def source_key(backbone: BackbonePreset | KerasHubBackbone, shape: Shape, folder: Path | None) -> list[Any]:
    """Returns all that the layers of a backbone depend on.

    Raises:
        BackboneError: If KerasHub is not installed.
    """
    hub = kerashub_version()
    if isinstance(backbone, KerasHubBackbone):
        return ["kerashub", hub, backbone.kerashub, plain(backbone.options), shape]
    if folder is None:
        return ["preset", hub, backbone.preset, shape]
    config = (folder / CONFIG).read_bytes()
    return ["preset", hub, backbone.arch, hashlib.sha256(config).hexdigest(), shape]


def plain(value: Any) -> Any:
    """Returns the values of options as JSON has them: lists and dicts.

    >>> plain({"depths": (1, (2, 3))})
    {'depths': [1, [2, 3]]}
    """
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, tuple | list) else value


def read_preprocess(backbone: BackbonePreset, folder: Path) -> Preprocess:
    """Returns what the weights in a preset's folder want, as KerasHub's image converter beside them says.

    Only its scale and offset count; images are resized by the recipe.

    Raises:
        BackboneError: If there is no converter.
    """
    for name in ("image_converter.json", "preprocessor.json"):
        try:
            config = json.loads((folder / name).read_text(encoding="utf-8"))["config"]
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackboneError(f"{folder / name} cannot be read: {error}.") from error
        converter = (
            config.get("image_converter", {}).get("config") if name != "image_converter.json" else config
        )
        if converter:
            return line(converter.get("scale"), converter.get("offset"))
    raise BackboneError(
        f"The preset {backbone.preset!r} has no image converter, so it does not say what its weights expect. "
        'Write "preprocess", such as "none" or {"scale": ..., "offset": ...}.'
    )


def line(scale: Any, offset: Any) -> Preprocess:
    """Returns a converter's scale and offset, each a number, one for each channel, or `None`, as a preprocessing.

    >>> line(None, None), str(line(0.5, [-1, -2, -3]))
    ('none', 'scaled by channel')
    """
    if scale is None and offset is None:
        return "none"
    return Scaling(scale=_numbers(1.0 if scale is None else scale), offset=_numbers(offset or 0.0))


def _numbers(value: Any) -> Any:
    return [float(each) for each in value] if isinstance(value, list | tuple) else float(value)
