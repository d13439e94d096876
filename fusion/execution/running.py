"""A study from its declaration to its records: every arm with every seed, what is done already left alone."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from fusion.backbones.applications import REGISTERED, Registered
from fusion.data.examples import Data
from fusion.errors import StudyError, listed, near
from fusion.execution.bunching import bunched, program_of
from fusion.execution.clusters import Cluster
from fusion.execution.executors import run_tasks
from fusion.execution.tasks import Together, Work
from fusion.files import replacing
from fusion.graph.nodes import FusionGraph
from fusion.locking import lock
from fusion.recipe.values import Map
from fusion.recipe.writing import to_json
from fusion.study.arms import write_arms
from fusion.study.cuts import CutArm, cut_arms
from fusion.study.declaration import BASE, Study, load_study, open_study
from fusion.study.drafts import open_variants
from fusion.study.own import graph_of, path_of
from fusion.study.racing import rungs_of
from fusion.study.records import STUDY, Listed, Record, read_list, write_list
from fusion.study.results import Results, load_results
from fusion.study.trials import Trial, reseeded
from fusion.study.variants import metric_of, weight_places

Executor = Literal["local", "ray"] | Cluster
"""Where trials run: on this machine, or on those of a cluster; `ray` is `Cluster()`."""


@dataclass(frozen=True, slots=True)
class PreparedStudy:
    """A study whose arms are checked and whose trials are listed; nothing has run.

    Args:
        study: What was declared.
        trials: Seed by seed, every arm; they run in the order that `fusion.execution.bunching.bunched` gives them.
        data: What they run on.
        arms: Its variants, resolved.
    """

    study: Study
    trials: tuple[Trial, ...]
    data: Data | Path
    arms: Mapping[str, FusionGraph]

    @property
    def cuts(self) -> dict[str, CutArm]:
        """Those of its arms that ask where to cut and train on."""
        return cut_arms(self.study.cuts, self.arms[BASE]) if self.study.cuts else {}


def prepare(
    study: Study | str | Path, data: Data | str | Path | None = None, *, folders: Sequence[str | Path] = ()
) -> PreparedStudy:
    """Returns the trials of a study, each under the key of all that its result depends on.

    Args:
        study: The study, or the path of its file.
        data: What it runs on, instead of what the study names.
        folders: Where weights files lie; the folder of each recipe's file comes after them.

    Raises:
        RecipeError: Listing every problem of the study and of every arm.
        StudyError: If nobody says what it runs on.
        DataError: If the data cannot be read, or are not what a recipe reads.
        WeightsError: If a weights file is not there, or is not the one that was meant.
    """
    from fusion.execution.training import digest_for, forget_examples

    given = [Path(each) for each in folders]
    arms = open_variants(study, folders=given)[1].arms
    declared, folder, named = open_study(study, data, use="run")
    there = named if isinstance(named, Data) else Path(named)
    metric = metric_of(declared, arms[BASE])
    where = {name: weight_places(declared, name, folder=folder, folders=given) for name in arms}
    locks = {
        name: lock(graph_of(graph, declared.numbers[0]), folders=where[name]) for name, graph in arms.items()
    }
    made = []
    forget_examples()
    for seed in declared.numbers:
        for name, arm in arms.items():
            graph = graph_of(arm, seed)
            found = digest_for(graph.recipe, there, seed, inputs=Map(arms[BASE].recipe.inputs))
            locked = locks[name] if graph is arm else lock(graph, folders=where[name])
            recipe, places = reseeded(graph.recipe, seed), tuple(where[name])
            made.append(Trial(name, seed, recipe, metric, locked, found, places))
    return PreparedStudy(declared, tuple(made), there, arms)


def run(
    prepared: PreparedStudy,
    *,
    out: str | Path,
    workers: int | None = None,
    max_seconds: float | None = None,
    executor: Executor = "local",
) -> Iterator[Record]:
    """Runs the trials of a study that are not done, and yields the records of all, as `run_tasks` does.

    The first seed of every arm runs first, then arms take turns of a few seeds. A run that was broken off, however it was,
    goes on where it stopped, and comes to the equal result. Trials that train a head on stored vectors do so many at once:
    their numbers are those of each alone but for rounding. A race pauses after each of its rungs. On a cluster this process
    writes the records, so that machines need to share no more than what trials read; data in memory are brought to each once.

    Args:
        prepared: What `prepare` returned.
        out: Folder for the records, new or of this study.
        workers: How many trials run at once, each in a process of its own; 1, as if it is not said, runs them in this
            one. On a cluster it is as many as it has room for, if it is not said.
        max_seconds: After how long no further trial begins.
        executor: Where they run.

    Raises:
        StudyError: If the folder holds another study or other trials of it, or a damaged record, a worker was killed, or a
            cluster cannot be used.
        FileError: If a record cannot be written.
    """
    from fusion.execution.training import forget_examples, run_together

    folder = Path(out)
    cluster = _cluster(executor, prepared)
    forget_examples()
    _begin(prepared, folder)
    given: dict[str, Any] = {
        "data": prepared.data if cluster is None else _absolute(prepared.data),
        "inputs": prepared.arms[BASE].recipe.inputs,
    }
    trials = prepared.trials if cluster is None else [_placed(trial) for trial in prepared.trials]
    known = {name: REGISTERED[name] for each in trials for name in each.recipe.requires if name in REGISTERED}
    work = Together(
        partial(_begun, given, known),
        bunched,
        partial(_knowing, work=partial(run_together, **given), registered=known),
        program_of,
    )
    began, before = time.monotonic(), 0
    for rung in rungs_of(prepared.study):
        yield from run_tasks(
            _wanted(trials, prepared.study.numbers[before:rung], load_results(folder)),
            work,
            out=folder,
            workers=workers,
            max_seconds=None if max_seconds is None else max_seconds - (time.monotonic() - began),
            cluster=cluster,
        )
        before = rung


def _wanted(trials: Sequence[Trial], seeds: Sequence[int], found: Results) -> list[Trial]:
    """Returns the trials with some seeds whose records are there or wanted: of an arm that a race stopped, those that ran."""
    known = {record.key for record in found.done}
    return [
        trial
        for trial in trials
        if trial.seed in seeds and (trial.arm not in found.stopped or trial.key in known)
    ]


def run_study(
    study: Study | str | Path,
    data: Data | str | Path | None = None,
    *,
    out: str | Path,
    folders: Sequence[str | Path] = (),
    workers: int | None = None,
    max_seconds: float | None = None,
    executor: Executor = "local",
) -> Results:
    """Returns what a study came to, after running those of its trials that are not done.

    Arguments are those of `prepare` and `run`; what `max_seconds` left out is waiting in the results.

    Raises:
        RecipeError: Listing every problem of the study and of every arm.
        StudyError: If nobody says what it runs on, the folder holds another study or a damaged record, a worker was
            killed, or a cluster cannot be used.
        DataError: If the data cannot be read, or are not what a recipe reads.
        WeightsError: If a weights file is not there, or is not the one that was meant.
    """
    prepared = prepare(study, data, folders=folders)
    for _ in run(prepared, out=out, workers=workers, max_seconds=max_seconds, executor=executor):
        pass
    return load_results(out)


def _begin(prepared: PreparedStudy, folder: Path) -> None:
    """Writes which study a folder holds, or makes sure that it is this one."""
    text, path = to_json(prepared.study), folder / STUDY
    if path.exists() and path.read_text(encoding="utf-8") != text:
        there = load_study(path)
        raise StudyError(
            f"The folder {folder} holds the study {there.name!r} as it was declared when it began. Name a new folder; "
            "trials that mean the same can be copied there from its folder 'trials'."
        )
    _keep(prepared.trials, folder)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
    write_arms(prepared.arms, folder, cuts=prepared.cuts)
    write_list([Listed(each.key, each.arm, each.seed) for each in prepared.trials], folder)


def _keep(trials: Sequence[Trial], folder: Path) -> None:
    """Makes sure that no trial a folder lists would be lost to another of the same arm and seed."""
    try:
        there = {(each.arm, each.seed): each.key for each in read_list(folder)}
    except StudyError:
        # A list that is not there or damaged is written anew.
        return
    moved = [each for each in trials if there.get((each.arm, each.seed), each.key) != each.key]
    if moved:
        arms = listed(dict.fromkeys(repr(each.arm) for each in moved), limit=6)
        raise StudyError(
            f"The folder {folder} lists other trials of {arms}: since it began a recipe's file, the data, a weights file or the "
            "version of a package changed. Name a new folder, so that what ran here is not lost."
        )


def _cluster(executor: Executor, prepared: PreparedStudy) -> Cluster | None:
    """Returns where trials run, with all that must be seen there; `None` for this machine."""
    if executor == "local":
        return None
    if executor == "ray":
        executor = Cluster()
    if not isinstance(executor, Cluster):
        known = ("local", "ray")
        raise StudyError(f"There is no executor {executor!r}.{near(executor, known)} Executors: local, ray.")
    folders = {folder.absolute() for trial in prepared.trials for folder in trial.folders if folder.exists()}
    there = prepared.data
    named = (
        {}
        if isinstance(there, Data)
        else {path_of(there.absolute(), each.seed): None for each in prepared.trials}
    )
    return replace(executor, paths=(*executor.paths, *named, *sorted(folders)))


def _placed(trial: Trial) -> Trial:
    """Returns a trial whose folders are named so that they are found whatever folder a worker is in."""
    return replace(trial, folders=tuple(folder.absolute() for folder in trial.folders))


def _absolute(data: Data | Path) -> Data | Path:
    return data if isinstance(data, Data) else data.absolute()


def _begun(given: Mapping[str, Any], registered: Mapping[str, Registered]) -> Work:
    """Returns what makes the record of one trial after the other in one process, with the programs of the one before."""
    from fusion.execution.training import run_trial
    from fusion.training.programs import Programs

    return partial(_knowing, work=partial(run_trial, **given, programs=Programs()), registered=registered)


def _knowing(those: Any, *, work: Callable[[Any], Any], registered: Mapping[str, Registered]) -> Any:
    """Returns what work makes of a trial or several where the functions that were registered here are, too."""
    REGISTERED.update(registered)
    return work(those)
