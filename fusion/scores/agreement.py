"""Whether scores order taps as what was measured does, and whether depth or width alone would have done as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.errors import DataError


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well one score, or a baseline that looks at no data, foretells what was measured.

    Args:
        score: Its name.
        tau: Rank correlation with what was measured; `None` where all taps score or measure the same.
        regret: How much the tap it puts first falls short of the best, in units of what was measured.
    """

    score: str
    tau: float | None
    regret: float


def compare_scores(
    scores: Mapping[str, Sequence[float]],
    measured: Sequence[float],
    *,
    depths: Sequence[float],
    widths: Sequence[float],
) -> tuple[Agreement, ...]:
    """Returns how each score agrees with what was measured, and the same for depth and for width.

    The baselines always stand beside the scores: a list ordered by size alone has beaten published scores (arXiv
    2510.06448), and on a chain of layers "the deepest" often ties the best.

    >>> for row in compare_scores(
    ...     {"knn": [0.1, 0.3, 0.2]}, [0.5, 0.9, 0.7], depths=[1, 2, 3], widths=[8, 8, 8]
    ... ):
    ...     print(row.score, row.tau and round(row.tau, 3), round(row.regret, 3))
    knn 1.0 0.0
    depth 0.333 0.2
    width None 0.2

    Args:
        scores: By name, one number a tap, greater is better.
        measured: What training the head gave at each tap.
        depths: Where each tap lies, such as its share of the backbone's layers.
        widths: Features of each tap.

    Raises:
        DataError: If they are not of the same taps.
    """
    rows = {**scores, "depth": depths, "width": widths}
    return tuple(Agreement(name, tau(row, measured), regret(row, measured)) for name, row in rows.items())


def tau(scores: Sequence[float], measured: Sequence[float]) -> float | None:
    """Returns Kendall's tau-b of two orders, -1 to 1, or `None` where one of them has only ties.

    `(concordant - discordant) / sqrt((pairs - ties in one) (pairs - ties in the other))`: Kendall, Biometrika 33, 1945.

    >>> tau([1, 2, 3], [10, 30, 20])
    0.333...

    Raises:
        DataError: If they differ in length.
    """
    one, other = _signs(scores, measured), _signs(measured, scores)
    untied = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / untied) if untied else None


def regret(scores: Sequence[float], measured: Sequence[float]) -> float:
    """Returns what is lost by taking the tap that scores highest; where several do, their mean loss.

    >>> regret([0.3, 0.3, 0.1], [0.5, 0.7, 0.9])
    0.3...

    Raises:
        DataError: If they differ in length.
    """
    _check(scores, measured)
    first = np.asarray(scores) == np.max(scores)
    return float(np.max(measured) - np.asarray(measured)[first].mean())


def _signs(values: Sequence[float], others: Sequence[float]) -> np.ndarray:
    _check(values, others)
    given = np.asarray(values, dtype=np.float64)
    signs: np.ndarray = np.sign(given[:, None] - given)[np.triu_indices(len(given), 1)]
    return signs


def _check(scores: Sequence[float], measured: Sequence[float]) -> None:
    if len(scores) != len(measured) or not len(scores):
        raise DataError(
            f"There are scores of {len(scores)} taps and measurements of {len(measured)}. Give both of the same taps."
        )
