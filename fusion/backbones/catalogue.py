"""What a recipe's backbone means: its table, its preprocessing, and how images are made ready for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fusion.backbones.applications import REGISTERED, find_application
from fusion.backbones.archives import find_archive
from fusion.backbones.presets import check_preset, find_preset
from fusion.backbones.ranges import needs_preprocessing
from fusion.backbones.savedmodels import find_saved_model, remember
from fusion.backbones.skeletons import check_arguments, is_cached
from fusion.backbones.skeletons import skeleton as named_skeleton
from fusion.backbones.sources import (
    archived_skeleton,
    block_skeleton,
    hub_preprocess,
    hub_skeleton,
    is_archive_cached,
    is_block_cached,
    is_hub_cached,
)
from fusion.backbones.weights import StoredWeights, check_digest, digest, find_weights
from fusion.errors import BackboneError, InputSizeError
from fusion.recipe.backbones import (
    AnyBackbone,
    Backbone,
    BackboneFile,
    BackbonePreset,
    KerasHubBackbone,
    WeightsFile,
)
from fusion.recipe.inputs import Image
from fusion.recipe.preprocessing import Preprocess
from fusion.recipe.savedmodels import SavedModel
from fusion.skeleton.layers import Shape, Skeleton
from fusion.skeleton.names import Naming, canonical_names, given_names

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class Shelf:
    """Backbones as a graph asks for them.

    Args:
        folders: Where files of backbones may lie.

    >>> Shelf().preprocess(Backbone(arch="VGG16", weights=None))
    'caffe'
    """

    folders: tuple[Path, ...] = ()

    def skeleton(self, backbone: AnyBackbone, shape: Shape) -> Skeleton:
        """Returns the layer table of a backbone for images of `shape`."""
        return skeleton(backbone, shape, self.folders)

    def preprocess(self, backbone: AnyBackbone) -> Preprocess:
        """Returns what the weights of a backbone want images turned into."""
        return preprocess(backbone, self.folders)

    def needs_preparation(self, backbone: AnyBackbone, image: Image, shape: Shape) -> bool:
        """Returns whether images as declared must be resized or rescaled before the backbone."""
        return needs_preparation(backbone, image, shape, self.folders)


def skeleton(backbone: AnyBackbone, shape: Shape, folders: Sequence[Path] = ()) -> Skeleton:
    """Returns the layer table of a backbone for images of `shape`.

    Args:
        backbone: What was declared.
        shape: Height, width and channels it reads.
        folders: Where its file may lie.

    Raises:
        BackboneError: If there is no such architecture, option or weights, or the images are too small.
        WeightsError: If its file is missing, damaged, or another than the one meant.
    """
    match backbone:
        case BackboneFile():
            return archived_skeleton(backbone, shape=shape, folders=folders)
        case BackbonePreset() | KerasHubBackbone():
            return hub_skeleton(backbone, shape=shape, folders=folders)
        case SavedModel():
            return block_skeleton(backbone, shape=shape, folders=folders)
        case Backbone():
            if backbone.weights == "imagenet" and not find_application(backbone.arch).imagenet:
                raise BackboneError(
                    f"There are no ImageNet weights of {backbone.arch}; write null for random ones, or name a file."
                )
            return named_skeleton(backbone.arch, shape=shape, options=backbone.options)


def is_known(backbone: AnyBackbone, shape: Shape, folders: Sequence[Path] = ()) -> bool:
    """Returns whether the layer table of a backbone is had without loading Keras.

    >>> is_known(BackboneFile(file="mine.keras", sha256="0" * 64, preprocess="tf"), (9999, 8, 3))
    False

    Raises:
        BackboneError: If there is no such architecture or option, or the images are too small.
    """
    match backbone:
        case BackboneFile():
            return is_archive_cached(backbone, shape=shape, folders=folders)
        case BackbonePreset() | KerasHubBackbone():
            return is_hub_cached(backbone, shape=shape, folders=folders)
        case SavedModel():
            return is_block_cached(backbone, shape=shape, folders=folders)
        case Backbone():
            check_arguments(backbone.arch, shape=shape, options=backbone.options)
            # A registered function has Keras loaded already, and its table is never kept.
            return backbone.arch in REGISTERED or is_cached(
                backbone.arch, shape=shape, options=backbone.options
            )


def naming(backbone: AnyBackbone) -> Naming:
    """Returns what gives the layers of a backbone their names: those in a file are taken as they are.

    >>> naming(BackboneFile(file="mine.keras", preprocess="tf"))([("conv2d_7", "Conv2D")])
    ['conv2d_7']
    """
    return given_names if isinstance(backbone, BackboneFile) else canonical_names


def preprocess(backbone: AnyBackbone, folders: Sequence[Path] = ()) -> Preprocess:
    """Returns what the weights of a backbone want images turned into.

    >>> preprocess(Backbone(arch="VGG16", weights=None))
    'caffe'

    Raises:
        BackboneError: If there is no such architecture, or a preset does not say it.
        WeightsError: If a preset is missing or cannot be fetched.
    """
    declared = backbone.preprocess
    if declared != "auto":
        return declared
    if isinstance(backbone, BackbonePreset):
        return hub_preprocess(backbone, folders=folders)
    return find_application(backbone.arch).preprocess


def needs_preparation(
    backbone: AnyBackbone, image: Image, shape: Shape, folders: Sequence[Path] = ()
) -> bool:
    """Returns whether images as declared must be resized or rescaled before the backbone.

    >>> needs_preparation(Backbone(arch="VGG16", weights=None), Image(shape=(64, 64, 3)), (64, 64, 3))
    True

    Raises:
        BackboneError: If the images do not fit the preprocessing.
        InputSizeError: If it reads colour: its weights are those of three channels.
    """
    size, wanted = (shape[0] or 0, shape[1] or 0), preprocess(backbone, folders)
    if shape[2] == 1 and _is_of_colour(backbone):
        raise InputSizeError(f"The weights of {backbone.arch} read 3 channels, and the images have 1.")
    seen = (*image.shape[:2], shape[2])
    needed = needs_preprocessing(wanted, value_range=image.range, shape=seen, size=size)
    return needed or image.shape[2] != shape[2]


def _is_of_colour(backbone: AnyBackbone) -> bool:
    """Whether its weights are taken for those of three channels: a file of them is not looked into here."""
    stored = isinstance(backbone, Backbone) and isinstance(backbone.weights, WeightsFile)
    return stored and find_application(backbone.arch).imagenet


def find(backbone: AnyBackbone, folders: Sequence[Path]) -> Path | None:
    """Returns where the file of a backbone lies, or that of its weights; `None` where it has none of its own.

    Raises:
        WeightsError: If it lies nowhere, or is not the one that was meant.
    """
    match backbone:
        case BackboneFile():
            return find_archive(backbone, folders).path
        case BackbonePreset():
            folder = find_preset(backbone, folders)
            return check_preset(backbone, folder) if folder else None
        case SavedModel():
            return find_saved_model(backbone, folders)[0]
        case _:
            stored = _stored(backbone.weights, folders)
            if stored is None:
                return None
            check_digest(stored)
            return stored.path


def find_digest(backbone: AnyBackbone, folders: Sequence[Path]) -> str | None:
    """Returns the sha256 of the file of a backbone, of its weights or of its folder; `None` where it has none of its own.

    >>> find_digest(Backbone(arch="VGG16", weights=None), [])

    Raises:
        WeightsError: If it lies nowhere, or is not the one that was meant.
    """
    if isinstance(backbone, SavedModel):
        return find_saved_model(backbone, folders)[1]
    path = find(backbone, folders)
    return digest(StoredWeights(path)) if path else None


def load(backbone: AnyBackbone, shape: Shape, folders: Sequence[Path], *, pad: int = 0) -> "keras.Model":
    """Returns the whole backbone with its weights.

    Args:
        backbone: What was declared.
        shape: Height, width and channels it reads, or the number of tokens; all but channels may be open.
        folders: Where its file, or that of its weights, may lie.
        pad: The token that stands for padding.

    Raises:
        BackboneError: If it cannot be built.
        WeightsError: If its weights are missing, damaged, or another network's.
    """
    # The only function here that needs Keras: tables and preprocessing are known without.
    match backbone:
        case BackboneFile():
            from fusion.backbones.opening import open_archive

            return open_archive(find_archive(backbone, folders).path, shape=shape)
        case SavedModel():
            from fusion.backbones.reloading import open_saved_model

            folder, found = find_saved_model(backbone, folders)
            remember(found)
            return open_saved_model(backbone, shape=shape, folder=folder)
        case BackbonePreset() | KerasHubBackbone():
            from fusion.backbones.kerashub import load_hub

            if isinstance(backbone, BackbonePreset):
                return load_hub(backbone, shape=shape, folder=find_preset(backbone, folders), pad=pad)
            return load_hub(backbone, shape=shape, weights=_stored(backbone.weights, folders), pad=pad)
        case Backbone():
            from fusion.backbones.loading import load as load_named

            weights: Literal["imagenet"] | StoredWeights | None = (
                "imagenet" if backbone.weights == "imagenet" else _stored(backbone.weights, folders)
            )
            return load_named(backbone.arch, shape=shape, weights=weights, options=backbone.options)


def load_classes(backbones: Iterable[AnyBackbone]) -> None:
    """Imports what Keras needs to open a model in which there may be parts of some backbones.

    >>> load_classes([Backbone(arch="VGG16", weights=None)])

    Raises:
        BackboneError: If it is not installed.
    """
    if any(isinstance(backbone, BackbonePreset | KerasHubBackbone) for backbone in backbones):
        from fusion.backbones.kerashub import load_kerashub

        load_kerashub()


def _stored(weights: object, folders: Sequence[Path]) -> StoredWeights | None:
    if not isinstance(weights, WeightsFile):
        return None
    return StoredWeights(find_weights(weights.file, folders), weights.sha256)
