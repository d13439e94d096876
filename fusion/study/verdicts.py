"""What may be said of the arms of a study, in words."""

from collections.abc import Mapping

from fusion.errors import listed
from fusion.statistics.differences import Difference
from fusion.study.claims import ArmResult, Comparison, Cost
from fusion.wording import counted

IN_WORDS: Mapping[Cost, str] = {
    "flops": "flops",
    "params": "params",
    "trainable": "weights that train",
    "seconds": "seconds",
}
"""How sentences name what arms cost."""


def said_of(comparison: Comparison, arm: ArmResult) -> str:
    """Returns what is said of an arm in a table: that it is the reference or was stopped, or what may be claimed.

    >>> sizes = dict(mean=0.5, values={}, params=1, trainable=1, flops=1, seconds=1.0)
    >>> given = dict(
    ...     study="s", metric="loss", better="lower", reference="base", alpha=0.05, arms=(), gates=()
    ... )
    >>> said_of(Comparison(**given), ArmResult(arm="a", seeds=3, stopped=3, **sizes))
    'stopped after 3 seeds'
    """
    if arm.stopped:
        return f"stopped after {counted(arm.stopped, 'seed')}"
    if arm.arm == comparison.reference:
        return "reference"
    row = next((each for each in comparison.differences if each.arm == arm.arm), None)
    return "not claimed" if row is None else claim(comparison, row)


def claim(comparison: Comparison, difference: Difference) -> str:
    """Returns what may be said of an arm: better, worse, not told apart, or that nothing is claimed.

    >>> from fusion.statistics.gates import Gate
    >>> given = dict(study="s", metric="loss", better="lower", reference="base", alpha=0.05, arms=())
    >>> fell = Difference(
    ...     arm="a",
    ...     reference="base",
    ...     mean=-1.0,
    ...     low=-2.0,
    ...     high=-0.5,
    ...     spread=1.0,
    ...     p=0.01,
    ...     p_holm=0.02,
    ...     smallest_p=0.01,
    ...     blocks=8,
    ... )
    >>> claim(Comparison(gates=(), **given), fell)
    'better'
    >>> claim(Comparison(gates=(Gate("seeds", False, "Too few."),), **given), fell)
    'not claimed'
    """
    if comparison.refused:
        return "not claimed"
    if difference.p_holm > comparison.alpha:
        return "not told apart"
    return "better" if (difference.mean > 0) == (comparison.better == "higher") else "worse"


def interval(comparison: Comparison, difference: Difference) -> str:
    """Returns the interval of a difference as tables print it; in words where no difference over so few seeds could count.

    >>> given = dict(
    ...     study="s", metric="loss", better="lower", reference="base", alpha=0.05, arms=(), gates=()
    ... )
    >>> found = dict(
    ...     arm="a", reference="base", mean=-0.1, low=-2.9, high=2.7, spread=0.4, p=0.5, p_holm=0.5, blocks=2
    ... )
    >>> interval(Comparison(**given), Difference(smallest_p=0.5, **found))
    'too few seeds'
    >>> interval(Comparison(**given), Difference(smallest_p=0.01, **found))
    '-2.9000 to +2.7000'
    """
    if difference.smallest_p > comparison.alpha:
        return "too few seeds"
    return f"{difference.low:+.4f} to {difference.high:+.4f}"


def verdict(comparison: Comparison) -> str:
    """Returns in one sentence what a study shows, or why it may claim nothing.

    >>> from fusion.statistics.gates import Gate
    >>> given = dict(study="s", metric="loss", better="lower", reference="base", alpha=0.05, arms=())
    >>> print(verdict(Comparison(gates=(Gate("seeds", False, "5 seeds are too few."),), **given)))
    Nothing is claimed: 1 gate refuses it (seeds).
    """
    refused = comparison.refused
    if refused or comparison.best is None:
        names = listed(gate.name for gate in refused)
        verb = "refuses" if len(refused) == 1 else "refuse"
        return f"Nothing is claimed: {counted(len(refused), 'gate')} {verb} it ({names})."
    best = comparison.best
    if not comparison.differences:
        seeds = counted(comparison.blocks, "seed")
        return (
            f"Only the reference {comparison.reference!r} is left, over {seeds}: no arm is compared with it."
        )
    blocks = comparison.blocks
    if len(best.arms) == 1:
        head = f"{best.arms[0]!r} is the best of {counted(len(best.means), 'arm')} by {comparison.metric}"
    else:
        head = (
            f"By {comparison.metric}, {counted(len(best.arms), 'arm')} of {len(best.means)} may be the best "
            f"({listed(map(repr, best.arms), limit=6)}); the cheapest of them in {IN_WORDS[comparison.by]} is {comparison.cheapest_words}"
        )
    if comparison.overlap:
        return (
            f"{head}, over {counted(blocks, 'seed')}. Their splits share examples, which widens the intervals but which the "
            "set of best does not know of: it may be too small."
        )
    unknown = (
        "" if all(gate.known for gate in comparison.gates) else ", if the data of seeds share no examples"
    )
    return f"{head}, over {counted(blocks, 'seed')}, with an error rate of {comparison.alpha:g}{unknown}."
