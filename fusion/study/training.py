"""A trial whose arm is trained: from its recipe and the data to its record."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from fusion.data.examples import Data, Examples, splits
from fusion.data.reading import read_data
from fusion.errors import StudyError
from fusion.graph.costs import costs
from fusion.recipe.head import Output
from fusion.recipe.inputs import Input
from fusion.recipe.recipe import Recipe
from fusion.recipe.training import Phase
from fusion.recipe.values import Map
from fusion.statistics.convergence import has_converged
from fusion.study.columns import narrowed
from fusion.study.pairing import contents, data_digest, row_digest
from fusion.study.records import Record
from fusion.study.trials import Trial, digest_of
from fusion.training.evaluation import predict
from fusion.training.runs import Run, train

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


def forget_examples() -> None:
    """Makes the next trial read its data anew: what lies under a path may have changed since they were read."""
    _read.cache_clear()
    _contents.cache_clear()


# Trials of one seed follow each other, and to look at all photographs again takes longer than some of them.
@lru_cache(maxsize=2)
def _read(inputs: Map[str, Input], output: Output, path: Path, seed: int) -> Data:
    return read_data(path, inputs=inputs, output=output, seed=seed)


@lru_cache(maxsize=2)
def _contents(inputs: Map[str, Input], output: Output, path: Path, seed: int) -> Mapping[str, str]:
    return contents(_read(inputs, output, path, seed))


def run_trial(trial: Trial, data: Data | Path, inputs: Map[str, Input] | None = None) -> Record:
    """Returns what a trial came to: its recipe trained, and judged on the test split, or on validation without one.

    Args:
        trial: What runs.
        data: The study's.
        inputs: Those of the study's recipe, as `examples_for` takes them.

    Raises:
        StudyError: If the data are not those the trial was made for.
        TrainingError: If the recipe has no training, or cannot do what it says.
        DataError: If the data cannot be used, or are not what the recipe reads.
    """
    examples = examples_for(trial.recipe, data, trial.seed, inputs=inputs)
    if data_digest(trial.recipe, examples) != trial.data:
        raise StudyError("The data changed since the study began. Begin another, in a new folder.")
    # It may read less than the recipe its data were read by.
    seen = narrowed(examples, trial.recipe.inputs)
    run = train(trial.recipe, seen, folders=trial.folders)
    judged_on = "test" if examples.test is not None else "validation"
    judged = splits(seen)[judged_on]
    training = run.graph.recipe.training
    phases = training.phases if training else ()
    losses = _losses(run, phases[-1])
    total = costs(run.graph)
    known = _known(trial, data, examples, inputs)
    return Record(
        key=trial.key,
        arm=trial.arm,
        seed=trial.seed,
        status="done",
        value=run.metrics[judged_on][trial.metric],
        metrics={split: dict(values) for split, values in run.metrics.items()},
        judged_on=judged_on,
        selected_on="validation" if any(map(_chooses, phases)) else None,
        epochs=training.budget if training else 0,
        losses=losses,
        converged=has_converged(losses),
        examples=row_digest(judged),
        correct=_correct(run, judged, run.graph.recipe.head.output),
        params=total.params,
        trainable=total.phases[-1].trainable,
        flops=total.flops,
        versions=dict(trial.locked.versions),
        data=digest_of({split: row_digest(part) for split, part in splits(examples).items()}),
        inputs={name: known[name] for name in trial.recipe.inputs},
        sizes={split: len(part) for split, part in splits(examples).items()},
    )


def _known(
    trial: Trial, data: Data | Path, examples: Data, inputs: Map[str, Input] | None
) -> Mapping[str, str]:
    if isinstance(data, Data):
        return contents(narrowed(examples, trial.recipe.inputs))
    return _contents(_read_by(trial.recipe, inputs), trial.recipe.head.output, data, trial.seed)


def _read_by(recipe: Recipe, inputs: Map[str, Input] | None) -> Map[str, Input]:
    if inputs is None or not recipe.inputs.keys() <= inputs.keys():
        return recipe.inputs
    return Map({**inputs, **recipe.inputs})


def _chooses(phase: Phase) -> bool:
    return phase.keep == "best" or phase.early_stopping is not None


def _losses(run: Run, phase: Phase) -> tuple[float, ...]:
    """Returns the loss of each epoch of a phase: on validation data where there are some."""
    seen = [epoch.metrics for epoch in run.history.epochs if epoch.phase == phase.name]
    return tuple(metrics.get("val_loss", metrics["loss"]) for metrics in seen)


def _correct(run: Run, judged: Examples, output: Output) -> str:
    if output.task not in CLASSES or judged.targets is None:
        return ""
    scores = np.array([each.scores for each in predict(run.model, judged, output)])
    if output.task == "classification":
        right = scores.argmax(axis=1) == judged.targets
    else:
        right = ((scores > 0.5) == (judged.targets.reshape(scores.shape) > 0.5)).all(axis=1)
    return "".join("1" if each else "0" for each in right)
