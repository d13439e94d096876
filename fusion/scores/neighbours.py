"""k nearest neighbours of each example among the others, and what they say of it."""

import numpy as np

from fusion.errors import DataError
from fusion.scores.spectra import checked
from fusion.scores.targets import Targets, measure

BLOCK = 4_000_000
"""Similarities held at once."""


def nearest(features: np.ndarray, *, most: int = 5) -> np.ndarray:
    """Returns the rows of the `most` other examples nearest to each by cosine, in no order; features as they are given.

    An example whose features are all 0 is equally far from all. Where several are equally far, which of them count
    is fixed but arbitrary.

    >>> nearest(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]]), most=1).T
    array([[2, 2, 0]])

    Raises:
        DataError: If the features cannot be used or there are not more examples than neighbours.
    """
    given = checked(features)
    if not 1 <= most < len(given):
        raise DataError(
            f"{most} neighbours of each of {len(given)} examples were asked for; ask for 1 to {len(given) - 1}."
        )
    lengths = np.linalg.norm(given, axis=1, keepdims=True)
    unit = given / np.where(lengths > 0, lengths, 1.0)
    several = max(1, BLOCK // len(given))
    found = []
    for first in range(0, len(given), several):
        block = unit[first : first + several] @ unit.T
        block[np.arange(len(block)), first + np.arange(len(block))] = -np.inf
        found.append(np.argpartition(-block, most - 1, axis=1)[:, :most])
    return np.concatenate(found)


def probe_neighbours(neighbours: np.ndarray, targets: Targets) -> float:
    """Returns what `measure` says when each example is predicted by the mean of its neighbours' targets.

    For classes this is their vote, and of classes with equally many votes the first; for labels more than half.
    Sorkhei et al. (arXiv 2503.18528) find it the best of 23 scores.

    >>> from fusion.scores.targets import make_targets
    >>> probe_neighbours(np.array([[2], [0], [0]]), make_targets([0, 1, 0], "classification")) * 3
    2.0

    Args:
        neighbours: Shape (examples, k), as `nearest` returns them.
        targets: As many as examples.

    Raises:
        DataError: If there are other than as many targets as examples.
    """
    if len(neighbours) != len(targets):
        raise DataError(
            f"There are neighbours of {len(neighbours)} examples and targets of {len(targets)}. "
            "Give both of the same examples."
        )
    return measure(targets, targets.columns[neighbours].mean(1))
