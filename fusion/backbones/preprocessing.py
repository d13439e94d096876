"""Preprocessing as a small Keras model, so that it is seen in summaries and saved with the weights that want it."""

from typing import Any

import keras
from keras import layers

from fusion.backbones.ranges import check_picture, is_reversed, scaling
from fusion.errors import InputSizeError
from fusion.recipe.preprocessing import Preprocess
from fusion.skeleton.layers import Shape


def preprocessor(
    mode: Preprocess,
    *,
    shape: Shape,
    size: tuple[int, int] | None,
    value_range: tuple[float, float],
    name: str,
    channels: int | None = None,
) -> keras.Model:
    """Returns the model that turns a picture as declared into what a backbone wants: resized, then scaled.

    It holds built-in layers and operations only, so it opens wherever Keras does. Where nothing has to be done it
    hands the picture on; `fusion.backbones.ranges.needs_preprocessing` tells beforehand.

    Args:
        mode: What the backbone wants; see `fusion.backbones.applications`.
        shape: Height, width and channels of the picture, RGB where there are three channels.
        size: Height and width the backbone reads; `None` to leave the picture as large as it is.
        value_range: Lowest and highest value of the picture, such as `(0, 255)`.
        name: Name of the model.
        channels: How many the backbone reads, if not as many as a grey picture has: the one is repeated.

    >>> preprocessor(
    ...     "tf", shape=(32, 32, 3), size=(16, 16), value_range=(0, 255), name="prepare"
    ... ).output_shape
    (None, 16, 16, 3)

    Raises:
        BackboneError: If the mode is unknown or the range is empty.
        InputSizeError: If the pictures have other channels than the mode wants.
    """
    read = channels or shape[-1]
    check_picture(mode, value_range=value_range, shape=(*shape[:-1], read))
    if read != shape[-1] != 1:
        raise InputSizeError(f"Only a grey picture is read as one of {read} channels, got {shape[-1]}.")
    inputs = keras.Input(tuple(shape), name=f"{name}_picture")
    x: Any = inputs
    # Single precision whatever the policy: half would lose the lower bits of a 0..255 picture.
    if size is not None and tuple(size) != tuple(shape[:2]):
        resize = layers.Resizing(*size, interpolation="bilinear", dtype="float32", name=f"{name}_resize")
        # Its own default is training=True, and in a call that says nothing of training Keras hands that on to every
        # layer after it: dropout drops, statistics move.
        x = resize(x, training=False)
    if read != shape[-1]:
        x = layers.Concatenate(name=f"{name}_repeat")([x] * (read or 1))
    if is_reversed(mode):
        x = keras.ops.flip(x, axis=-1)
    scale, offset = scaling(mode, value_range)
    if set(scale) != {1.0} or set(offset) != {0.0}:
        x = layers.Rescaling(_plain(scale), _plain(offset), dtype="float32", name=f"{name}_rescale")(x)
    elif x is inputs:
        x = layers.Identity(dtype="float32", name=f"{name}_as_is")(x)
    model = keras.Model(inputs, x, name=name)
    for operation in model.operations:
        # A bare operation takes no name where it is called, and an automatic one depends on what was built before.
        if not isinstance(operation, keras.Layer):
            operation.name = f"{name}_bgr"
    return model


def _plain(values: tuple[float, ...]) -> float | list[float]:
    return values[0] if len(values) == 1 else list(values)
