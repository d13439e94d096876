"""Images of training batches, changed at random by Keras's own layers, each time from a seed that is given."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from fusion.recipe.augmentation import (
    Brightness,
    Change,
    Contrast,
    Flip,
    Rotation,
    Translation,
    Zoom,
)
from fusion.recipe.inputs import Image, Input

Augment = Callable[[Mapping[str, tf.Tensor], tf.Tensor], dict[str, tf.Tensor]]
"""Takes a batch of each input and the two numbers of a seed; returns what is fed instead."""


def augmenter(augmentation: Mapping[str, Sequence[Change]], inputs: Mapping[str, Input]) -> Augment:
    """Returns what changes a batch of inputs as a recipe declares; the others go through.

    The same batch and seed give the same images, whatever was drawn before. What a turn or a shift leaves empty is
    filled by reflection, pixels between pixels are interpolated linearly, and no value leaves the range of its input. An image that an example lacks stays missing.

    >>> augment = augmenter({"x": (Flip(mode="horizontal"),)}, {"x": Image(shape=(1, 2, 1))})
    >>> rows = tf.reshape([1.0, 2.0] * 4, (4, 1, 2, 1))
    >>> augment({"x": rows}, tf.constant([0, 1]))["x"].numpy()[:, 0, :, 0].tolist()
    [[1.0, 2.0], [2.0, 1.0], [2.0, 1.0], [1.0, 2.0]]
    """
    ranges = {name: declared.range for name, declared in inputs.items() if isinstance(declared, Image)}
    layers = {
        name: [_layer(change, ranges[name]) for change in changes] for name, changes in augmentation.items()
    }

    def augment(batch: Mapping[str, tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
        seeds = _Seeds(seed)
        changed = dict(batch)
        for name, changes in layers.items():
            for layer in changes:
                drawn = layer.get_random_transformation(changed[name], training=True, seed=seeds)
                changed[name] = layer.transform_images(changed[name], drawn, training=True)
            # Interpolation in 32 bits may pass the ends by a rounding.
            inside = tf.clip_by_value(changed[name], *ranges[name])
            # In an example that lacks the image NaN must not become a colour, and clipping may do that on some devices.
            changed[name] = tf.where(tf.math.is_nan(batch[name]), batch[name], inside)
        return changed

    return augment


class _Seeds(keras.random.SeedGenerator):  # type: ignore[misc]  # Keras ships no types
    """Seeds that follow from one, in turn; `keras.random` takes a tensor as a seed only from a generator.

    Keras's own generator keeps its place in a variable, which batches made in parallel would take in any order.
    """

    def __init__(self, seed: tf.Tensor) -> None:
        # Keras's makes the variable, and a function of tf.data must not.
        self.seed = seed
        self.count = 0

    def next(self, ordered: bool = True) -> tf.Tensor:  # noqa: ARG002  # as Keras calls it
        """Returns the next seed."""
        self.count += 1
        return tf.random.fold_in(self.seed, self.count)


def _layer(change: Change, limits: tuple[float, float]) -> Any:
    # The seed is never used; without one, Keras would draw it from Python's random numbers.
    usual: dict[str, Any] = {"seed": 0, "dtype": "float32", "data_format": "channels_last"}
    match change:
        case Flip(mode=mode):
            return keras.layers.RandomFlip(mode, **usual)
        case Rotation(factor=factor):
            return keras.layers.RandomRotation(factor, fill_mode="reflect", **usual)
        case Zoom(factor=factor):
            return keras.layers.RandomZoom(factor, fill_mode="reflect", **usual)
        case Translation(factor=factor):
            return keras.layers.RandomTranslation(factor, factor, fill_mode="reflect", **usual)
        case Contrast(factor=factor):
            # One number only raises the contrast (Keras 3.15), unlike what is documented; two do what is.
            return keras.layers.RandomContrast((factor, factor), value_range=limits, **usual)
        case Brightness(factor=factor):
            return keras.layers.RandomBrightness(factor, value_range=limits, **usual)
