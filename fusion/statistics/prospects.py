"""What a study will be able to tell, before anything is trained."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from fusion.statistics.signs import EXACT, TIE, seeds_needed, signs, smallest_p
from fusion.wording import counted

DISAGREEMENT = 0.1
"""Share of test examples of which one of two arms alone is right, where it is not known."""
DRAWS, AT_ONCE = 2000, 100
"""Simulated studies, and how many of them are held in memory together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What so many seeds can tell about so many arms.

    Args:
        seeds: Blocks that every arm runs in.
        arms: Arms that are compared with the reference; without any there is nothing to tell.
        alpha: Chance, at most, that any of them is called different though none is.
        smallest_p: The smallest p-value there can be.
        needed: The fewest seeds with which one arm can be called different.
        detectable: Smallest difference that is found with the chance `power`, in standard deviations of the paired
            differences; infinite where none can be.
        power: That chance.
        judged: Test examples; `None` where it was not said.
        shown: Smallest difference in accuracy that so many can show, where the two models disagree on `DISAGREEMENT` of
            them; `None` where it was not said.
    """

    seeds: int
    arms: int
    alpha: float
    smallest_p: float
    needed: int
    detectable: float
    power: float
    judged: int | None = None
    shown: float | None = None


def prospect(
    seeds: int, arms: int, *, alpha: float = 0.05, power: float = 0.8, judged: int | None = None
) -> Prospect:
    """Returns what a study of `seeds` blocks and `arms`, not counting the reference, can tell, judged on some examples.

    >>> found = prospect(5, 16)
    >>> found.smallest_p, found.needed, found.detectable
    (0.0625, 10, inf)
    """
    return Prospect(
        seeds=seeds,
        arms=arms,
        alpha=alpha,
        smallest_p=smallest_p(seeds),
        needed=seeds_needed(arms, alpha=alpha),
        detectable=detectable(seeds, alpha=alpha / max(1, arms), power=power),
        power=power,
        judged=judged,
        shown=judged
        and detectable_on(judged, disagreement=DISAGREEMENT, arms=max(1, arms), alpha=alpha, power=power),
    )


def in_words(found: Prospect) -> str:
    """Returns a prospect as a plan prints it.

    >>> print(in_words(prospect(5, 16)))
    5 seeds, 16 comparisons: nothing can be significant. The smallest p is 0.0625, and 16 x 0.0625 > 0.05; 10 seeds are needed.
    """
    if not found.arms:
        return "1 arm: there is nothing to compare it with. Name others in `arms`, `axes` or `cuts`."
    return "\n".join(filter(None, (_of_seeds(found), _of_examples(found))))


def _of_examples(found: Prospect) -> str:
    if found.shown is None or found.judged is None:
        return ""
    return (
        f"{counted(found.judged, 'example')} to judge on: on others too, a difference of {100 * found.shown:.1f} points of "
        f"accuracy is found with a chance of {found.power:.0%}, if two arms disagree on {DISAGREEMENT:.0%} of them."
    )


def _of_seeds(found: Prospect) -> str:
    head = f"{counted(found.seeds, 'seed')}, {counted(found.arms, 'comparison')}"
    if math.isinf(found.detectable):
        return (
            f"{head}: nothing can be significant. The smallest p is {found.smallest_p:.3g}, and {found.arms} x "
            f"{found.smallest_p:.3g} > {found.alpha:g}; {found.needed} seeds are needed."
        )
    return (
        f"{head}: a difference of {found.detectable:.2g} standard deviations of the paired differences is found "
        f"with a chance of {found.power:.0%}; the smallest p is {found.smallest_p:.2g}."
    )


def detectable(blocks: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Returns the smallest mean difference, in standard deviations, that the sign-flip test finds with chance `power`.

    Flipping a set of the differences leaves their sum as large where the mean of that set is 0 or less. So the test
    rejects once the difference d exceeds the c-th largest, over sets, of minus the mean of the noise in the set
    (Hartigan 1969, Using subsample values as typical values, JASA 64), c being the patterns that alpha lets pass. That
    is the quantile `power` of it over `DRAWS` simulated studies of normal noise: right to about 2 %.

    Args:
        blocks: Pairs.
        alpha: Error rate of one comparison; after Holm, of the first step: that of all divided by the arms.
        power: Chance to find it.

    >>> detectable(5), round(detectable(10), 1)
    (inf, 1.0)
    """
    tried = signs(blocks)[: 2 ** (blocks - 1)] if blocks <= EXACT else signs(blocks)
    passing = math.floor(alpha * len(tried) + TIE)
    if not passing:
        return math.inf
    flips = (1 - tried[1:].T) / 2
    kept = 1 - flips
    generator = np.random.default_rng(blocks)
    limits = []
    for _ in range(DRAWS // AT_ONCE):
        noise = generator.standard_normal((AT_ONCE, blocks))
        means = [noise @ some / np.maximum(some.sum(axis=0), 1) for some in (flips, kept)]
        largest = np.maximum(-means[0], -means[1])
        limits.append(np.partition(largest, -passing, axis=1)[:, -passing])
    return float(np.quantile(np.concatenate(limits), power))


def detectable_on(
    examples: int, *, disagreement: float, arms: int = 1, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Returns the smallest difference in accuracy of two models that so many test examples can show.

    (z(1 - alpha / (2 arms)) + z(power)) * sqrt(disagreement / examples): the normal approximation of McNemar's test
    (Connett, Smith & McHugh 1987, Sample size and power for pair-matched case-control studies, Statistics in Medicine 6).

    Args:
        examples: Test examples.
        disagreement: Share of them of which exactly one of the two models is right.
        arms: Arms that are compared with the reference.
        alpha: Error rate of all comparisons together.
        power: Chance to find it.

    >>> round(detectable_on(1000, disagreement=0.1), 3)
    0.028
    """
    normal = NormalDist()
    reach = normal.inv_cdf(1 - alpha / (2 * arms)) + normal.inv_cdf(power)
    return reach * math.sqrt(disagreement / examples)
