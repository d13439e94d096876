"""LogME: how likely the targets are under a Bayesian linear model of one tap's features."""

import numpy as np

from fusion.scores.ridge import check_lengths
from fusion.scores.spectra import Spectrum
from fusion.scores.targets import Targets

GRID = np.log(10.0) * np.arange(-12.0, 12.25, 0.5)
"""Logarithms of the ratios tried, relative to the largest energy."""

BLOCK = 200_000
"""Numbers of targets looked at at once."""

STEPS = 24
"""Halvings of what lies between two of them: the ratio is then known to 1e-7, the likelihood to its square."""


def logme(spectrum: Spectrum, targets: Targets) -> float:
    """Returns the log evidence per example of centred features, its mean over the columns of the targets.

    The greatest `log N(Q'y; 0, (I + Q'FF'Q / t) / b) / (N - 1)` over b and t, where the columns of Q span what is
    left when the mean is taken away (You et al., ICML 2021, arXiv 2102.11005, who have no intercept, so that adding
    5 to all features changes their score; taps after a ReLU are all positive). N - 1 and not N: with N the likelihood
    of centred targets has no maximum once there are as many features as examples. Columns that never vary are left out.

    >>> from fusion.scores.spectra import decompose
    >>> from fusion.scores.targets import make_targets
    >>> features, classes = np.array([[0.0], [1.0], [0.2], [1.1], [0.1], [0.9]]), [0, 1, 0, 1, 0, 1]
    >>> round(logme(decompose(features), make_targets(classes, "classification")), 3)
    0.314

    Raises:
        DataError: If there are other than as many targets as examples.
    """
    check_lengths(spectrum, targets)
    return float(_evidence(spectrum, targets, targets.centred[None])[0])


def logme_draws(spectrum: Spectrum, targets: Targets, orders: np.ndarray) -> np.ndarray:
    """Returns the log evidence for each of several orders of the targets.

    >>> from fusion.scores.spectra import decompose
    >>> from fusion.scores.targets import make_targets
    >>> features, targets = np.array([[0.0], [1.0], [0.1], [0.9]]), make_targets([0, 1, 0, 1], "binary")
    >>> logme_draws(decompose(features), targets, np.array([[0, 1, 2, 3]]))[0] == logme(
    ...     decompose(features), targets
    ... )
    np.True_

    Args:
        spectrum: The tap.
        targets: As many as it has examples.
        orders: Shape (orders, examples), as `fusion.scores.nulls.orders` draws them.
    """
    several = max(1, BLOCK // targets.columns.size)
    found = [
        _evidence(spectrum, targets, targets.centred[orders[first : first + several]])
        for first in range(0, len(orders), several)
    ]
    return np.concatenate(found)


def _evidence(spectrum: Spectrum, targets: Targets, centred: np.ndarray) -> np.ndarray:
    """Returns the log evidence for each of several centred targets of shape (several, examples, columns)."""
    total = (targets.centred**2).sum(0)
    varied = total > len(targets) * 1e-24
    columns = centred[:, :, varied].transpose(1, 0, 2).reshape(len(targets), -1)
    inside = (spectrum.scores.T @ columns) ** 2 / spectrum.energies[:, None]
    outside = np.maximum(np.tile(total[varied], len(centred)) - inside.sum(0), 0.0)
    energies = spectrum.energies / spectrum.energies[0]
    each = _greatest(energies, inside, outside, len(targets) - 1)
    found: np.ndarray = each.reshape(len(centred), -1).mean(1)
    return found


def _greatest(energies: np.ndarray, inside: np.ndarray, outside: np.ndarray, freedom: int) -> np.ndarray:
    """Returns each column's greatest log likelihood over the ratio t, b being solved for.

    It may have two tops, so it is looked for on a grid first and then where its derivative by log t is 0.
    """
    kept = 1.0 / (1.0 + energies / np.exp(GRID)[:, None])
    tried = _likelihood(kept @ inside + outside, np.log(kept).sum(1)[:, None], freedom)
    middle = GRID[tried.argmax(0)]
    low, high = middle - (GRID[1] - GRID[0]), middle + (GRID[1] - GRID[0])
    for _ in range(STEPS):
        middle = (low + high) / 2
        part = 1.0 / (1.0 + energies[:, None] / np.exp(middle))
        held = inside * part
        rises = (held * (1.0 - part)).sum(0) * freedom < (held.sum(0) + outside) * (1.0 - part).sum(0)
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    part = 1.0 / (1.0 + energies[:, None] / np.exp(middle))
    found = _likelihood((inside * part).sum(0) + outside, np.log(part).sum(0), freedom)
    return np.asarray(np.maximum(found, tried.max(0)))


def _likelihood(squares: np.ndarray, logarithm: np.ndarray, freedom: int) -> np.ndarray:
    variance = squares / freedom
    return np.asarray(-0.5 * (np.log(2 * np.pi * variance) + 1.0 - logarithm / freedom))
