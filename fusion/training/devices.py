"""Training on several devices of one machine, each with its share of every batch, by TensorFlow's own strategy."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import tensorflow as tf

from fusion.errors import TrainingError, listed
from fusion.recipe.training import Training


def mirrored(count: int) -> tf.distribute.Strategy:
    """Returns the strategy that trains on the first so many GPUs of this machine, or where it has none, processors.

    Every device has all weights, and gradients are averaged (`tf.distribute.MirroredStrategy`). A process makes it once: where
    TensorFlow reduces by collectives, a second one in the same process meets the first one's.

    >>> mirrored(1).num_replicas_in_sync
    1

    Raises:
        TrainingError: If there are not so many devices.
    """
    there = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if not 1 <= count <= len(there):
        names = listed([each.name.removeprefix("/device:") for each in there])
        raise TrainingError(
            f"This machine has {len(there)} of the devices to train on ({names}), got {count}."
        )
    return tf.distribute.MirroredStrategy([each.name for each in there[:count]])


def scope(strategy: tf.distribute.Strategy | None, training: Training) -> AbstractContextManager[Any]:
    """Returns what makes models belong to a strategy; nothing changes where there is none.

    Raises:
        TrainingError: If the strategy is another kind, or its devices cannot share a batch evenly.
    """
    if strategy is None:
        return nullcontext()
    if not isinstance(strategy, tf.distribute.MirroredStrategy):
        raise TrainingError(
            f"Models train by a tf.distribute.MirroredStrategy, on devices of one machine; got a {type(strategy).__name__}."
        )
    count = strategy.num_replicas_in_sync
    if training.batch_size % count:
        raise TrainingError(
            f"A batch of {training.batch_size} examples cannot be shared evenly by {count} devices. Write a multiple of "
            f'{count} as the "batch_size" of the training.'
        )
    found: AbstractContextManager[Any] = strategy.scope()
    return found
