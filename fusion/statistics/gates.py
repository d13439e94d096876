"""What must hold before a claim is made, each refused in words where it does not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from fusion.errors import DataError, listed, near
from fusion.statistics.outcomes import Outcome, block, by_arm, complete, unpaired
from fusion.statistics.signs import seeds_needed, smallest_p
from fusion.wording import counted


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition of a claim.

    Args:
        name: What is asked.
        passed: Whether it holds.
        text: What was found and, where it does not hold, what cannot be claimed and what to do.
        known: Whether it was looked into; one that was not refuses nothing and is not said to hold.
    """

    name: str
    passed: bool
    text: str
    known: bool = True

    @property
    def word(self) -> str:
        """What is said of it in a word or two."""
        if not self.passed:
            return "refused"
        return "holds" if self.known else "not known"


def gates(outcomes: Sequence[Outcome], reference: str, *, alpha: float = 0.05) -> tuple[Gate, ...]:
    """Returns each condition for calling an arm better or worse than the reference, and whether it holds.

    They are asked of the arms that ran to their end. `fusion.statistics.outcomes.pair` needs the first.

    Args:
        outcomes: What the trials came to.
        reference: The arm the others are compared with.
        alpha: Error rate of all comparisons together.

    Raises:
        DataError: If no trial is of the reference.

    >>> rows = [
    ...     Outcome(arm=arm, seed=seed, value=0.9, epochs=30) for arm in ("base", "new") for seed in range(5)
    ... ]
    >>> print(*(gate.text for gate in refusals(gates(rows, "base"))))
    5 seeds cannot make a difference of 1 arm significant: ... Run 6 seeds or more.
    """
    arms = by_arm(outcomes)
    if reference not in arms:
        raise DataError(
            f"No trial is of the reference {reference!r}.{near(reference, arms)} Arms: {listed(arms)}."
        )
    kept = complete(outcomes)
    return (
        _pairs(kept),
        _race(outcomes, reference),
        _examples(kept),
        _budget(kept),
        _convergence(kept),
        _selection(kept),
        _seeds(kept, len(arms.keys() - {reference}), alpha),
    )


def refusals(found: Sequence[Gate]) -> tuple[Gate, ...]:
    """Returns the conditions that do not hold; with none, the claim stands.

    >>> refusals((Gate("pairs", True, ""), Gate("budget", False, "")))
    (Gate(name='budget', passed=False, text='', known=True),)
    """
    return tuple(gate for gate in found if not gate.passed)


def _gate(name: str, *, problem: str, way_out: str, fine: str) -> Gate:
    return Gate(name, not problem, f"{problem} {way_out}" if problem else fine)


def _pairs(outcomes: Sequence[Outcome]) -> Gate:
    lines = unpaired(outcomes)
    return _gate(
        "pairs",
        problem=f"The arms are not paired: {'; '.join(lines)}." if lines else "",
        way_out="Differences would mix arms with seeds. Run every arm once with each seed and split.",
        fine="Every arm ran once in each block.",
    )


def _race(outcomes: Sequence[Outcome], reference: str) -> Gate:
    left_out = list(dict.fromkeys(outcome.arm for outcome in outcomes if outcome.stopped))
    words = f"The race stopped {listed(map(repr, left_out))}; no interval tells about them."
    return _gate(
        "race",
        problem=f"The race stopped the reference {reference!r}." if reference in left_out else "",
        way_out="Nothing can be compared with it. Keep the reference out of the race.",
        fine=words if left_out else "No trial was stopped early.",
    )


def _examples(outcomes: Sequence[Outcome]) -> Gate:
    judged = defaultdict(set)
    for outcome in outcomes:
        judged[block(outcome)].add((outcome.judged_on, outcome.examples))
    mixed = [
        f"seed {seed}, split {split}" for (seed, split), found in sorted(judged.items()) if len(found) > 1
    ]
    return _gate(
        "examples",
        problem=f"Arms of one block were judged on different examples: {listed(mixed, limit=4)}."
        if mixed
        else "",
        way_out="Their difference is partly that of the examples. Give all arms of a block the same split.",
        fine="All arms of a block were judged on the same examples.",
    )


def _budget(outcomes: Sequence[Outcome]) -> Gate:
    budgets = {arm: sorted({each.epochs for each in rows}) for arm, rows in by_arm(outcomes).items()}
    amounts = {epochs for several in budgets.values() for epochs in several}
    words = [f"{arm!r} {' and '.join(f'{each:g}' for each in several)}" for arm, several in budgets.items()]
    return _gate(
        "budget",
        problem=f"Budgets differ, in epochs: {listed(words)}." if len(amounts) > 1 else "",
        way_out="What trained longer may be better for that alone. Give every arm the same.",
        fine=f"Every trial had {listed(f'{each:g}' for each in amounts)} epochs.",
    )


def _convergence(outcomes: Sequence[Outcome]) -> Gate:
    moving = {arm: sum(not each.converged for each in rows) for arm, rows in by_arm(outcomes).items()}
    words = [f"{arm!r} {counted(count, 'run')}" for arm, count in moving.items() if count]
    return _gate(
        "convergence",
        problem=f"Training still improved when it ended: {listed(words)}." if words else "",
        way_out="A slow arm would be called a bad one. Train longer, every arm alike.",
        fine="Training had come to rest in every trial.",
    )


def _selection(outcomes: Sequence[Outcome]) -> Gate:
    chosen = sorted({(each.arm, each.judged_on) for each in outcomes if each.selected_on == each.judged_on})
    words = [f"{arm!r} on {split}" for arm, split in chosen]
    return _gate(
        "selection",
        problem=f"Checkpoints or settings were chosen on the split that is reported: {listed(words)}."
        if words
        else "",
        way_out="Such values are too high. Choose on validation and report test, once.",
        fine="Nothing was chosen on the split that is reported.",
    )


def _seeds(outcomes: Sequence[Outcome], arms: int, alpha: float) -> Gate:
    seeds = len({block(outcome) for outcome in outcomes})
    needed = seeds_needed(arms, alpha=alpha)
    lowest = smallest_p(seeds)
    too_few = (
        f"{counted(seeds, 'seed')} cannot make a difference of {counted(arms, 'arm')} significant: the smallest p is "
        f"{lowest:.3g}, after Holm {min(1.0, arms * lowest):.3g}, which is not below {alpha:g}."
    )
    return _gate(
        "seeds",
        problem=too_few if seeds < needed else "",
        way_out=f"Run {needed} seeds or more.",
        fine=f"{counted(seeds, 'seed')} for {counted(arms, 'arm')}; {needed} are needed.",
    )
