"""Models in `.keras` files, as far as is known without Keras: whether the file is the one meant, what it reads and holds."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fusion.backbones.weights import StoredWeights, digest, find_weights
from fusion.errors import BackboneError, InputSizeError, WeightsError, listed
from fusion.recipe.backbones import BackboneFile
from fusion.skeleton.layers import Shape

CODE = ("Lambda", "TFSMLayer", "__lambda__")
"""Classes whose objects are programs: a file that holds one may do anything when it is opened."""


def find_archive(backbone: BackboneFile, folders: Sequence[Path]) -> StoredWeights:
    """Returns where the file of a backbone lies, with the digest it really has.

    >>> find_archive(BackboneFile(file="absent.keras", preprocess="tf"), [Path("/nowhere")])
    Traceback (most recent call last):
    ...
    fusion.errors.WeightsError: There is no model file 'absent.keras'. Looked for: /nowhere/absent.keras...

    Raises:
        BackboneError: If its name does not end in `.keras`.
        WeightsError: If it lies nowhere, cannot be read, or is not the one that was meant.
    """
    check_suffix(backbone)
    path = find_weights(backbone.file, folders)
    return StoredWeights(path, digest(StoredWeights(path, backbone.sha256)))


def check_suffix(backbone: BackboneFile) -> None:
    """Raises if a file is none that holds a whole model; says nothing if it may be one.

    >>> check_suffix(BackboneFile(file="old.h5", preprocess="tf"))
    Traceback (most recent call last):
    ...
    fusion.errors.BackboneError: A whole model is opened from a .keras file, got 'old.h5'. ...

    Raises:
        BackboneError: If its name does not end in `.keras`.
    """
    if not backbone.file.endswith(".keras"):
        raise BackboneError(
            f"A whole model is opened from a .keras file, got {backbone.arch!r}. Open it in Keras and save it as one; "
            'weights alone belong to an "arch": "weights": {"file": ...}.'
        )


def read_config(path: Path) -> dict[str, Any]:
    """Returns what a `.keras` file says of its model, how it was compiled left out; nothing of it is run.

    Raises:
        WeightsError: If the file cannot be read.
        BackboneError: If the model is made of other than Keras's own classes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            config: dict[str, Any] = json.loads(archive.read("config.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path} is no .keras file that can be read: {error}.") from error
    config.pop("compile_config", None)
    _check_classes(config, path.name)
    return config


def check_size(name: str, declared: Shape, shape: Shape) -> None:
    """Raises if a model that reads images of shape `declared` cannot read those of `shape`.

    >>> check_size("mine.keras", (96, 96, 3), (64, 64, 3))
    Traceback (most recent call last):
    ...
    fusion.errors.InputSizeError: mine.keras reads images of 96x96x3, got 64x64x3. Write "resize": [96, 96] in the branch.

    Raises:
        BackboneError: If the model reads no images.
        InputSizeError: If it reads images of another size or of other channels.
    """
    if len(shape) == 1:
        _check_length(name, declared, shape)
        return
    if len(declared) != 3:
        raise BackboneError(f"{name} reads values of shape {_worded(declared)}, and a backbone reads images.")
    if all(None in (own, given) or own == given for own, given in zip(declared, shape, strict=True)):
        return
    way_out = f'Write "resize": [{declared[0]}, {declared[1]}] in the branch.'
    if declared[2] not in (None, shape[2]):
        way_out = f"Feed images of {declared[2]} channels."
    elif None in declared[:2]:
        way_out = "Resize the images in the branch."
    raise InputSizeError(f"{name} reads images of {_worded(declared)}, got {_worded(shape)}. {way_out}")


def _check_length(name: str, declared: Shape, shape: Shape) -> None:
    """Raises if a model does not read as many tokens as there are."""
    if len(declared) != 1:
        raise BackboneError(
            f"{name} reads values of shape {_worded(declared)}, and the input is a text. Name a backbone of texts."
        )
    if None not in (declared[0], shape[0]) and declared != shape:
        raise InputSizeError(
            f'{name} reads {declared[0]} tokens, got {shape[0]}. Write "length": {declared[0]}.'
        )


def _worded(shape: Shape) -> str:
    return "x".join("?" if size is None else str(size) for size in shape)


def find_foreign(config: dict[str, Any], name: str) -> list[str]:
    """Returns the names under which a model as Keras describes it refers to what is not of Keras.

    >>> find_foreign(
    ...     {"class_name": "Scale", "module": None, "config": {}, "registered_name": "my>Scale"}, "mine"
    ... )
    ['my>Scale']

    Raises:
        BackboneError: If it holds code.
    """
    found = [(str(each.get("class_name")), each) for each in _objects(config)]
    code = dict.fromkeys(kind for kind, _ in found if kind in CODE)
    if code:
        raise BackboneError(
            f"{name} holds code ({next(iter(code))}), which could do anything when the file is opened. "
            "Take layers and operations of Keras in its place."
        )
    return list(dict.fromkeys(_title(kind, each) for kind, each in found if not _is_of_keras(each)))


def _check_classes(config: dict[str, Any], name: str) -> None:
    own = find_foreign(config, name)
    if own:
        raise BackboneError(
            f"{name} holds what is not of Keras: {listed(map(repr, own))}. A fused model opens with Keras alone, so it cannot take "
            "these in. Save the model with Keras's own layers, or register a function that builds it: "
            "fusion.register_backbone."
        )


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    if isinstance(config, dict):
        if "class_name" in config and ("module" in config or config["class_name"] in CODE):
            yield config
        for each in config.values():
            yield from _objects(each)
    elif isinstance(config, list):
        for each in config:
            yield from _objects(each)


def _is_of_keras(described: dict[str, Any]) -> bool:
    return str(described.get("module")).partition(".")[0] == "keras"


def _title(kind: str, described: dict[str, Any]) -> str:
    # A function bears its name where an object has its settings.
    return str(described["config"] if kind == "function" else described.get("registered_name") or kind)
