"""The arms that may be the best: what is left when every arm that is surely worse has gone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fusion.errors import DataError, listed
from fusion.statistics.outcomes import Scores, apart, oriented
from fusion.statistics.signs import TIE, flipped


@dataclass(frozen=True, slots=True, kw_only=True)
class BestSet:
    """Arms that are not surely worse than the best.

    Args:
        arms: The members, the highest mean first.
        p: For every arm of the study, the error rate at which it would leave the set; members have more than `alpha`.
        means: Mean of the metric of every arm.
        alpha: Chance that an arm that is as good as the best is missing.
    """

    arms: tuple[str, ...]
    p: Mapping[str, float]
    means: Mapping[str, float]
    alpha: float


def best_set(scores: Scores, *, alpha: float = 0.05) -> BestSet:
    """Returns the model confidence set: all best arms are in it with probability 1 - alpha or more.

    As long as the hypothesis that the arms left are equal is rejected, the one farthest below their mean goes. The
    statistic is the largest, over arms, of t for the blocks' mean minus the arm; its distribution is that under
    sign-flips of whole blocks, which keeps how arms go together. An arm's p is the largest so far when it goes.
    (Hansen, Lunde & Nason 2011, The model confidence set, Econometrica 79, with sign-flips for their bootstrap.)

    >>> noise = np.array([1, -2, 0, 2, -1, 1])
    >>> values = np.column_stack([90 + noise, 80 - noise, 90 - noise])
    >>> blocks = tuple((seed, 0) for seed in range(6))
    >>> best_set(Scores(arms=("a", "b", "c"), blocks=blocks, values=values)).arms
    ('a', 'c')
    """
    table = oriented(scores)
    left = list(range(len(scores.arms)))
    found: dict[str, float] = {}
    highest = 0.0
    while len(left) > 1:
        worst, p = _worst(table[:, left])
        highest = max(highest, p)
        found[scores.arms[left.pop(worst)]] = highest
    found[scores.arms[left[0]]] = 1.0
    means = table.mean(axis=0)
    order = np.argsort(-means, kind="stable")
    return BestSet(
        arms=tuple(scores.arms[i] for i in order if found[scores.arms[i]] > alpha),
        p={arm: found[arm] for arm in scores.arms},
        means=dict(zip(scores.arms, scores.values.mean(axis=0).tolist(), strict=True)),
        alpha=alpha,
    )


def cheapest(best: BestSet, costs: Mapping[str, float | None]) -> str | None:
    """Returns the member of the set that costs least, of equal ones that with the higher mean; `None` if one's cost is `None`.

    Args:
        best: The set.
        costs: What each member costs, in any one unit: parameters, FLOPs, seconds.

    Raises:
        DataError: If the cost of a member is not given.

    >>> best = BestSet(arms=("a", "b"), p={"a": 1.0, "b": 0.2}, means={"a": 0.9, "b": 0.89}, alpha=0.05)
    >>> cheapest(best, {"a": 14.7e6, "b": 1.7e6})
    'b'
    """
    missing = [arm for arm in best.arms if arm not in costs]
    if missing:
        raise DataError(
            f"What {listed(map(repr, missing))} costs is not given, so the cheapest is not known."
        )
    known = {arm: cost for arm in best.arms if (cost := costs[arm]) is not None}
    return min(best.arms, key=known.__getitem__) if len(known) == len(best.arms) else None


def _worst(table: np.ndarray) -> tuple[int, float]:
    middle = np.repeat(table.mean(axis=1, keepdims=True), table.shape[1], axis=1)
    statistic = flipped(apart(middle, table))
    largest = statistic.max(axis=1)
    return int(statistic[0].argmax()), float((largest >= largest[0] - TIE).mean())
