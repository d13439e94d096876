"""What a study shows of its arms, and whether it may be claimed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from fusion.errors import DataError, StudyError, listed, near
from fusion.statistics.best import BestSet, best_set, cheapest
from fusion.statistics.differences import Difference, differences, holm
from fusion.statistics.gates import Gate, gates, refusals
from fusion.statistics.optimism import optimism
from fusion.statistics.outcomes import Outcome, block, by_arm, complete, oriented, pair
from fusion.statistics.samples import SampleDifference, sample_differences
from fusion.study.conditions import conditions
from fusion.study.racing import Stop
from fusion.study.records import Record
from fusion.study.resampling import overlap_of
from fusion.study.results import Results, outcomes, results_of

Cost = Literal["flops", "params", "trainable", "seconds"]
"""What the cheapest arm is cheapest in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResult:
    """What one arm came to.

    Args:
        arm: Its name.
        seeds: How many of its trials are done.
        mean: Mean of the metric over them.
        values: The metric by seed.
        params: Weights of the model.
        trainable: How many the last phase trains.
        flops: Of a prediction, for one example; `None` where they are not known.
        seconds: Of a trial that made its own programs, on average; of any where none did.
        stopped: After how many seeds a race stopped it; 0 if none did.
    """

    arm: str
    seeds: int
    mean: float
    values: dict[int, float]
    params: int
    trainable: int
    flops: int | None
    seconds: float
    stopped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The arms of a study against its reference. What it holds may be claimed only where no gate refuses it.

    Args:
        study: What it is called.
        metric: What is compared.
        better: Which values of it are good.
        reference: The arm the others are compared with.
        alpha: Error rate of all comparisons together.
        gates: Each condition of a claim, and whether it holds.
        arms: What each came to, in the study's order.
        differences: Of each other arm to the reference, over the seeds that all arms have; empty with fewer than two.
        best: The arms that may be the best, over the same seeds; `None` with fewer than two.
        cheapest: Its member that costs least; `None` where what one of them costs is not known.
        by: What it is cheapest in.
        samples: Differences with the uncertainty of the test examples alone.
        why_no_samples: Why that is not known, or `""`.
        optimism: By how much the best arm's mean is expected to be too high, having been chosen by it.
        blocks: How many seeds differences and the set of best are over; 0 with fewer than two.
        overlap: Test over training examples where splits are drawn anew from one pool; it widens the intervals.
    """

    study: str
    metric: str
    better: Literal["higher", "lower"]
    reference: str
    alpha: float
    gates: tuple[Gate, ...]
    arms: tuple[ArmResult, ...]
    differences: tuple[Difference, ...] = ()
    best: BestSet | None = None
    cheapest: str | None = None
    by: Cost = "flops"
    samples: tuple[SampleDifference, ...] = ()
    why_no_samples: str = ""
    optimism: float | None = None
    blocks: int = 0
    overlap: float = 0.0

    @property
    def cheapest_words(self) -> str:
        """The cheapest member of the set of best as sentences name it, with those that cost exactly as little."""
        costs = {each.arm: getattr(each, self.by) for each in self.arms}
        members = self.best.arms if self.best else ()
        if unknown := [arm for arm in members if costs[arm] is None]:
            return f"not known, for {listed(map(repr, unknown), limit=6)} has layers whose operations nobody counts"
        tied = [arm for arm in members if costs[arm] == costs.get(self.cheapest or "")]
        names = listed(map(repr, tied), limit=6) if tied else repr(self.cheapest)
        return f"a tie of {names}" if len(tied) > 1 else names

    @property
    def whole_arms(self) -> tuple[ArmResult, ...]:
        """The arms with a number for every seed that any arm has; a mean over fewer seeds stands beside no other."""
        seeds = set[int]().union(*(each.values for each in self.arms))
        return tuple(
            each
            for each in self.arms
            if not each.stopped and each.values.keys() == seeds and np.isfinite(each.mean)
        )

    @property
    def refused(self) -> tuple[Gate, ...]:
        """The conditions that do not hold; with none, what was found may be claimed."""
        return refusals(self.gates)


def compare(results: Results | str | Path, *, by: Cost | None = None) -> Comparison:
    """Returns how the arms of a study differ from its reference, and which conditions of a claim hold.

    Where they do not, differences are those over the seeds that every arm has, shown and not to be claimed. Before any
    trial is done there is only the gate that says so.

    Args:
        results: What `fusion.load_results` returned, or the folder of the run; trials may be missing.
        by: What the cheapest arm is cheapest in; if it is not said flops, or where all arms cost the same in it, as those of
            a study of cuts do, or that is not known of one, the weights that train.

    Raises:
        DataError: If trials are done, but none of the reference.
        StudyError: If there is no such cost or run, or seconds are asked for and not all trained with as many others, or no
            trial of an arm made its own programs.
    """
    if by not in (costs := get_args(Cost)) and by is not None:
        raise StudyError(f"There is no cost {by!r}.{near(str(by), costs)} Costs: {listed(costs)}.")
    results = results_of(results)
    study = results.study
    if by == "seconds":
        _check_seconds(results.done)
    found = outcomes(results)
    overlap = overlap_of(results.done, own_data=study.has_own_data)
    asked = gates(found, study.reference, alpha=study.alpha) if found else ()
    arms = tuple(
        _arm(name, [r for r in results.done if r.arm == name], results.stopped.get(name))
        for name in by_arm(found)
    )
    shown = Comparison(
        study=study.name,
        metric=results.metric,
        better=results.better,
        reference=study.reference,
        alpha=study.alpha,
        gates=conditions(results, found, asked),
        arms=arms,
        overlap=overlap,
        by=by or _telling(arms),
    )
    shared = _shared(found)
    if len({block(each) for each in shared}) < 2 or study.reference not in by_arm(shared):
        return shown
    return _measured(shown, shared)


def _measured(shown: Comparison, shared: Sequence[Outcome]) -> Comparison:
    scores = pair(shared, better=shown.better)
    best = best_set(scores, alpha=shown.alpha)
    others = len(scores.arms) > 1
    try:
        samples, why = sample_differences(shared, shown.reference) if others else (), ""
    except DataError as error:
        samples, why = (), str(error)
    return replace(
        shown,
        differences=_of_all(shown, differences(scores, shown.reference, overlap=shown.overlap))
        if others
        else (),
        best=best,
        cheapest=cheapest(best, {each.arm: getattr(each, shown.by) for each in shown.arms}),
        samples=samples,
        why_no_samples=why,
        optimism=optimism(oriented(scores)),
        blocks=len(scores.blocks),
    )


def _of_all(shown: Comparison, found: Sequence[Difference]) -> tuple[Difference, ...]:
    """Returns differences with Holm's p for all arms the study began with, those that a race stopped among them."""
    adjusted = holm([each.p for each in found] + [1.0] * sum(arm.stopped > 0 for arm in shown.arms))
    return tuple(replace(each, p_holm=p) for each, p in zip(found, adjusted, strict=False))


def _check_seconds(records: Sequence[Record]) -> None:
    """Raises unless the seconds of all arms are known for trials of one sort."""
    at_once = sorted({record.together for record in records})
    if len(at_once) > 1:
        raise StudyError(
            f"The arms are not compared by seconds: trials trained {listed(map(str, at_once))} at once, and what is "
            "known of each is its share of the time. Compare by flops, params or trainable."
        )
    whole = {record.arm for record in records if not record.reused}
    lacking = [repr(arm) for arm in dict.fromkeys(record.arm for record in records) if arm not in whole]
    if lacking and whole:
        raise StudyError(
            f"The arms are not compared by seconds: every trial of {listed(lacking, limit=6)} went on with the programs of "
            "another trial, and took less time for it. Compare by flops, params or trainable."
        )


def _telling(arms: Sequence[ArmResult]) -> Cost:
    """Returns what arms cost that tells them apart."""
    found = {each.flops for each in arms}
    return "trainable" if len(arms) > 1 and (len(found) == 1 or None in found) else "flops"


def _arm(name: str, records: Sequence[Record], stop: Stop | None) -> ArmResult:
    values = {record.seed: record.value for record in records if record.value is not None}
    whole = [record for record in records if not record.reused]
    return ArmResult(
        arm=name,
        seeds=len(records),
        mean=float(np.mean(list(values.values()))),
        values=values,
        params=records[0].params,
        trainable=records[0].trainable,
        flops=records[0].flops,
        seconds=float(np.mean([record.seconds for record in whole or records])),
        stopped=stop.seeds if stop else 0,
    )


def _shared(found: Sequence[Outcome]) -> list[Outcome]:
    """Returns the outcomes of arms that ended, were numbers and ran, in the blocks that all of those arms have once."""
    broken = {each.arm for each in found if not np.isfinite(each.value)}
    kept = [each for each in complete(found) if each.arm not in broken]
    counts = Counter((each.arm, block(each)) for each in kept)
    arms = by_arm(kept)
    return [each for each in kept if all(counts[arm, block(each)] == 1 for arm in arms)]
