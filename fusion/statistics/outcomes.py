"""What the trials of a study came to, and their table: a row for each block, a column for each arm."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fusion.errors import DataError, listed, near
from fusion.wording import counted

Split = Literal["train", "validation", "test"]
Block = tuple[int, int]
"""The seed and the split's seed of trials that share every random number: split, order, new layers."""

ROUNDING = 1e-12
"""Share of a value below which two values differ by rounding alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one trial came to.

    Args:
        arm: The variant that ran.
        seed: Seed of order, new layers and whatever else is drawn; equal in all arms of a block.
        split: Seed of the split; equal in all arms of a block.
        value: The metric.
        epochs: What it was allowed: passes over the training data, or any other measure of a budget.
        converged: Whether training had come to rest, as `fusion.statistics.convergence` tells.
        selected_on: Split by which its checkpoint or its settings were chosen, or `None` if nothing was.
        judged_on: Split the metric is of.
        examples: Digest of the examples it was judged on, in their order.
        correct: Whether each of them was right, in that order, or `None` if that was not kept.
        stopped: Whether a race stopped it before its budget was spent.

    >>> Outcome(arm="frozen", seed=0, value=0.9, epochs=30).split
    0
    """

    arm: str
    seed: int
    split: int = 0
    value: float
    epochs: float
    converged: bool = True
    selected_on: Split | None = "validation"
    judged_on: Split = "test"
    examples: str = ""
    correct: tuple[bool, ...] | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """One metric of several arms on the same blocks.

    Args:
        arms: Names of the columns.
        blocks: Names of the rows.
        values: The metric, blocks x arms.
        better: Which values are good.
    """

    arms: tuple[str, ...]
    blocks: tuple[Block, ...]
    values: np.ndarray
    better: Literal["higher", "lower"] = "higher"


def block(outcome: Outcome) -> Block:
    """Returns the block a trial belongs to.

    >>> block(Outcome(arm="frozen", seed=3, split=1, value=0.9, epochs=30))
    (3, 1)
    """
    return outcome.seed, outcome.split


def complete(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Returns the outcomes of arms of which no trial was stopped: a stopped trial's value is that of less training.

    >>> rows = [Outcome(arm=arm, seed=0, value=0.9, epochs=3, stopped=arm == "b") for arm in "ab"]
    >>> [outcome.arm for outcome in complete(rows)]
    ['a']
    """
    stopped = {outcome.arm for outcome in outcomes if outcome.stopped}
    return tuple(outcome for outcome in outcomes if outcome.arm not in stopped)


def by_arm(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Returns the outcomes of each arm; arms in the order they first come in.

    >>> rows = [Outcome(arm=arm, seed=0, value=0.9, epochs=3) for arm in "ba"]
    >>> list(by_arm(rows))
    ['b', 'a']
    """
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.arm].append(outcome)
    return dict(found)


def unpaired(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Returns, in words, each way in which the arms were not run once in each of the same blocks.

    >>> unpaired(
    ...     [Outcome(arm=arm, seed=seed, value=0.9, epochs=3) for arm, seed in (("a", 0), ("a", 1), ("b", 1))]
    ... )
    ("'b' has no run of seed 0, split 0",)
    """
    counts = Counter((outcome.arm, block(outcome)) for outcome in outcomes)
    arms, blocks = by_arm(outcomes), sorted({block(outcome) for outcome in outcomes})
    lines = []
    for arm in arms:
        missing = [_named(each) for each in blocks if not counts[arm, each]]
        several = [_named(each) for each in blocks if counts[arm, each] > 1]
        lines += [f"{arm!r} has no run of {listed(missing, limit=4)}"] if missing else []
        lines += [f"{arm!r} has more than one run of {listed(several, limit=4)}"] if several else []
    return tuple(lines)


def pair(outcomes: Sequence[Outcome], *, better: Literal["higher", "lower"] = "higher") -> Scores:
    """Returns the table of the arms that ran to their end; arms keep their order, blocks are sorted.

    Raises:
        DataError: If there is nothing to pair, a value is not a number, or an arm lacks a block or has one twice.

    >>> rows = [
    ...     Outcome(arm=arm, seed=seed, value=seed + len(arm), epochs=3)
    ...     for seed in (1, 0)
    ...     for arm in ("a", "bb")
    ... ]
    >>> pair(rows).values.tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    kept = complete(outcomes)
    if not kept:
        raise DataError(
            "No arm ran to its end, so there is nothing to compare. Run the study, or without a race."
        )
    problems = unpaired(kept)
    if problems:
        raise DataError(
            f"The arms are not paired: {'; '.join(problems)}. Run every arm once with each seed and split."
        )
    broken = [
        f"{outcome.arm!r}, {_named(block(outcome))}" for outcome in kept if not np.isfinite(outcome.value)
    ]
    if broken:
        raise DataError(
            f"The metric of {counted(len(broken), 'run')} is not a number: {listed(broken, limit=4)}. "
            "Training diverged: lower the learning rate of that arm, or leave the arm out."
        )
    arms, blocks = tuple(by_arm(kept)), tuple(sorted({block(outcome) for outcome in kept}))
    cells = {(block(outcome), outcome.arm): outcome.value for outcome in kept}
    values = np.array([[cells[row, arm] for arm in arms] for row in blocks], dtype=np.float64)
    values.flags.writeable = False
    return Scores(arms=arms, blocks=blocks, values=values, better=better)


def column(scores: Scores, arm: str) -> np.ndarray:
    """Returns the metric of one arm, a value for each block.

    Raises:
        DataError: If there is no such arm.

    >>> column(pair([Outcome(arm="a", seed=0, value=0.5, epochs=3)]), "a").tolist()
    [0.5]
    """
    if arm not in scores.arms:
        raise DataError(f"There is no arm {arm!r}.{near(arm, scores.arms)} Arms: {listed(scores.arms)}.")
    values: np.ndarray = scores.values[:, scores.arms.index(arm)]
    return values


def oriented(scores: Scores) -> np.ndarray:
    """Returns the table with its sign changed where lower is better, so that more is always better.

    >>> oriented(pair([Outcome(arm="a", seed=0, value=0.5, epochs=3)], better="lower")).tolist()
    [[-0.5]]
    """
    return scores.values if scores.better == "higher" else -scores.values


def apart(these: np.ndarray, those: np.ndarray) -> np.ndarray:
    """Returns `these - those`, and 0 where they differ by rounding alone, which would look like a steady effect.

    >>> apart(np.array([0.1 + 0.2, 0.5]), np.array([0.3, 0.4])).round(3).tolist()
    [0.0, 0.1]
    """
    found: np.ndarray = np.where(np.isclose(these, those, rtol=ROUNDING, atol=0.0), 0.0, these - those)
    return found


def _named(row: Block) -> str:
    seed, split = row
    return f"seed {seed}, split {split}"
