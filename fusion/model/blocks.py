"""SavedModels inside saved models: Keras keeps the path of one alone, so its folder travels in the file."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import keras

from fusion.backbones.savedmodels import digest_folder, is_known, unpack_place
from fusion.errors import ModelError
from fusion.model.addresses import layers

MEMBERS, CONFIG = "saved_models", "config.json"
"""Folder of the archive in which SavedModels travel, and the member in which Keras keeps their paths."""


def pack_blocks(model: keras.Model, archive: zipfile.ZipFile) -> dict[str, str]:
    """Returns the digests of the SavedModels in a model by the address of their layer; their files go into the archive."""
    found = {}
    for address, layer in layers(model).items():
        if isinstance(layer, keras.layers.TFSMLayer):
            folder = Path(layer.filepath)
            found[address] = digest_folder(folder)
            for path in sorted(each for each in folder.rglob("*") if each.is_file()):
                archive.write(path, f"{MEMBERS}/{found[address]}/{path.relative_to(folder).as_posix()}")
    return found


@contextmanager
def unpacked_blocks(path: Path, held: Mapping[str, str], *, trusted: bool) -> Iterator[Path]:
    """Gives a copy of a `.keras` file whose SavedModels lie in this machine's cache folder, for as long as it is opened.

    Args:
        path: The file.
        held: Digests of the SavedModels in it by the address of their layer; with none the file itself is given.
        trusted: Whether to run SavedModels that no recipe has used on this machine.

    Raises:
        ModelError: If a SavedModel is not trusted, is damaged, or the file holds other code beside it.
    """
    if not held:
        yield path
        return
    unknown = sorted(address for address, digest in held.items() if not is_known(digest))
    if unknown and not trusted:
        raise ModelError(
            f"{path} holds a SavedModel ({unknown[0]}), a program that could do anything when it is opened, and none that a "
            "recipe has used on this machine. If you trust where it comes from: fusion.load(path, trusted=True)."
        )
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        places = {address: _unpacked(archive, digest, path) for address, digest in held.items()}
        config = json.loads(archive.read(CONFIG))
        _check_code(config, path)
        _place(config, places)
        copy = Path(folder) / path.name
        with zipfile.ZipFile(copy, "w") as rewritten:
            for name in archive.namelist():
                if not name.startswith(f"{MEMBERS}/"):
                    data = json.dumps(config).encode() if name == CONFIG else archive.read(name)
                    rewritten.writestr(name, data)
        yield copy


def _place(config: dict[str, Any], places: Mapping[str, Path]) -> None:
    """Writes where SavedModels lie now into what Keras keeps of a model: of the layer `block` of the sub-model `net`."""
    for part in config["config"]["layers"]:
        for layer in part["config"].get("layers", ()) if isinstance(part.get("config"), dict) else ():
            address = f"{part['config'].get('name')}/{layer['config'].get('name')}"
            if address in places:
                layer["config"]["filepath"] = str(places[address])


def _check_code(config: Any, path: Path) -> None:
    """Refuses what else could run: Keras's own check is off where a SavedModel is to be opened."""
    if isinstance(config, dict):
        if config.get("class_name") in {"Lambda", "__lambda__"}:
            raise ModelError(
                f"{path} holds code of Python beside its SavedModel, which no recipe makes; it is not opened."
            )
        for each in config.values():
            _check_code(each, path)
    elif isinstance(config, list):
        for each in config:
            _check_code(each, path)


def _unpacked(archive: zipfile.ZipFile, digest: str, path: Path) -> Path:
    """Returns where a SavedModel of the archive lies in the cache folder; who finds one finds it whole."""
    place, start = unpack_place(digest), f"{MEMBERS}/{digest}/"
    if place.is_dir() and digest_folder(place) == digest:
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        for name in archive.namelist():
            if name.startswith(start) and ".." not in PurePosixPath(name).parts:
                target = Path(folder) / "whole" / name.removeprefix(start)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
        found = digest_folder(Path(folder) / "whole")
        if found != digest:
            raise ModelError(
                f"The SavedModel inside {path} is damaged: its sha256 is {found}, expected {digest}."
            )
        shutil.rmtree(place, ignore_errors=True)
        shutil.move(Path(folder) / "whole", place)
    return place
