"""What goes on beside a `fit`: every epoch is recorded, the best weights are kept and written."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras
import numpy as np

from fusion.model.addresses import set_weights, variables
from fusion.recipe.training import Phase
from fusion.training.choosing import Choice
from fusion.training.history import Epoch
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
        self.choice = Choice(phase, standing)
        self.weights: Weights = weights or {}
        self._began = 0.0

    @property
    def kept(self) -> int:
        """Number of the epoch that is kept so far, from 1."""
        return self.choice.kept

    @property
    def standing(self) -> Standing:
        """How the choice of the best epoch stands."""
        return self.choice.standing

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - as Keras calls it
        """Starts the clock."""
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Records, keeps and perhaps stops."""
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        self.on_epoch(Epoch(self.phase.name, epoch + 1, time.perf_counter() - self._began, metrics))
        if self.choice.keeps(epoch + 1, metrics):
            self.weights = self.snapshot()
            self.on_best(self.weights)
        if self.choice.stopped:
            self.model.stop_training = True

    def restore(self) -> None:
        """Gives the model the weights of the epoch that is kept."""
        set_weights(self.model, self.weights)

    def snapshot(self) -> Weights:
        """Returns the weights, as they are now, of all layers that may have changed."""
        return {
            name: np.array(variable)
            for name, variable in variables(self.model).items()
            if name.rpartition("/")[0] in self.addresses
        }
