"""Conditions of a claim that only a study's records tell of: what ran, on which data, in which splits."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from fusion.errors import listed
from fusion.statistics.gates import Gate
from fusion.statistics.outcomes import Outcome
from fusion.study.records import Record
from fusion.study.resampling import drawn_anew, overlap_of
from fusion.study.results import Results
from fusion.wording import counted


def conditions(results: Results, found: Sequence[Outcome], asked: Sequence[Gate]) -> tuple[Gate, ...]:
    """Returns all conditions of a claim.

    Args:
        results: What the study came to.
        found: The same, as `fusion.statistics` takes it.
        asked: What `fusion.statistics.gates.gates` says of it.
    """
    return (
        _all_ran(results),
        *asked,
        _numbers(found),
        _data(results.done),
        _splits(results.done, own_data=results.study.has_own_data),
    )


def _all_ran(results: Results) -> Gate:
    left, failed = results.waiting, len(results.failed)
    words = [f"{counted(left, 'trial')} did not run"] * bool(left) + [f"{failed} failed"] * bool(failed)
    if not words and results.saved:
        spared = f"the race spared {results.saved} of {counted(len(results.trials), 'trial')}"
        return Gate(
            "trials", True, f"All {counted(len(results.records), 'trial')} that were needed ran; {spared}."
        )
    if not words:
        return Gate("trials", True, f"All {counted(len(results.trials), 'trial')} ran.")
    text = f"Of {counted(len(results.trials), 'trial')} {', and '.join(words)}."
    return Gate(
        "trials", False, f"{text} To stop at a good moment raises every error rate. Run the study to its end."
    )


def _numbers(found: Sequence[Outcome]) -> Gate:
    broken = list(dict.fromkeys(each.arm for each in found if not np.isfinite(each.value)))
    if not broken:
        return Gate("numbers", True, "Every metric is a number.")
    text = f"The metric is no number for {listed(map(repr, broken))}: training diverged. Lower its learning rate."
    return Gate("numbers", False, text)


def _data(records: Sequence[Record]) -> Gate:
    seen: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        # Arms that read different inputs of the same rows are paired.
        for what, digest in {"": record.data, **record.inputs}.items():
            seen[record.seed][what].add(digest)
    mixed = [
        f"seed {seed}" for seed, found in sorted(seen.items()) if any(len(e) > 1 for e in found.values())
    ]
    if not mixed:
        return Gate("data", True, "All arms of a seed were given the same data.")
    text = f"Arms of one seed were given different data: {listed(mixed, limit=4)}."
    return Gate("data", False, f"{text} Their difference is partly that of the data. Run both on the same.")


def _splits(records: Sequence[Record], *, own_data: bool) -> Gate:
    if not drawn_anew(records):
        return Gate("splits", True, "Every seed was judged on the same examples.")
    if own_data:
        text = (
            "Every seed has data of its own. Whether they share examples was not looked into: the more they do, the more "
            "too narrow intervals are."
        )
        return Gate("splits", True, text, known=False)
    if all(record.sizes.get("train") for record in records):
        share = overlap_of(records)
        text = f"Splits were drawn anew from one pool: intervals are wider for it, by a test share of {share:.2g}."
        return Gate("splits", True, text)
    text = "Splits were drawn anew from one pool, and the records do not say how many examples each has."
    return Gate(
        "splits", False, f"{text} How much seeds depend on each other is not known. Run the study again."
    )
