"""Recipes written to another folder: files are named so that they are found from there, too."""

import os
from collections.abc import Sequence
from pathlib import Path

from fusion.backbones.presets import CONFIG
from fusion.recipe.backbones import AnyBackbone, BackboneFile, BackbonePreset, WeightsFile
from fusion.recipe.recipe import Recipe
from fusion.recipe.savedmodels import SavedModel


def relocated(recipe: Recipe, folders: Sequence[Path], folder: Path) -> Recipe:
    """Returns a recipe that names the files of its backbones as they are found from another folder.

    What is not found, or only through FUSION_WEIGHTS, keeps its name, as do absolute paths and addresses.

    Args:
        recipe: The recipe.
        folders: Where its files lie, such as the folder of its own file.
        folder: Where it is written to.

    >>> import tempfile
    >>> from fusion.recipe.short import fuse
    >>> one = fuse("VGG16", output=["ant", "bee"]).replace(
    ...     "/backbones/vgg16/weights", {"file": "w.weights.h5"}
    ... )
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = Path(name, "w.weights.h5").write_bytes(b"")
    ...     relocated(one, [Path(name)], Path(name, "made")).backbones["vgg16"].weights.file
    '../w.weights.h5'
    """
    backbones = {name: _renamed(each, folders, folder) for name, each in recipe.backbones.items()}
    return recipe.replaced(backbones=backbones)


def _renamed(backbone: AnyBackbone, folders: Sequence[Path], folder: Path) -> AnyBackbone:
    match backbone:
        case BackboneFile():
            return backbone.replaced(file=_name(backbone.file, folders, folder))
        case BackbonePreset():
            return backbone.replaced(preset=_name(backbone.preset, folders, folder, holds=CONFIG))
        case SavedModel():
            return backbone.replaced(saved_model=_name(backbone.saved_model, folders, folder))
        case _ if isinstance(backbone.weights, WeightsFile):
            file = _name(backbone.weights.file, folders, folder)
            return backbone.replaced(weights=backbone.weights.replaced(file=file))
    return backbone


def _name(name: str, folders: Sequence[Path], folder: Path, *, holds: str = "") -> str:
    """Returns the name of a file, or of a folder that holds one, as it is found from another folder."""
    there = [place for place in folders if (place / name / holds).exists()]
    if Path(name).is_absolute() or not there or there[0].resolve() == folder.resolve():
        return name
    found = (there[0] / name).absolute()
    try:
        # The folder it lies in is followed to where it is, as `..` is from there; the file's own name stays.
        return Path(os.path.relpath(found.parent.resolve() / found.name, folder.resolve())).as_posix()
    except ValueError:
        # On Windows nothing leads from one drive to another.
        return found.as_posix()
