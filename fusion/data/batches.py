"""Examples as `tf.data` datasets of batches; only indices travel and are shuffled, never decoded images."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fusion.data.augmentation import Augment
from fusion.data.examples import Array, Column, Examples, ImageFiles
from fusion.data.images import read_pixels
from fusion.errors import DataError

HELD = 2**26
"""Bytes of numbers that are taken into memory whole, wherever they lie."""


def batches(
    examples: Examples, *, batch_size: int, change: Augment | None = None, first: int = 0
) -> tf.data.Dataset:
    """Returns a dataset of `({input name: tensor}, targets)` in order; without targets, of the inputs only.

    Image files are decoded, several batches at a time, to float32 of shape (batch, height, width, channels) as
    `fusion.data.images.to_pixels` says; arrays of numbers become float32, of tokens int32, of texts strings in UTF-8.

    Raises:
        DataError: If there is no example, or `batch_size` is less than 1.

    >>> from fusion.data.examples import Array
    >>> three = Examples({"x": Array(np.eye(3))}, np.array([0, 1, 1]), ("a", "b", "c"))
    >>> [y.numpy().tolist() for x, y in batches(three, batch_size=2)]
    [[0, 1], [1]]
    """
    _check_size(examples, batch_size)
    if _fits(examples):
        # A dataset with a function in it takes milliseconds to begin, and each epoch begins one.
        slices = tf.data.Dataset.from_tensor_slices(_held(examples))
        loaded = slices.batch(batch_size).with_options(_plain())
    else:
        loaded = _read(tf.data.Dataset.range(len(examples)).batch(batch_size), examples)
    places = tf.data.Dataset.range(first, first + math.ceil(len(examples) / batch_size))
    return loaded if change is None else _augmented(loaded, places, change)


def shuffled_batches(
    examples: Examples,
    *,
    batch_size: int,
    seed: int,
    epochs: int,
    start: int = 0,
    augment: Augment | None = None,
) -> tf.data.Dataset:
    """Returns one dataset of all epochs from `start` to `epochs - 1`, each in an order of its own.

    The order of an epoch follows from the seed and the number of the epoch alone, so a training that goes on at epoch
    7 sees what it would have seen. Batches never cross the end of an epoch; its last one may be smaller. An epoch has
    `steps(examples, batch_size=...)` of them. What `augment` makes of a batch follows from the seed, the number of the
    epoch and the batch's place in it.

    Raises:
        DataError: If there is no example, `batch_size` is less than 1, or `start` is not one of the epochs.

    >>> from fusion.data.examples import Array
    >>> three = Examples({"x": Array(np.eye(3))}, np.array([0, 1, 2]), ("a", "b", "c"))
    >>> whole = shuffled_batches(three, batch_size=2, seed=0, epochs=3)
    >>> rest = shuffled_batches(three, batch_size=2, seed=0, epochs=3, start=2)
    >>> [y.numpy().tolist() for x, y in whole][4:] == [y.numpy().tolist() for x, y in rest]
    True
    """
    _check_size(examples, batch_size)
    if not 0 <= start <= epochs:
        raise DataError(f"Epochs are counted from 0 up to epochs={epochs}, got start={start}.")
    count = len(examples) // examples.views

    def ordered(number: np.ndarray) -> np.ndarray:
        return epoch_order(count, seed, int(number)) + int(number) % examples.views * count

    def epoch_batches(epoch: tf.Tensor) -> tf.data.Dataset:
        order = tf.numpy_function(ordered, [epoch], tf.int64)
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(order, (count,))).batch(batch_size)

    numbers = tf.data.Dataset.range(start, epochs).flat_map(epoch_batches)
    each = steps(examples, batch_size=batch_size)
    total = (epochs - start) * each
    loaded = _loaded(numbers.apply(tf.data.experimental.assert_cardinality(total)), examples)
    if augment is None:
        return loaded
    places = tf.data.Dataset.range(start * each, epochs * each)
    return _augmented(loaded, places, seeded(augment, seed))


def seeded(augment: Augment, seed: int) -> Augment:
    """Returns what changes a batch by its place among batches, given what changes it by two numbers of a seed."""
    return lambda batch, place: augment(batch, tf.random.fold_in([seed, 0], place))


def steps(examples: Examples, *, batch_size: int) -> int:
    """Returns how many batches one epoch has, the smaller last one included.

    >>> from fusion.data.examples import Array
    >>> steps(Examples({"x": Array(np.eye(3))}, None, ("a", "b", "c")), batch_size=2)
    2
    """
    return math.ceil(len(examples) // examples.views / batch_size)


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Returns the order of `count` examples in one epoch, a pure function of its arguments.

    >>> epoch_order(5, seed=0, epoch=1).tolist()
    [1, 4, 3, 0, 2]
    """
    return np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64)


def _loaded(indices: tf.data.Dataset, examples: Examples) -> tf.data.Dataset:
    """Batches of indices to batches of tensors."""
    if not _fits(examples):
        return _read(indices, examples)
    held = _held(examples)
    taken = indices.map(lambda chosen: tf.nest.map_structure(lambda rows: tf.gather(rows, chosen), held))
    return taken.prefetch(2).with_options(_plain())


def _fits(examples: Examples) -> bool:
    """Whether examples are numbers that take so little room that they are taken into memory whole."""
    size = 0
    for column in examples.columns.values():
        if not isinstance(column, Array) or column.is_text:
            return False
        size += 4 * len(column) * math.prod(column.sample_shape)
    return size <= HELD


def _held(examples: Examples) -> Any:
    """Returns all examples as tensors: Python, asked for each batch, would take longer than a small step."""
    every = np.arange(len(examples))
    inputs = {name: tf.constant(_rows(column, every)) for name, column in examples.columns.items()}
    return inputs if examples.targets is None else (inputs, tf.constant(examples.targets))


def _plain() -> tf.data.Options:
    """Returns options of what is quick as it is: to look for a quicker way takes longer, each time anew."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return options


def _read(indices: tf.data.Dataset, examples: Examples) -> tf.data.Dataset:
    """What Python reads, batch by batch, so that arrays may stay in a memory-mapped file."""
    names = list(examples.columns)
    targets = [] if examples.targets is None else [examples.targets]
    kinds = [_kind(column) for column in examples.columns.values()]
    kinds += [tf.as_dtype(array.dtype) for array in targets]
    shapes = [column.sample_shape for column in examples.columns.values()]
    shapes += [array.shape[1:] for array in targets]
    load = _loader(examples)

    def tensors(chosen: tf.Tensor) -> tuple[object, ...] | dict[str, tf.Tensor]:
        loaded = tf.numpy_function(load, [chosen], kinds, stateful=False)
        fixed = [tf.ensure_shape(one, (None, *shape)) for one, shape in zip(loaded, shapes, strict=True)]
        inputs = dict(zip(names, fixed, strict=False))
        return (inputs, fixed[-1]) if targets else inputs

    return indices.map(tensors, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(
        tf.data.AUTOTUNE
    )


def _augmented(loaded: tf.data.Dataset, places: tf.data.Dataset, change: Augment) -> tf.data.Dataset:
    """Batches to batches whose inputs are changed, each by its place."""

    def augmented(batch: Any, place: tf.Tensor) -> Any:
        # Without targets a batch is its inputs.
        return (change(batch[0], place), *batch[1:]) if isinstance(batch, tuple) else change(batch, place)

    pairs = tf.data.Dataset.zip((loaded, places))
    changed = pairs.map(augmented, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return changed.prefetch(tf.data.AUTOTUNE)


def _loader(examples: Examples) -> Callable[[np.ndarray], list[np.ndarray]]:
    targets = examples.targets

    def load(chosen: np.ndarray) -> list[np.ndarray]:
        loaded = [_rows(column, chosen) for column in examples.columns.values()]
        return loaded if targets is None else [*loaded, targets[chosen]]

    return load


def _kind(column: Column) -> tf.DType:
    if not isinstance(column, Array):
        return tf.float32
    return tf.int32 if column.pad is not None else tf.string if column.is_text else tf.float32


def _rows(column: Column, chosen: np.ndarray) -> np.ndarray:
    if isinstance(column, Array):
        return column.read(chosen)
    return np.stack([_pixels(column, column.paths[i]) for i in chosen])


def _pixels(column: ImageFiles, path: Path | None) -> np.ndarray:
    if path is None:
        return np.full(column.shape, np.nan, dtype=np.float32)
    return read_pixels(path, column.shape, column.range)


def _check_size(examples: Examples, batch_size: int) -> None:
    if batch_size < 1:
        raise DataError(f"A batch holds at least 1 example, got batch_size={batch_size}.")
    if not len(examples):
        raise DataError("There are no examples to make batches of.")


@contextmanager
def reading() -> Iterator[None]:
    """Turns what TensorFlow says of an image that broke while training into the error that names the file.

    Raises:
        DataError: If a file cannot be read any more.
    """
    try:
        yield
    except tf.errors.OpError as error:
        found = re.search(r"DataError: (.*)", error.message)
        if found is None:
            raise
        raise DataError(f"While batches were read: {found[1]}") from error
