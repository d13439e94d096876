"""A race between the arms of a study: rung by rung of seeds, arms that are surely not the best are stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fusion.statistics.racing import beaten
from fusion.study.declaration import Study
from fusion.study.records import Record
from fusion.study.resampling import overlap_of


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an arm runs with no further seed.

    Args:
        seeds: After how many.
        beaten_by: The arm that is surely better.
    """

    seeds: int
    beaten_by: str


def stops(
    study: Study, arms: Sequence[str], records: Sequence[Record], *, better: Literal["higher", "lower"]
) -> dict[str, Stop]:
    """Returns the arms that the race of a study stopped; it follows from the records, whatever order they came in.

    After each rung the arms left that are done with each of its seeds are compared in pairs, as
    `fusion.statistics.racing.beaten` does, each rung with an equal share of the race's alpha. The reference is never
    stopped, as all others are compared with it.

    Args:
        study: What was declared.
        arms: Its arms.
        records: What there is so far.
        better: Which values are good.

    >>> study = Study(name="one", recipe="r.json", racing={"rungs": [3]}, seeds=8)
    >>> stops(study, ["base", "other"], (), better="higher")
    {}
    """
    if study.racing is None:
        return {}
    values = {
        (record.arm, record.seed): record
        for record in records
        if record.status == "done" and record.value is not None and np.isfinite(record.value)
    }
    sign = 1.0 if better == "higher" else -1.0
    rungs = rungs_of(study)[:-1]
    found: dict[str, Stop] = {}
    for rung in rungs:
        seeds = study.numbers[:rung]
        left = [arm for arm in arms if arm not in found and all((arm, seed) in values for seed in seeds)]
        if len(left) < 2:
            continue
        seen = [[values[arm, seed] for arm in left] for seed in seeds]
        table = sign * np.array([[record.value for record in row] for row in seen], dtype=np.float64)
        overlap = overlap_of([each for row in seen for each in row], own_data=study.has_own_data)
        lost = beaten(table, alpha=study.racing.alpha / len(rungs), began=len(arms), overlap=overlap)
        found |= {
            left[arm]: Stop(rung, left[other]) for arm, other in lost.items() if left[arm] != study.reference
        }
    return found


def rungs_of(study: Study) -> tuple[int, ...]:
    """Returns after how many seeds a run pauses, all of them being last.

    >>> rungs_of(Study(name="one", recipe="r.json", racing={"rungs": [3, 5, 12]}, seeds=10))
    (3, 5, 10)
    >>> rungs_of(Study(name="one", recipe="r.json"))
    (10,)
    """
    count = len(study.numbers)
    rungs = study.racing.rungs if study.racing else ()
    return (*(rung for rung in rungs if rung < count), count)
