"""The sign-flip test: how often differences as large come about when each could as well have had the other sign."""

import itertools
import math
from functools import lru_cache

import numpy as np

EXACT = 14
"""Blocks up to which every pattern of signs is tried."""

SAMPLED = 10_000
"""Patterns tried with more blocks, the one observed among them."""

TIE = 1e-9
"""Sums of signed differences of unit length that are this near count as equal."""


@lru_cache(maxsize=32)
def signs(blocks: int) -> np.ndarray:
    """Returns patterns of +1 and -1, patterns x blocks, the first all +1.

    All 2^blocks up to `EXACT` blocks; with more, that first one and others drawn at random, so that a p-value counts
    the observation itself and is never 0 (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585).

    >>> signs(2).tolist()
    [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]
    >>> signs(20).shape
    (10000, 20)
    """
    if blocks <= EXACT:
        found = np.array(list(itertools.product((1.0, -1.0), repeat=blocks)))
    else:
        found = np.random.default_rng(blocks).choice((1.0, -1.0), size=(SAMPLED, blocks))
        found[0] = 1.0
    found.flags.writeable = False
    return found


def flipped(differences: np.ndarray) -> np.ndarray:
    """Returns the test statistic of each column under each pattern of signs, patterns x columns.

    The statistic is sum(s_i d_i) / sqrt(sum(d_i^2)). Student's t grows with it, and flips do not change the divisor,
    so it orders patterns as t does and needs no variance, which is 0 where all differences are equal.

    >>> flipped(np.array([[3.0], [4.0]])).ravel().round(9).tolist()
    [1.4, -0.2, 0.2, -1.4]
    """
    lengths = np.sqrt((differences**2).sum(axis=0))
    units = np.divide(differences, lengths, out=np.zeros_like(differences), where=lengths > 0)
    statistic: np.ndarray = signs(len(differences)) @ units
    return statistic


def sign_flip_p(differences: np.ndarray) -> np.ndarray:
    """Returns the two-sided p-value of each column, blocks x columns, for a distribution symmetric about 0.

    p = the share of patterns s with |sum(s_i d_i)| >= |sum(d_i)| (Fisher 1935, The Design of Experiments, section 21).

    >>> sign_flip_p(np.array([[1.0, 1.0], [2.0, -2.0], [3.0, 1.0]])).tolist()
    [0.25, 1.0]
    """
    sizes = np.abs(flipped(differences))
    found: np.ndarray = (sizes >= sizes[0] - TIE).mean(axis=0)
    return found


def smallest_p(blocks: int) -> float:
    """Returns the smallest two-sided p-value there can be: 2 patterns of 2^blocks give the largest sum.

    >>> smallest_p(5), smallest_p(10)
    (0.0625, 0.001953125)
    """
    return 2.0 ** (1 - blocks) if blocks <= EXACT else 1 / SAMPLED


def seeds_needed(arms: int, *, alpha: float = 0.05) -> int:
    """Returns the fewest blocks with which one of `arms`, each against a reference, can be significant after Holm.

    The first of Holm's steps needs arms * 2^(1 - blocks) <= alpha.

    >>> [seeds_needed(arms) for arms in (1, 5, 8, 16)]
    [6, 8, 9, 10]
    """
    return 1 + math.ceil(math.log2(max(1, arms) / alpha) - TIE)
