"""Building an architecture: for real, or dry, without making a single weight."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import keras

from fusion.backbones import small
from fusion.backbones.applications import REGISTERED, Registered, find_application
from fusion.backbones.archives import find_foreign
from fusion.backbones.tracing import trace
from fusion.errors import BackboneError, listed
from fusion.skeleton.layers import Shape, Skeleton

Made = TypeVar("Made")


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
    check_setup()
    if arch in REGISTERED:
        return _called(REGISTERED[arch], shape=shape, options=options)
    constructor = CONSTRUCTORS.get(arch) or getattr(keras.applications, arch)
    try:
        return constructor(include_top=False, weights=weights, input_shape=shape, pooling=None, **options)
    except (ValueError, TypeError) as error:
        raise BackboneError(f"{arch} cannot be built for {worded(shape, options)}: {error}") from error


def _called(registered: Registered, *, shape: Shape, options: Mapping[str, Any]) -> keras.Model:
    name = registered.application.name
    try:
        model = registered.function(input_shape=shape, **options)
    # The last where it reads a weight that a dry run did not make.
    except (ValueError, TypeError, AttributeError) as error:
        raise BackboneError(
            f"The function registered as {name!r} does not build a model for {worded(shape, options)}: {error}"
        ) from error
    if not isinstance(model, keras.Model):
        raise BackboneError(
            f"The function registered as {name!r} returns {type(model).__name__}, expected keras.Model(inputs, outputs)."
        )
    if registered.application.reads == "tokens":
        check_numbers(model, f"What the function registered as {name!r} builds")
    if not isinstance(model, keras.Function | keras.Sequential):
        # The reason is told by whoever lists its layers.
        return model
    unknown = [
        each
        for each in find_foreign(keras.saving.serialize_keras_object(model), name)
        if not _is_registered(each)
    ]
    if unknown:
        raise BackboneError(
            f"What the function registered as {name!r} builds could be saved but never opened: Keras does not know "
            f"{listed(map(repr, unknown))}. Decorate it with @keras.saving.register_keras_serializable()."
        )
    return model


def check_numbers(model: keras.Model, what: str) -> None:
    """Raises if a model that reads tokens declares its input as something else than whole numbers.

    >>> check_numbers(small.TinyText(input_shape=(8,)), "TinyText")

    Raises:
        BackboneError: If it reads floats or texts.
    """
    dtype = str(model.inputs[0].dtype)
    if not dtype.startswith(("int", "uint")):
        raise BackboneError(
            f"{what} reads {dtype}, and tokens are whole numbers. Begin it with keras.Input((length,), "
            'dtype="int32").'
        )


def _is_registered(name: str) -> bool:
    return keras.saving.get_registered_object(name) is not None


def check_setup() -> None:
    """Raises if Keras is set up in a way that this package does not know; says nothing else.

    >>> check_setup()

    Raises:
        BackboneError: If it runs on another backend than TensorFlow, or reads channels first.
    """
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
    "TinyText": small.TinyText,
}


def dry_build(arch: str, *, shape: Shape, options: Mapping[str, Any]) -> Skeleton:
    """Returns the table of an architecture, which is built in a dry run that allocates no weights.

    >>> dry_build("TinyVGG", shape=(16, 16, 3), options={"width": 4})["block1_conv1"].shape
    (16, 16, 4)

    Raises:
        BackboneError: If the constructor refuses the shape or the options.
    """

    def run() -> Skeleton:
        model = construct(arch, shape=shape, weights=None, options=options)
        return replace(trace(model, source=arch), vocabulary=vocabulary(model))

    return dry(run)


def vocabulary(model: keras.Model) -> int | None:
    """Returns how many token ids a model knows: what the embeddings of its input have; `None` where nothing says it.

    >>> vocabulary(small.TinyText(input_shape=(8,), vocabulary=50))
    50
    """
    entries = {id(tensor) for tensor in model.inputs}
    known = [
        each.input_dim
        for each in model.layers
        if isinstance(each, keras.layers.Embedding) and id(each.input) in entries
    ]
    return min(known, default=None)


def dry(make: Callable[[], Made]) -> Made:
    """Returns what `make` returns, run so that the models it builds have no weights.

    The run has a thread of its own. Keras keeps its session (the counters of automatic names, the queue of variables
    still to be made, the default dtype) per thread, so nothing of the user's is touched and nothing is left behind.

    >>> dry(lambda: keras.layers.Dense(2).name)
    'dense'
    """

    def run() -> Made:
        with keras.StatelessScope(initialize_variables=False):
            return make()

    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(run).result()
