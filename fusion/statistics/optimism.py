"""The winner's curse: by how much the best of several measured values exceeds what it would be if measured again."""

import itertools
import math

import numpy as np

from fusion.errors import DataError

HALVES = 400
"""Ways to take half of the units that are tried at most."""


def optimism(values: np.ndarray, *, seed: int = 0) -> float:
    """Returns how much too high the winner's mean is expected to be, in units of the metric.

    The winner is chosen on half of the units and judged on the other half; the gap between its two means, averaged over
    ways to halve, is the optimism of a choice by that many units. Noise falls with the root of their number, so the gap
    times sqrt(half / all) is that of a choice by all: exact where arms are equal, too high where they are nearly so, 0
    where one leads by far. (The effect: Cawley & Talbot 2010, On over-fitting in model selection, JMLR 11.)

    Args:
        values: Units x arms, more is better. Units are seeds (`fusion.statistics.outcomes.oriented`) or the examples that the
            choice was made by (right answers, averaged over seeds); the two speak of different noise.
        seed: Seed of the halves where not all of them are tried.

    Raises:
        DataError: If there is one unit only.

    >>> print(round(optimism(np.array([[0.9, 0.1], [0.8, 0.2], [0.9, 0.1], [0.8, 0.2]])), 3))
    0.0
    """
    units = len(values)
    if units < 2:
        raise DataError(
            "The winner's curse cannot be seen with one unit. Run more seeds, or keep every example."
        )
    half = units // 2
    picks = _halves(units, half, seed)
    sums = picks @ values
    # Of arms that are equal in the half, none is the winner more than another.
    winners = sums == sums.max(axis=1, keepdims=True)
    # What all arms of a unit have in common is no merit of the winner.
    own = values - values.mean(axis=1, keepdims=True)
    inside = picks @ own
    gaps = inside / half - (own.sum(axis=0) - inside) / (units - half)
    gap = (np.where(winners, gaps, 0.0).sum(axis=1) / winners.sum(axis=1)).mean()
    return max(0.0, float(gap) * math.sqrt(half / units))


def _halves(units: int, half: int, seed: int) -> np.ndarray:
    if math.comb(units, half) <= HALVES:
        chosen = np.array(list(itertools.combinations(range(units), half)))
    else:
        generator = np.random.default_rng(seed)
        chosen = np.array([generator.permutation(units)[:half] for _ in range(HALVES)])
    picks = np.zeros((len(chosen), units))
    np.put_along_axis(picks, chosen, 1.0, axis=1)
    return picks
