"""A trial whose arm is trained: from its recipe and the data to its record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from fusion.data.columns import narrowed
from fusion.data.examples import Data, Examples, splits
from fusion.data.reading import read_data
from fusion.errors import StudyError, TrainingError
from fusion.execution.bunching import SEEDS, graphs_of, pieces, source_of
from fusion.execution.pairing import Look, contents, data_digest, prints, row_digest
from fusion.execution.tasks import failure
from fusion.graph.costs import costs
from fusion.graph.nodes import FusionGraph
from fusion.recipe.head import Output
from fusion.recipe.inputs import Input
from fusion.recipe.recipe import Recipe
from fusion.recipe.training import Phase
from fusion.recipe.values import Map
from fusion.statistics.convergence import has_converged
from fusion.study.own import path_of
from fusion.study.records import Record
from fusion.study.trials import Trial, digest_of
from fusion.training.heads import Fitted, fit_heads
from fusion.training.history import History
from fusion.training.programs import Programs
from fusion.training.runs import train
from fusion.training.sources import Source, make_source

CLASSES = frozenset({"classification", "binary", "multilabel"})


def examples_for(
    recipe: Recipe, data: Data | Path, seed: int, *, inputs: Map[str, Input] | None = None
) -> Data:
    """Returns the data of a study for one seed: a path is read, and split by that seed where it says no split itself.

    Args:
        recipe: The arm's.
        data: The study's.
        seed: Of the split.
        inputs: Those of the study's recipe. An arm that leaves some of them out is given the same examples in the same
            splits, which are drawn by what is in them.

    Raises:
        DataError: If they cannot be read, or are not what the recipe reads.
    """
    if isinstance(data, Data):
        return data
    return _read(_read_by(recipe, inputs), recipe.head.output, data, seed)


def digest_for(recipe: Recipe, data: Data | Path, seed: int, *, inputs: Map[str, Input] | None = None) -> str:
    """Returns the digest of what a recipe reads of the data of a study; arguments are those of `examples_for`.

    Raises:
        DataError: If they cannot be read, or are not what the recipe reads.
        OSError: If a file cannot be read.
    """
    examples = examples_for(recipe, data, seed, inputs=inputs)
    return data_digest(recipe, examples, look=_look(recipe, data, seed, inputs))


def forget_examples() -> None:
    """Makes the next trial read its data anew: what lies under a path may have changed since they were read."""
    _read_files.cache_clear()
    _read_arrays.cache_clear()
    _prints.cache_clear()


def _read(inputs: Map[str, Input], output: Output, path: Path, seed: int) -> Data:
    there = path_of(path, seed)
    read = _read_arrays if there.suffix == ".npz" else _read_files
    return read(inputs, output, there, seed)


# To look at all photographs again takes longer than some trials, and what is known of them little room.
@lru_cache(maxsize=16)
def _read_files(inputs: Map[str, Input], output: Output, path: Path, seed: int) -> Data:
    return read_data(path, inputs=inputs, output=output, seed=seed)


# As many as arms that take turns read before the first of them is read again.
@lru_cache(maxsize=SEEDS)
def _read_arrays(inputs: Map[str, Input], output: Output, path: Path, seed: int) -> Data:
    return read_data(path, inputs=inputs, output=output, seed=seed)


@lru_cache(maxsize=64)
def _prints(inputs: Map[str, Input], output: Output, path: Path, seed: int, name: str) -> Mapping[str, bytes]:
    return prints(_read(inputs, output, path, seed), name)


def _look(recipe: Recipe, data: Data | Path, seed: int, inputs: Map[str, Input] | None) -> Look:
    """Returns what looks at inputs of the data of a study: in memory each time, under a path once."""
    if isinstance(data, Data):
        return partial(prints, data)
    return partial(_prints, _read_by(recipe, inputs), recipe.head.output, data, seed)


def run_trial(
    trial: Trial,
    data: Data | Path,
    inputs: Map[str, Input] | None = None,
    *,
    programs: Programs | None = None,
) -> Record:
    """Returns what a trial came to: its recipe trained, and judged on the test split, or on validation without one.

    Args:
        trial: What runs.
        data: The study's.
        inputs: Those of the study's recipe, as `examples_for` takes them.
        programs: Those of the trial before, which are gone on with where it differs in its seed alone.

    Raises:
        StudyError: If the data are not those the trial was made for.
        TrainingError: If the recipe has no training, or cannot do what it says.
        DataError: If the data cannot be used, or are not what the recipe reads.
    """
    read = _checked(trial, data, inputs)
    seen = narrowed(read.examples, trial.recipe.inputs)
    before = programs.built if programs else None
    run = train(trial.recipe, seen, folders=trial.folders, programs=programs)
    record = _record(trial, run.graph, read, Came(run.history, run.metrics, run.scores[read.judged_on]))
    return replace(record, reused=before is not None and programs is not None and programs.built is before)


def run_together(
    trials: Sequence[Trial], data: Data | Path, inputs: Map[str, Input] | None = None
) -> list[Record]:
    """Returns what several trials that may train together (`fusion.execution.bunching`) came to, in their order.

    Each comes to what `run_trial` says of it, but for the order in which a machine adds. Arguments are those of it.

    Raises:
        StudyError: If the data are not those the trials were made for.
        TrainingError: If the recipe has no training, or cannot do what it says.
        DataError: If the data cannot be used, or are not what the recipe reads.
        WeightsError: If weights are missing, damaged, or another network's.
        StoreError: If the store cannot be used.
    """
    read, graphs = _checked(trials[0], data, inputs), graphs_of(trials)
    seen = narrowed(read.examples, trials[0].recipe.inputs)
    found: list[Fitted | TrainingError] = []
    for piece in pieces(graphs, sum(map(len, splits(seen).values()))):
        found += _fitted(graphs[piece], seen, trials[0].folders)
    return [
        failure(trial, f"{type(one).__name__}: {one}")
        if isinstance(one, TrainingError)
        else _record(trial, graph, read, Came(one.history, one.metrics, one.scores[read.judged_on]))
        for trial, graph, one in zip(trials, graphs, found, strict=True)
    ]


def _fitted(
    graphs: Sequence[FusionGraph], data: Data, folders: Sequence[Path]
) -> tuple[Fitted | TrainingError, ...]:
    """Trains a piece of a bunch; its models are gone when it returns."""
    made: dict[str, Source] = {}
    names = [source_of(graph) for graph in graphs]
    for name, graph in zip(names, graphs, strict=True):
        if name not in made:
            made[name] = make_source(graph, data, folders)
    return fit_heads(graphs, data, sources=[made[name] for name in names], folders=folders)


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What a trial is given.

    Args:
        examples: The examples, perhaps with inputs that its recipe leaves out.
        contents: By input, the digest of what it holds.
        rows: By split, the digest of which examples it has.
    """

    examples: Data
    contents: Mapping[str, str]
    rows: Mapping[str, str]

    @property
    def judged_on(self) -> str:
        """The split that a trial is judged on."""
        return "test" if self.examples.test is not None else "validation"


@dataclass(frozen=True, slots=True, eq=False)
class Came:
    """What a training came to.

    Args:
        history: Its epochs.
        metrics: Loss and metrics by split.
        scores: What the model says of the examples it is judged on, as probabilities or numbers.
    """

    history: History
    metrics: Mapping[str, Mapping[str, float]]
    scores: np.ndarray


def _checked(trial: Trial, data: Data | Path, inputs: Map[str, Input] | None) -> Read:
    given = (trial.recipe, data, trial.seed)
    found = digest_for(*given, inputs=inputs)
    if found != trial.data and isinstance(data, Path):
        # A worker may have read them for a study before, when something else lay there.
        forget_examples()
        found = digest_for(*given, inputs=inputs)
    if found != trial.data:
        raise StudyError("The data changed since the study began. Begin another, in a new folder.")
    examples = examples_for(*given, inputs=inputs)
    seen = narrowed(examples, trial.recipe.inputs)
    # Rows of arrays are called alike in the data of every seed.
    known = examples.digests if isinstance(data, Path) and path_of(data, trial.seed) != data else {}
    rows = {split: row_digest(part, known.get(split, ())) for split, part in splits(examples).items()}
    return Read(examples, contents(seen, look=_look(*given, inputs)), rows)


def _record(trial: Trial, graph: FusionGraph, read: Read, came: Came) -> Record:
    parts, judged_on = splits(read.examples), read.judged_on
    training = graph.recipe.training
    phases = training.phases if training else ()
    losses = _losses(came.history, phases[-1])
    total = costs(graph)
    return Record(
        key=trial.key,
        arm=trial.arm,
        seed=trial.seed,
        status="done",
        value=came.metrics[judged_on][trial.metric],
        metrics={split: dict(values) for split, values in came.metrics.items()},
        judged_on=judged_on,
        selected_on="validation" if any(each.chooses for each in phases) else None,
        epochs=training.budget if training else 0,
        losses=losses,
        converged=has_converged(losses),
        examples=read.rows[judged_on],
        correct=_correct(came, parts[judged_on], graph.recipe.head.output),
        params=total.params,
        trainable=total.phases[-1].trainable,
        flops=total.known_flops,
        versions=dict(trial.locked.versions),
        data=digest_of(read.rows),
        inputs={name: read.contents[name] for name in trial.recipe.inputs},
        sizes={split: len(part) for split, part in parts.items()},
    )


def _read_by(recipe: Recipe, inputs: Map[str, Input] | None) -> Map[str, Input]:
    if inputs is None or not recipe.inputs.keys() <= inputs.keys():
        return Map(recipe.inputs)
    return Map({**inputs, **recipe.inputs})


def _losses(history: History, phase: Phase) -> tuple[float, ...]:
    """Returns the loss of each epoch of a phase: on validation data where there are some."""
    seen = [epoch.metrics for epoch in history.epochs if epoch.phase == phase.name]
    return tuple(metrics.get("val_loss", metrics["loss"]) for metrics in seen)


def _correct(came: Came, judged: Examples, output: Output) -> str:
    if output.task not in CLASSES or judged.targets is None:
        return ""
    scores = came.scores
    if output.task == "classification":
        right = scores.argmax(axis=1) == judged.targets
    else:
        right = ((scores > 0.5) == (judged.targets.reshape(scores.shape) > 0.5)).all(axis=1)
    return "".join("1" if each else "0" for each in right)
