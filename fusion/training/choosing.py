"""Which epoch of a phase is kept, and when a phase stops, by what each epoch came to."""

import math
from collections.abc import Mapping

from fusion.errors import TrainingError
from fusion.recipe.training import Phase
from fusion.training.objectives import is_better
from fusion.training.states import Standing


class Choice:
    """The choice of a phase's best epoch as it goes on.

    Args:
        phase: What is fitted.
        standing: How the choice stood when the phase was interrupted.

    >>> choice = Choice(Phase(name="head", train=["head"], epochs=3))
    >>> [
    ...     choice.keeps(each, {"loss": 0.5, "val_loss": value})
    ...     for each, value in ((1, 0.4), (2, 0.6), (3, 0.3))
    ... ]
    [True, False, True]
    """

    def __init__(self, phase: Phase, standing: Standing | None = None) -> None:
        standing = standing or Standing()
        self.phase = phase
        self.kept = standing.kept
        self.best = standing.best
        self.stopped = False
        self._milestone = standing.milestone
        self._patience = standing.patience

    @property
    def standing(self) -> Standing:
        """How it stands."""
        return Standing(self.best, self.kept, self._milestone, self._patience)

    def keeps(self, epoch: int, metrics: Mapping[str, float]) -> bool:
        """Returns whether an epoch is the one to keep so far; `stopped` says afterwards whether it was the last.

        Args:
            epoch: Its number, from 1.
            metrics: What it came to.

        Raises:
            TrainingError: If its loss is no number.
        """
        if not math.isfinite(metrics["loss"]):
            raise TrainingError(
                f"Phase {self.phase.name!r} lost its way in epoch {epoch}: the loss is {metrics['loss']}. "
                "Lower its learning rate, or set the optimizer's clipnorm."
            )
        value = metrics.get(self.phase.monitor, math.nan)
        found = self.phase.keep == "last" or not self.kept or self._beats(value, self.best)
        if found:
            self.best, self.kept = value, epoch
        self._stop_early(value)
        return found

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
        self.stopped = self._patience >= stopping.patience
