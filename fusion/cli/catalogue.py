"""Where the commands take layer tables from: the cache, or Keras with a word on what takes so long."""

from fusion.backbones import catalogue
from fusion.backbones.skeletons import check_arguments, is_cached
from fusion.recipe.backbones import Backbone, Preprocess
from fusion.recipe.inputs import Image
from fusion.skeleton.layers import Shape, Skeleton


def skeleton(backbone: Backbone, shape: Shape) -> Skeleton:
    """Returns the layer table of a backbone; one that is not cached is made, which is said on the terminal.

    Raises:
        BackboneError: If there is no such architecture or option, or the images are too small.
    """
    check_arguments(backbone.arch, shape=shape, options=backbone.options)
    if is_cached(backbone.arch, shape=shape, options=backbone.options):
        return catalogue.skeleton(backbone, shape)
    from rich.console import Console

    from fusion.cli.quiet import load_keras

    with Console(stderr=True).status(f"making the layer table of {backbone.arch}, this once"):
        load_keras()
        return catalogue.skeleton(backbone, shape)


def preprocess(backbone: Backbone) -> Preprocess:
    """Returns what the weights of a backbone want images turned into.

    Raises:
        BackboneError: If there is no such architecture.
    """
    return catalogue.preprocess(backbone)


def needs_preparation(backbone: Backbone, image: Image, shape: Shape) -> bool:
    """Returns whether images as declared must be resized or rescaled before the backbone.

    Raises:
        BackboneError: If the images do not fit the preprocessing.
    """
    return catalogue.needs_preparation(backbone, image, shape)
