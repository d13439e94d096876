"""What goes on beside a `fit`: every epoch is recorded, the best weights are kept and written."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras
import numpy as np

from fusion.errors import TrainingError
from fusion.model.addresses import set_weights, variables
from fusion.recipe.training import Phase
from fusion.training.history import Epoch
from fusion.training.objectives import is_better
from fusion.training.states import Standing

Weights = Mapping[str, np.ndarray]


class Recorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Records the epochs of a phase, remembers the weights of the best and stops when none gets better.

    Args:
        phase: What is fitted.
        addresses: Layers whose weights may change.
        on_epoch: Called with each epoch that ended.
        on_best: Called with the weights of each epoch that is to be kept so far.
        standing: How a phase that goes on stood when it was interrupted.
        weights: Those of its best epoch by then.
    """

    def __init__(
        self,
        phase: Phase,
        addresses: Iterable[str],
        on_epoch: Callable[[Epoch], None],
        on_best: Callable[[Weights], None],
        *,
        standing: Standing | None = None,
        weights: Weights | None = None,
    ) -> None:
        super().__init__()
        self.phase = phase
        self.addresses = frozenset(addresses)
        self.on_epoch = on_epoch
        self.on_best = on_best
        standing = standing or Standing()
        self.kept = standing.kept
        self.best = standing.best
        self.weights: Weights = weights or {}
        self._began = 0.0
        self._milestone = standing.milestone
        self._patience = standing.patience

    @property
    def standing(self) -> Standing:
        """How the choice of the best epoch stands."""
        return Standing(self.best, self.kept, self._milestone, self._patience)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - as Keras calls it
        """Starts the clock."""
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Records, keeps and perhaps stops."""
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        self.on_epoch(Epoch(self.phase.name, epoch + 1, time.perf_counter() - self._began, metrics))
        if not math.isfinite(metrics["loss"]):
            raise TrainingError(
                f"Phase {self.phase.name!r} lost its way in epoch {epoch + 1}: the loss is {metrics['loss']}. "
                "Lower its learning rate, or set the optimizer's clipnorm."
            )
        value = metrics.get(self.phase.monitor, math.nan)
        if self.phase.keep == "last" or not self.kept or self._beats(value, self.best):
            self.best, self.kept = value, epoch + 1
            self.weights = self.snapshot()
            self.on_best(self.weights)
        self._stop_early(value)

    def restore(self) -> None:
        """Gives the model the weights of the epoch that is kept."""
        set_weights(self.model, self.weights)

    def _beats(self, value: float, old: float, by: float = 0.0) -> bool:
        """Whether a value is better than an older one; what is not a number is worse than any."""
        if math.isnan(value) or math.isnan(old):
            return not math.isnan(value)
        return is_better(self.phase.monitor, value, old, by=by)

    def _stop_early(self, value: float) -> None:
        stopping = self.phase.early_stopping
        if stopping is None:
            return
        if self._beats(value, self._milestone, stopping.min_delta):
            self._milestone, self._patience = value, 0
            return
        self._patience += 1
        if self._patience >= stopping.patience:
            self.model.stop_training = True

    def snapshot(self) -> Weights:
        """Returns the weights, as they are now, of all layers that may have changed."""
        return {
            name: np.array(variable)
            for name, variable in variables(self.model).items()
            if name.rpartition("/")[0] in self.addresses
        }
