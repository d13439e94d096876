"""Building an architecture: for real, or dry, without making a single weight."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras

from fusion.backbones import small
from fusion.backbones.applications import find_application
from fusion.backbones.tracing import trace
from fusion.errors import BackboneError
from fusion.skeleton.layers import Shape, Skeleton


def construct(arch: str, *, shape: Shape, weights: str | None, options: Mapping[str, Any]) -> keras.Model:
    """Returns the network an architecture's constructor makes, without its classifier and under its own name.

    It never gets a name of ours: some constructors derive the names of inner layers, or even what they build, from it.

    >>> construct("TinyVGG", shape=(16, 16, 3), weights=None, options={"width": 4}).output_shape
    (None, 2, 2, 16)

    Raises:
        BackboneError: If the constructor refuses the shape or the options, or Keras is set up in a way that this
            package does not know.
    """
    find_application(arch)
    _check_setup()
    constructor = CONSTRUCTORS.get(arch) or getattr(keras.applications, arch)
    try:
        return constructor(include_top=False, weights=weights, input_shape=shape, pooling=None, **options)
    except (ValueError, TypeError) as error:
        raise BackboneError(f"{arch} cannot be built for {worded(shape, options)}: {error}") from error


def _check_setup() -> None:
    if keras.backend.backend() != "tensorflow":
        raise BackboneError(
            f"Keras runs on {keras.backend.backend()}; this package needs TensorFlow. Set KERAS_BACKEND=tensorflow."
        )
    if keras.config.image_data_format() != "channels_last":
        raise BackboneError(
            "Keras is set to images with channels first; this package reads channels last. "
            'Write "image_data_format": "channels_last" in keras.json.'
        )


def worded(shape: Shape, options: Mapping[str, Any]) -> str:
    """Returns a shape and options as words for a message.

    >>> worded((None, 224, 3), {"alpha": 0.25})
    '?x224x3 with alpha=0.25'
    """
    sizes = "x".join("?" if size is None else str(size) for size in shape)
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return f"{sizes} with {given}" if given else sizes


CONSTRUCTORS: dict[str, Callable[..., keras.Model]] = {
    "TinyVGG": small.TinyVGG,
    "TinyResNet": small.TinyResNet,
}


def dry_build(arch: str, *, shape: Shape, options: Mapping[str, Any]) -> Skeleton:
    """Returns the table of an architecture, which is built in a dry run that allocates no weights.

    The run has a thread of its own. Keras keeps its session (the counters of automatic names, the queue of variables
    still to be made, the default dtype) per thread, so nothing of the user's is touched and nothing is left behind.

    >>> dry_build("TinyVGG", shape=(16, 16, 3), options={"width": 4})["block1_conv1"].shape
    (16, 16, 4)

    Raises:
        BackboneError: If the constructor refuses the shape or the options.
    """

    def run() -> Skeleton:
        with keras.StatelessScope(initialize_variables=False):
            return trace(construct(arch, shape=shape, weights=None, options=options), source=arch)

    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(run).result()
