"""Auxiliary outputs while they train: their losses are added to the main one, and reported beside it."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf


class Helped(keras.Model):  # type: ignore[misc]  # Keras ships no types
    """A program whose first output is the model's, and those after it are auxiliary.

    It is compiled like the model alone. An epoch reports the main loss as `loss`, penalties on weights included, and each
    auxiliary one as `loss.NAME`, without its weight; minimised is the main loss plus weight times each of these, as in
    Szegedy and others, "Going deeper with convolutions" (2015), section 5. It predicts the main output alone.

    Args:
        auxiliary: How much the loss of each auxiliary output counts, in order; without any it is as any model.
        name: Its name.
    """

    def __init__(self, auxiliary: Mapping[str, float], *, name: str) -> None:
        super().__init__(name=name)
        self._shares = tuple(auxiliary.values())
        names = ("main", *(f"loss.{each}" for each in auxiliary)) if auxiliary else ()
        self._seen = [keras.metrics.Mean(name=each) for each in names]

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Returns what is minimised, as Keras asks."""
        if not self._shares:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        main, *others = y_pred
        values = [super().compute_loss(x, y, main, sample_weight, training)]
        values += [self.loss(y, each, sample_weight) for each in others]
        # On several devices Keras divides every loss by their number: what is minimised is the sum over them.
        devices = tf.distribute.get_strategy().num_replicas_in_sync
        for mean, value in zip(self._seen, values, strict=True):
            mean.update_state(devices * value, sample_weight=keras.ops.shape(main)[0])
        return values[0] + sum(share * value for share, value in zip(self._shares, values[1:], strict=True))

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Returns what the main output is judged by, as Keras asks."""
        return super().compute_metrics(x, y, y_pred[0] if self._shares else y_pred, sample_weight)

    def get_metrics_result(self) -> dict[str, Any]:
        """Returns what an epoch reports, as Keras asks."""
        found: dict[str, Any] = super().get_metrics_result()
        return found | {"loss": found.pop("main")} if self._shares else found

    def predict_step(self, data: Any) -> Any:
        """Returns the main output of a batch, as Keras asks."""
        found = super().predict_step(data)
        return found[0] if self._shares else found
