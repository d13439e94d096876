"""The real backbone: built by its constructor, without its classifier, with the weights that were asked for."""

from collections.abc import Mapping
from math import prod
from textwrap import shorten
from typing import Any, Literal

import h5py
import keras

from fusion.backbones.building import construct
from fusion.backbones.imagenet import construct_pretrained
from fusion.backbones.skeletons import check_arguments
from fusion.backbones.weights import StoredWeights, check_digest
from fusion.errors import WeightsError
from fusion.skeleton.layers import Shape


def load(
    arch: str,
    *,
    shape: Shape,
    weights: Literal["imagenet"] | StoredWeights | None,
    options: Mapping[str, Any] | None = None,
    name: str | None = None,
) -> keras.Model:
    """Returns the whole backbone, its feature maps unpooled and its classifier left away.

    With `"imagenet"` the EfficientNetB family has one layer more than its skeleton, a second rescaling without
    weights right after the normalisation (<https://github.com/tensorflow/tensorflow/issues/49930>); all other layers
    have the same canonical names.

    Args:
        arch: Name of an architecture, such as `"VGG16"`.
        shape: Height, width and channels of one input; height and width may be `None`, for any size.
        weights: `None` for random ones, `"imagenet"` for those Keras publishes, or a file.
        options: Constructor options, such as `{"alpha": 0.25}`.
        name: Name of the model; the constructor's own if there is none.

    >>> load("TinyVGG", shape=(16, 16, 1), weights=None, options={"width": 4}, name="left").name
    'left'

    Raises:
        BackboneError: If there is no such architecture or option, or the input is too small.
        WeightsError: If the weights are missing, damaged, or those of another network.
    """
    settings = dict(options or {})
    check_arguments(arch, shape=shape, options=settings)
    match weights:
        case None:
            model = construct(arch, shape=shape, weights=None, options=settings)
        case StoredWeights():
            # Before the seconds that building takes.
            check_digest(weights)
            model = construct(arch, shape=shape, weights=None, options=settings)
            fill(model, weights, arch=arch)
        case "imagenet":
            model = construct_pretrained(arch, shape=shape, options=settings)
        case _:
            raise WeightsError(f"Weights of {arch} are None, 'imagenet' or a StoredWeights, got {weights!r}.")
    if name:
        model.name = name
    return model


def fill(model: keras.Model, weights: StoredWeights, *, arch: str) -> None:
    """Fills a whole backbone with the weights in a file, all of them.

    >>> model = load("TinyVGG", shape=(16, 16, 1), weights=None, options={"width": 4})
    >>> from pathlib import Path
    >>> fill(model, StoredWeights(Path("/nowhere/absent.h5")), arch="TinyVGG")
    Traceback (most recent call last):
    ...
    fusion.errors.WeightsError: The weights file /nowhere/absent.h5 cannot be read...

    Raises:
        WeightsError: If the file is damaged or holds the weights of another network.
    """
    try:
        held = _count_numbers(weights)
    except (OSError, KeyError) as error:
        raise WeightsError(
            f"The weights file {weights.path} cannot be read as HDF5, it may be damaged: {error}"
        ) from error
    expected = model.count_params()
    mismatch = (
        f"The weights file {weights.path} does not hold the weights of this {arch} without its classifier"
    )
    # Keras would take what it needs from the file of a larger network of which this one is the beginning.
    if held != expected:
        raise WeightsError(f"{mismatch}: it has {held} numbers, the network {expected}.")
    try:
        model.load_weights(weights.path)
    except (ValueError, KeyError, OSError) as error:
        # Keras prints the values of the weights that do not fit, whole.
        raise WeightsError(f"{mismatch}: {shorten(str(error), 300, placeholder=' ...')}") from error


def _count_numbers(weights: StoredWeights) -> int:
    """Returns how many numbers of weights a file holds; the state of an optimizer and of generators is none."""
    total = 0

    def add(name: str, entry: Any) -> None:
        nonlocal total
        if isinstance(entry, h5py.Dataset) and not {"optimizer", "optimizer_weights"} & set(name.split("/")):
            total += 0 if "seed_generator" in name else prod(entry.shape)

    with h5py.File(weights.path) as file:
        file.visititems(add)
    return total
