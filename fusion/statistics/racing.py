"""Which arms a race stops after some seeds: those that another is surely better than."""

import numpy as np

from fusion.errors import DataError
from fusion.statistics.outcomes import apart
from fusion.statistics.student import quantile

EQUAL = 1e-9
"""Share of a mean difference below which the spread of differences is that of rounding."""


def beaten(
    table: np.ndarray, *, alpha: float, began: int | None = None, overlap: float = 0.0
) -> dict[int, int]:
    """Returns the arms to stop, each with the arm that its paired interval shows to be better by most.

    The interval is that of `fusion.statistics.differences`, with confidence 1 - alpha / pairs for each pair of arms
    that began: so the chance that any arm as good as the best is stopped is at most alpha (Bonferroni), however many are as good.
    Where all differences of two arms are equal there is no spread to judge by, and neither is stopped for the other.

    Args:
        table: Blocks x arms, more being better.
        alpha: Error rate of all pairs together, at this rung.
        began: How many arms the race began with, whose pairs count, since which are left depends on chance too.
        overlap: Test over training examples where each block draws its split anew from one pool of data.

    Raises:
        DataError: If there are fewer than two blocks.

    >>> noise = np.array([0.0, 0.01, -0.01, 0.02, -0.02])
    >>> beaten(np.column_stack([0.9 + noise, 0.9 - noise, 0.3 + noise**2]), alpha=0.05)
    {2: 0}
    """
    blocks, arms = table.shape
    if blocks < 2:
        raise DataError(f"A race judges arms by 2 seeds or more, got {blocks}.")
    count = max(arms, began or 0)
    confidence = 1 - alpha / max(1.0, count * (count - 1) / 2)
    gaps = apart(table[:, None, :], table[:, :, None])
    means, spreads = gaps.mean(axis=0), gaps.std(axis=0, ddof=1)
    low = means - quantile(confidence, blocks - 1) * spreads * np.sqrt(1 / blocks + overlap)
    # Equal differences of shares of few examples differ by rounding.
    low[spreads <= EQUAL * np.abs(means)] = 0.0
    return {arm: int(low[arm].argmax()) for arm in range(arms) if low[arm].max() > 0}
