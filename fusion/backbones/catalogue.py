"""What a recipe's backbone means: its table, its preprocessing, and how images are made ready for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fusion.backbones.applications import find_application
from fusion.backbones.ranges import needs_preprocessing
from fusion.backbones.skeletons import skeleton as named_skeleton
from fusion.backbones.weights import StoredWeights, check_digest, find_weights
from fusion.errors import BackboneError
from fusion.recipe.backbones import Backbone, Preprocess, WeightsFile
from fusion.recipe.inputs import Image
from fusion.skeleton.layers import Shape, Skeleton

if TYPE_CHECKING:
    import keras


def skeleton(backbone: Backbone, shape: Shape) -> Skeleton:
    """Returns the layer table of a backbone for images of `shape`.

    Raises:
        BackboneError: If there is no such architecture, option or weights, or the images are too small.
    """
    if backbone.weights == "imagenet" and not find_application(backbone.arch).imagenet:
        raise BackboneError(
            f"There are no ImageNet weights of {backbone.arch}; write null for random ones, or name a file."
        )
    return named_skeleton(backbone.arch, shape=shape, options=backbone.options)


def preprocess(backbone: Backbone) -> Preprocess:
    """Returns what the weights of a backbone want images turned into.

    >>> preprocess(Backbone(arch="VGG16", weights=None))
    'caffe'

    Raises:
        BackboneError: If there is no such architecture.
    """
    declared = backbone.preprocess
    return find_application(backbone.arch).preprocess if declared == "auto" else declared


def needs_preparation(backbone: Backbone, image: Image, shape: Shape) -> bool:
    """Returns whether images as declared must be resized or rescaled before the backbone.

    >>> needs_preparation(Backbone(arch="VGG16", weights=None), Image(shape=(64, 64, 3)), (64, 64, 3))
    True

    Raises:
        BackboneError: If the images do not fit the preprocessing.
    """
    size = (shape[0] or 0, shape[1] or 0)
    return needs_preprocessing(preprocess(backbone), value_range=image.range, shape=image.shape, size=size)


def find(backbone: Backbone, folders: Sequence[Path]) -> Path | None:
    """Returns where the weights file of a backbone lies; `None` where it has none.

    Raises:
        WeightsError: If it lies nowhere, or is not the one that was meant.
    """
    if not isinstance(backbone.weights, WeightsFile):
        return None
    path = find_weights(backbone.weights.file, folders)
    check_digest(StoredWeights(path, backbone.weights.sha256))
    return path


def load(backbone: Backbone, shape: Shape, folders: Sequence[Path]) -> "keras.Model":
    """Returns the whole backbone with its weights.

    Args:
        backbone: What was declared.
        shape: Height, width and channels it reads; height and width may be open.
        folders: Where its weights file may lie.

    Raises:
        BackboneError: If it cannot be built.
        WeightsError: If its weights are missing, damaged, or another network's.
    """
    # The only function here that needs Keras: tables and preprocessing are known without.
    from fusion.backbones.loading import load as load_named

    declared = backbone.weights
    weights: Literal["imagenet"] | StoredWeights | None
    if isinstance(declared, WeightsFile):
        weights = StoredWeights(find_weights(declared.file, folders), declared.sha256)
    else:
        weights = declared
    return load_named(backbone.arch, shape=shape, weights=weights, options=backbone.options)
