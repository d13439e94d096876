"""Two runs as one, so that arms of both can be compared pair by pair."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from fusion.errors import StudyError
from fusion.study.records import Listed, Record
from fusion.study.results import Results

Trial = TypeVar("Trial", Listed, Record)


def united(first: Results, second: Results, *, names: tuple[str, str]) -> Results:
    """Returns the trials of two runs as those of one; arms are called `NAME/ARM`, and the reference is the first's.

    An arm of the second of which the first has every trial done is that of the first. Whether the arms were given the
    same data is a gate of `fusion.study.claims.compare`, as for one run.

    Args:
        first: The run with the reference.
        second: The other.
        names: What the runs are called in the names of arms.

    Raises:
        StudyError: If they have one name, or compare by different metrics.
    """
    if names[0] == names[1]:
        raise StudyError(f"Both runs are called {names[0]!r}. Give them different names.")
    if first.metric != second.metric:
        raise StudyError(
            f"{names[0]} compares by {first.metric} and {names[1]} by {second.metric}, which cannot be compared. "
            "Run one of them with the other's metric."
        )
    known = _known(second, {record.key: record.arm for record in first.done})
    study = first.study.replaced(
        name=f"{first.study.name} and {second.study.name}", reference=f"{names[0]}/{first.study.reference}"
    )
    stopped = {
        f"{name}/{arm}": replace(stop, beaten_by=f"{name}/{stop.beaten_by}")
        for name, several in zip(names, (first.stopped, second.stopped), strict=True)
        for arm, stop in several.items()
        if name == names[0] or arm not in known
    }
    return Results(
        study,
        (*_named(first.trials, names[0], ()), *_named(second.trials, names[1], known)),
        (*_named(first.records, names[0], ()), *_named(second.records, names[1], known)),
        stopped,
        first.task,
        {f"{names[1]}/{arm}": f"{names[0]}/{same}" for arm, same in known.items()},
        {
            f"{name}/{arm}": recipe
            for name, several in zip(names, (first.recipes, second.recipes), strict=True)
            for arm, recipe in several.items()
        },
    )


def _known(results: Results, done: Mapping[str, str]) -> dict[str, str]:
    """Returns the arms of a run whose trials are all among some that are done, each with the arm of which they are."""
    left = {trial.arm for trial in results.trials if trial.key not in done}
    return {trial.arm: done[trial.key] for trial in results.trials if trial.arm not in left}


def _named(trials: Iterable[Trial], name: str, known: Collection[str]) -> tuple[Trial, ...]:
    return tuple(replace(each, arm=f"{name}/{each.arm}") for each in trials if each.arm not in known)
