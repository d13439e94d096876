"""What taps are scored against: the targets of a task as columns of numbers, and how predictions of them are measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from fusion.errors import DataError, listed, near

Task = Literal["classification", "binary", "multilabel", "regression"]


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """The targets of some examples, one row each.

    Args:
        task: What kind of targets they are.
        columns: Shape (examples, columns): one 0/1 column per class of a classification (one against the rest) or
            per label; the outputs of a regression, each less its mean and in units of its standard deviation, so
            that all weigh alike.
    """

    task: Task
    columns: np.ndarray

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def centred(self) -> np.ndarray:
        """The columns less their means."""
        centred: np.ndarray = self.columns - self.columns.mean(0)
        return centred


def make_targets(values: Sequence[object] | np.ndarray, task: Task) -> Targets:
    """Returns targets as columns: class numbers from 0 for a classification, a row or a number an example otherwise.

    >>> make_targets([0, 2, 1, 2], "classification").columns.argmax(1)
    array([0, 2, 1, 2])
    >>> make_targets([1.0, 3.0], "regression").columns.T
    array([[-1., 1.]])

    Raises:
        DataError: If the task is not known, or the targets are not of its kind or all the same.
    """
    if task not in get_args(Task):
        raise DataError(
            f"There is no task {task!r}.{near(str(task), get_args(Task))} Known: {listed(get_args(Task))}."
        )
    given = np.asarray(values)
    if not given.size:
        raise DataError("There are no targets: give one or more for each example.")
    columns = _one_hot(given) if task == "classification" else _matrix(given, task)
    spread = columns.std(0)
    # What is left of a constant by rounding is no spread.
    varied = spread > 1e-12 * np.abs(columns).max(0)
    if not (varied.all() if task == "regression" else varied.any()):
        raise DataError(
            f"The targets of this {task} are the same for all {len(columns)} examples. Give examples that differ."
        )
    if task == "regression":
        columns = (columns - columns.mean(0)) / spread
    columns.setflags(write=False)
    return Targets(task, columns)


def take(targets: Targets, rows: np.ndarray) -> Targets:
    """Returns the targets of the examples `rows`, in that order.

    >>> take(make_targets([0, 1, 1], "binary"), np.array([2, 0])).columns.T
    array([[1., 0.]])
    """
    return Targets(targets.task, targets.columns[rows])


def measure(targets: Targets, predictions: np.ndarray) -> float:
    """Returns how good predictions are: accuracy, its mean over labels, or for a regression what `skill` says.

    >>> measure(make_targets([0, 1, 1], "classification"), np.array([[0.9, 0.1], [0.2, 0.7], [0.6, 0.4]])) * 3
    2.0

    Args:
        targets: What is true.
        predictions: Shape of `targets.columns`; the largest of a row is its class, above one half is a label.
    """
    if targets.task == "classification":
        return float((predictions.argmax(1) == targets.columns.argmax(1)).mean())
    if targets.task == "regression":
        return skill(targets, float(((targets.columns - predictions) ** 2).mean()))
    return float(((predictions > 0.5) == (targets.columns > 0.5)).mean())


def skill(targets: Targets, error: float) -> float:
    """Returns the share of squared error that predictions take away: 0 for the mean of the other examples, at most 1.

    Cross-validated R squared, `1 - error / error of predicting each example by the mean of the others`.

    >>> round(skill(make_targets([0, 1, 0, 1], "binary"), 0.0), 3)
    1.0

    Args:
        targets: What is true.
        error: Mean squared error over all examples and columns.
    """
    return 1.0 - error / blind_error(targets)


def blind_error(targets: Targets) -> float:
    """Returns the mean squared error of predicting each example by the mean of the others.

    >>> blind_error(make_targets([0, 1, 0, 1], "binary")) == (2 / 3) ** 2
    True
    """
    count = len(targets)
    return float(((targets.centred * count / (count - 1)) ** 2).mean())


def blind_value(targets: Targets) -> float:
    """Returns what `measure` says of naming the commonest class, or what most labels are, for every example.

    No skill, 0, for a regression.

    >>> blind_value(make_targets([0, 1, 1, 1], "classification"))
    0.75
    """
    if targets.task == "regression":
        return 0.0
    return measure(targets, np.broadcast_to(targets.columns.mean(0), targets.columns.shape))


def _one_hot(given: np.ndarray) -> np.ndarray:
    if given.ndim != 1 or not np.issubdtype(given.dtype, np.integer) or given.min() < 0:
        raise DataError(
            "The targets of a classification are class numbers from 0, one per example, and these are "
            f"{given.dtype} of shape {given.shape}, such as {given.flat[0]}."
        )
    return np.asarray(np.eye(int(given.max()) + 1)[given])


def _matrix(given: np.ndarray, task: Task) -> np.ndarray:
    try:
        columns = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"The targets of a {task} are numbers, and these are {given.dtype}.") from None
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or not np.isfinite(columns).all():
        raise DataError(
            f"The targets of a {task} are finite numbers, one or one row per example, and these have shape "
            f"{given.shape}, {np.count_nonzero(~np.isfinite(columns))} of them not finite."
        )
    if task != "regression" and not np.isin(columns, (0.0, 1.0)).all():
        raise DataError(
            f"The targets of a {task} are 0 and 1, and these go from {columns.min()} to {columns.max()}."
        )
    return columns
