"""The linear probe without training: ridge regression along a path of penalties, every example left out in turn, exactly."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fusion.errors import DataError
from fusion.scores.spectra import Spectrum
from fusion.scores.targets import Targets, measure, skill, take

PATH = 10.0 ** np.arange(-4.0, 5.5, 0.5)
"""Penalties tried, as multiples of the features' mean squared length: 19, two in a tenfold."""

BLOCK = 4_000_000
"""Numbers of predictions held at once."""


@dataclass(frozen=True, slots=True)
class RidgePath:
    """What leaving out each example gave at each penalty, and the penalty of the least squared error.

    The penalty is chosen by squared error: chosen by accuracy, ten classes of random labels look 2.5 points better
    than chance. Where features say nothing, accuracy falls below chance, to 0 for classes of equal size: each example
    left out makes its own class the rarest of the others. A permutation null has that too; skill is 0 there.

    Args:
        penalties: In the order they were tried.
        errors: Mean squared error over examples and columns at each.
        values: What `measure` says of the predictions at each.
        best: Index of the least error.
        skill: Share of the squared error taken away at the best, 0 or less where features say nothing.
    """

    penalties: tuple[float, ...]
    errors: tuple[float, ...]
    values: tuple[float, ...]
    best: int
    skill: float

    @property
    def value(self) -> float:
        """Accuracy or, for a regression, skill at the best penalty."""
        return self.values[self.best]

    @property
    def penalty(self) -> float:
        """The best penalty, in the units of squared features."""
        return self.penalties[self.best]


def probe_ridge(spectrum: Spectrum, targets: Targets, *, penalties: np.ndarray | None = None) -> RidgePath:
    """Returns what ridge probes of one tap would predict of each example when fitted to all others.

    >>> from fusion.scores.spectra import decompose
    >>> from fusion.scores.targets import make_targets
    >>> features = np.array([[0.0], [1.0], [0.2], [1.1], [0.1], [0.9]])
    >>> probe_ridge(decompose(features), make_targets([0, 1, 0, 1, 0, 1], "classification")).value
    1.0

    Args:
        spectrum: The tap.
        targets: As many as it has examples.
        penalties: Above 0; by default `PATH` times the features' mean squared length, so scaling them changes nothing.

    Raises:
        DataError: If there are other than as many targets as examples, or a penalty is not above 0.
    """
    check_lengths(spectrum, targets)
    tried = PATH * (spectrum.energies.sum() / len(spectrum)) if penalties is None else np.asarray(penalties)
    if not (tried > 0).all():
        raise DataError(f"Penalties are above 0, and the least of these is {tried.min()}.")
    errors, values = [], []
    for predictions in left_out(spectrum, targets.columns, tried):
        errors.append(float(((predictions - targets.columns) ** 2).mean()))
        values.append(measure(targets, predictions))
    best = int(np.argmin(errors))
    return RidgePath(tuple(tried.tolist()), tuple(errors), tuple(values), best, skill(targets, errors[best]))


def ridge_draws(spectrum: Spectrum, targets: Targets, orders: np.ndarray) -> np.ndarray:
    """Returns the value of a ridge probe, its penalty chosen anew, for each of several orders of the targets.

    >>> from fusion.scores.spectra import decompose
    >>> from fusion.scores.targets import make_targets
    >>> features = np.array([[0.0], [1.0], [0.2], [1.1], [0.1], [0.9]])
    >>> targets = make_targets([0, 1, 0, 1, 0, 1], "classification")
    >>> ridge_draws(decompose(features), targets, np.array([[0, 1, 2, 3, 4, 5]])).tolist()
    [1.0]

    Args:
        spectrum: The tap.
        targets: As many as it has examples.
        orders: Shape (orders, examples), as `fusion.scores.nulls.orders` draws them.
    """
    tried = PATH * (spectrum.energies.sum() / len(spectrum))
    count, width = targets.columns.shape
    several = max(1, BLOCK // (len(tried) * count * width))
    found = []
    for first in range(0, len(orders), several):
        block = orders[first : first + several]
        columns = targets.columns[block].transpose(1, 0, 2).reshape(count, -1)
        least, best = np.full(len(block), np.inf), np.empty((count, len(block), width))
        for predictions in left_out(spectrum, columns, tried):
            errors = ((predictions - columns) ** 2).reshape(best.shape).mean((0, 2))
            better = errors < least
            least[better] = errors[better]
            best[:, better] = predictions.reshape(best.shape)[:, better]
        found += [measure(take(targets, order), best[:, place]) for place, order in enumerate(block)]
    return np.array(found)


def left_out(spectrum: Spectrum, columns: np.ndarray, penalties: np.ndarray) -> Iterator[np.ndarray]:
    """Yields for each penalty l what ridge with a free intercept predicts of each example without having seen it.

    With the hat matrix H = A (A'A + l)^-1 A' of centred features and centred targets y, the residual of example i
    left out is `(y - H y)_i / (1 - H_ii - 1/N)`: PRESS (Allen, Technometrics 16, 1974). The 1/N is the intercept's.

    >>> from fusion.scores.spectra import decompose
    >>> line = np.array([[0.0], [1.0], [2.0]])
    >>> next(left_out(decompose(line), 2 * line, np.array([1e-9]))).round(6).T.tolist()
    [[0.0, 2.0, 4.0]]

    Args:
        spectrum: The tap.
        columns: Shape (examples, columns).
        penalties: Each above 0.
    """
    axes, count = spectrum.scores, len(spectrum)
    mean = columns.mean(0)
    inside = axes.T @ (columns - mean)
    shrinking = 1.0 / (spectrum.energies[:, None] + penalties)
    leverage = 1.0 - 1.0 / count - (axes**2) @ shrinking
    # Several penalties go through one product of matrices, as many as memory may hold.
    several = max(1, BLOCK // columns.size)
    for first in range(0, len(penalties), several):
        block = shrinking[:, first : first + several]
        weights = (block[:, :, None] * inside[:, None, :]).reshape(len(block), -1)
        fitted = (axes @ weights).reshape(count, block.shape[1], -1)
        for place in range(block.shape[1]):
            residual = (columns - mean - fitted[:, place]) / leverage[:, first + place, None]
            yield columns - residual


def check_lengths(spectrum: Spectrum, targets: Targets) -> None:
    """Refuses a tap and targets of other than the same number of examples.

    >>> from fusion.scores.spectra import decompose
    >>> from fusion.scores.targets import make_targets
    >>> check_lengths(decompose(np.eye(3)), make_targets([0, 1], "binary"))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: There are features of 3 examples and targets of 2. Give both of the same examples.

    Raises:
        DataError: If they differ.
    """
    if len(spectrum) != len(targets):
        raise DataError(
            f"There are features of {len(spectrum)} examples and targets of {len(targets)}. "
            "Give both of the same examples."
        )
