"""Tables and preprocessing of backbones in files and of KerasHub, cached as those of architectures are."""

import json
from collections.abc import Sequence
from pathlib import Path

from fusion.backbones.archives import check_suffix, find_archive
from fusion.backbones.presets import find_preset, kerashub_version, read_preprocess, source_key
from fusion.backbones.savedmodels import find_saved_model
from fusion.backbones.skeletons import cache_place, remembered, remembered_text
from fusion.cache import read_checked
from fusion.errors import FusionError
from fusion.recipe.backbones import BackboneFile, BackbonePreset, KerasHubBackbone
from fusion.recipe.preprocessing import Preprocess, Scaling
from fusion.recipe.savedmodels import SavedModel
from fusion.recipe.writing import to_data
from fusion.skeleton import files
from fusion.skeleton.layers import Shape, Skeleton


def archived_skeleton(backbone: BackboneFile, *, shape: Shape, folders: Sequence[Path]) -> Skeleton:
    """Returns the layer table of the model in a `.keras` file.

    It is cached by the digest of the file: where a recipe states that, a table in the cache is found without the file.

    Args:
        backbone: What was declared.
        shape: Height, width and channels of one input.
        folders: Where the file may lie.

    Raises:
        BackboneError: If the file is no `.keras` file, or its model cannot be a backbone.
        InputSizeError: If the model reads images of another size or of other channels.
        WeightsError: If the file is missing, damaged, or another than the one meant.
    """
    check_suffix(backbone)
    if backbone.sha256 and (text := read_checked(_archived(backbone, backbone.sha256, shape))) is not None:
        return files.from_json(text)
    stored = find_archive(backbone, folders)

    def make() -> Skeleton:
        from fusion.backbones.opening import dry_open

        return dry_open(stored.path, shape=shape)

    return remembered(_archived(backbone, stored.sha256, shape), make)


def hub_skeleton(
    backbone: BackbonePreset | KerasHubBackbone, *, shape: Shape, folders: Sequence[Path]
) -> Skeleton:
    """Returns the layer table of a backbone of KerasHub, which must be installed.

    Args:
        backbone: What was declared.
        shape: Height, width and channels of one input.
        folders: Where the folder of a preset may lie.

    Raises:
        BackboneError: If KerasHub is not there, has no such backbone or option, or it is none of images.
        WeightsError: If a preset is missing or cannot be fetched.
    """
    folder = find_preset(backbone, folders) if isinstance(backbone, BackbonePreset) else None

    def make() -> Skeleton:
        from fusion.backbones.kerashub import dry_hub

        return dry_hub(backbone, shape=shape, folder=folder)

    return remembered(cache_place(backbone.arch, source_key(backbone, shape, folder)), make)


def hub_preprocess(backbone: BackbonePreset, *, folders: Sequence[Path]) -> Preprocess:
    """Returns what the weights of a preset want images turned into; of one that is fetched it is kept beside tables.

    Raises:
        BackboneError: If the preset does not say it.
        WeightsError: If the preset is missing or cannot be fetched.
    """
    folder = find_preset(backbone, folders)
    if folder is not None:
        return read_preprocess(backbone, folder)

    def fetch() -> str:
        from fusion.backbones.kerashub import fetch_preprocess

        found = fetch_preprocess(backbone)
        return json.dumps(to_data(found) if isinstance(found, Scaling) else found)

    place = cache_place(f"{backbone.arch}-preprocess", ["preset", kerashub_version(), backbone.preset])
    found = json.loads(remembered_text(place, fetch))
    return Scaling(**found) if isinstance(found, dict) else found


def is_hub_cached(
    backbone: BackbonePreset | KerasHubBackbone, *, shape: Shape, folders: Sequence[Path]
) -> bool:
    """Returns whether the table of a backbone of KerasHub is in the cache folder, so that no Keras is needed.

    >>> is_hub_cached(BackbonePreset(preset="no/where"), shape=(8, 8, 3), folders=[])
    False
    """
    try:
        folder = find_preset(backbone, folders) if isinstance(backbone, BackbonePreset) else None
        return read_checked(cache_place(backbone.arch, source_key(backbone, shape, folder))) is not None
    except FusionError:
        return False


def block_skeleton(backbone: SavedModel, *, shape: Shape, folders: Sequence[Path]) -> Skeleton:
    """Returns the table of a SavedModel, which is one row beside the input.

    Args:
        backbone: What was declared.
        shape: Height, width and channels of one input.
        folders: Where its folder may lie.

    Raises:
        BackboneError: If it has no such endpoint or output, or gives no features of one image.
        InputSizeError: If it reads images of another size or of other channels.
        WeightsError: If it is missing, damaged, or another than the one meant.
    """
    folder, found = find_saved_model(backbone, folders)

    def make() -> Skeleton:
        from fusion.backbones.reloading import dry_saved_model

        return dry_saved_model(backbone, shape=shape, folder=folder)

    return remembered(_block(backbone, found, shape), make)


def is_block_cached(backbone: SavedModel, *, shape: Shape, folders: Sequence[Path]) -> bool:
    """Returns whether the table of a SavedModel is in the cache folder, so that TensorFlow is not needed.

    >>> is_block_cached(SavedModel(saved_model="absent", preprocess="none"), shape=(8, 8, 3), folders=[])
    False
    """
    try:
        return read_checked(_block(backbone, find_saved_model(backbone, folders)[1], shape)) is not None
    except FusionError:
        return False


def is_archive_cached(backbone: BackboneFile, *, shape: Shape, folders: Sequence[Path]) -> bool:
    """Returns whether the table of the model in a file is in the cache folder, so that no Keras is needed.

    >>> is_archive_cached(
    ...     BackboneFile(file="mine.keras", sha256="0" * 64, preprocess="tf"), shape=(8, 8, 3), folders=[]
    ... )
    False
    """
    try:
        digest = backbone.sha256 or find_archive(backbone, folders).sha256
    except FusionError:
        return False
    return read_checked(_archived(backbone, digest, shape)) is not None


def _block(backbone: SavedModel, found: str, shape: Shape) -> Path:
    called = [backbone.endpoint, backbone.output]
    return cache_place(backbone.arch.partition(".")[0], ["saved_model", backbone.arch, found, called, shape])


def _archived(backbone: BackboneFile, digest: str | None, shape: Shape) -> Path:
    return cache_place(Path(backbone.arch).stem, ["file", backbone.arch, digest, shape])
