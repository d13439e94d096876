"""What a task is trained for and judged by: loss, metrics, and which way is better."""

from typing import Any

import keras
import numpy as np

from fusion.errors import TrainingError
from fusion.recipe.head import LOWER_IS_BETTER, Output
from fusion.recipe.training import Phase


class Standardised(keras.losses.Loss):  # type: ignore[misc]  # Keras ships no types
    """Squared errors, in squares of the targets' standard deviation: 1 for who always predicts the mean.

    Args:
        spread: The standard deviation of each output's targets in training.

    >>> float(Standardised(np.array([10.0]))(np.array([[20.0], [40.0]]), np.array([[30.0], [30.0]])))
    1.0
    """

    def __init__(self, spread: np.ndarray) -> None:
        super().__init__(name="standardised_squared_error")
        self.spread = spread

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each example, as Keras asks."""
        return keras.ops.mean(keras.ops.square((y_true - y_pred) / self.spread), axis=-1)


def loss(output: Output, *, spread: np.ndarray | None = None) -> keras.losses.Loss:
    """Returns the loss of a task; class numbers, 0/1 or numbers are its targets.

    Args:
        output: What the head predicts.
        spread: The standard deviation of each output's targets in training, of a standardised regression.

    >>> loss(Output(task="regression")).name
    'mean_squared_error'
    """
    match output.task:
        case "classification":
            return keras.losses.SparseCategoricalCrossentropy(from_logits=output.logits)
        case "binary" | "multilabel":
            return keras.losses.BinaryCrossentropy(from_logits=output.logits)
        case "regression":
            return keras.losses.MeanSquaredError() if spread is None else Standardised(spread)


def metrics(output: Output) -> list[Any]:
    """Returns fresh metrics of a task.

    >>> [metric.name for metric in metrics(Output(task="binary"))]
    ['accuracy', 'auc']
    """
    # Where a sigmoid gives one half, its logit is zero.
    half, logits = 0.0 if output.logits else 0.5, output.logits
    match output.task:
        case "classification":
            return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
        case "binary":
            return [
                keras.metrics.BinaryAccuracy(name="accuracy", threshold=half),
                keras.metrics.AUC(name="auc", from_logits=logits),
            ]
        case "multilabel":
            area = keras.metrics.AUC(
                name="auc", multi_label=True, num_labels=output.width, from_logits=logits
            )
            return [keras.metrics.BinaryAccuracy(name="accuracy", threshold=half), area]
        case "regression":
            return [keras.metrics.MeanAbsoluteError(name="mae")]


def check_monitor(phase: Phase, *, validated: bool) -> None:
    """Raises if a phase chooses by validation data and there are none; says nothing if it can choose.

    >>> check_monitor(Phase(name="a", train=["head"], epochs=1), validated=False)
    Traceback (most recent call last):
    ...
    fusion.errors.TrainingError: Phase 'a' chooses its best epoch by 'val_loss', and there are no validation data. ...

    Raises:
        TrainingError: If what is monitored needs validation data.
    """
    if phase.chooses and phase.monitor.startswith("val_") and not validated:
        raise TrainingError(
            f"Phase {phase.name!r} chooses its best epoch by {phase.monitor!r}, and there are no validation "
            'data. Give some, or write "keep": "last" without early stopping.'
        )


def is_better(monitor: str, new: float, old: float, *, by: float = 0.0) -> bool:
    """Returns whether a value of a metric beats an older one by more than `by`.

    >>> is_better("val_loss", 0.1, 0.2), is_better("val_accuracy", 0.1, 0.2)
    (True, False)
    """
    lower = monitor.removeprefix("val_").partition(".")[0] in LOWER_IS_BETTER
    return new < old - by if lower else new > old + by
