"""From a study and data to the scores of its taps: one pass through each backbone, and nothing trains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fusion.checking import resolve
from fusion.data.columns import check_present, narrowed
from fusion.data.examples import Data, splits
from fusion.data.reading import read_data
from fusion.errors import StudyError
from fusion.features.arrays import Features, extract_features
from fusion.features.extraction import Watch
from fusion.graph.nodes import FusionGraph
from fusion.probe.scored import Scored, ScoredTap
from fusion.probe.tapping import TapPoint, find_taps, tapped_recipe
from fusion.recipe.reading import load_recipe
from fusion.recipe.recipe import Recipe
from fusion.scores.holding import hold_out
from fusion.scores.probing import Probe, Probing, Tap, TapScores, corrected, judge, probe
from fusion.scores.targets import Targets, blind_value, make_targets, take
from fusion.study.declaration import BASE, Study, open_study
from fusion.study.own import graph_of, has_own_weights, path_of
from fusion.study.variants import weight_places

SCORED = ("train", "validation")
"""What taps are scored on; the test split is for what is reported."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTaps:
    """A study whose taps are known, with what they are scored on.

    Args:
        study: What was declared.
        graph: Its recipe.
        taps: Its taps.
        data: As read by the recipe, split by the study's first seed.
        folders: Where weights files lie.
        own_weights: Whether each seed has a weights file of its own; the graph names that of the first.
    """

    study: Study
    graph: FusionGraph
    taps: tuple[TapPoint, ...]
    data: Data
    folders: tuple[Path, ...]
    own_weights: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """The features of all taps.

    Args:
        features: By tap, shape (examples, width), of training examples, then those of validation.
        targets: Of these.
        held: The same of the test split; empty where it was not asked for.
        answers: The targets of that.
    """

    features: Mapping[str, np.ndarray]
    targets: Targets
    held: Mapping[str, np.ndarray]
    answers: Targets | None


def score_taps(
    study: Study | str | Path,
    data: Data | str | Path | None = None,
    *,
    options: Probing | None = None,
    test: bool = False,
    folders: Sequence[str | Path] = (),
    store: str | Path | None = None,
) -> Scored:
    """Returns the scores of every tap of a study, from one pass through each backbone; nothing trains.

    They are scored on the training and validation examples, split by the study's first seed. The features lie in a
    store under a key of their content, so a second run extracts none.

    Args:
        study: The study, or the path of its file.
        data: What it is scored on, instead of what the study names.
        options: Penalties, neighbours, permutations, and how many examples at most.
        test: Whether a ridge probe at each tap is also asked about the test split, which is then no longer unseen.
        folders: Where weights files lie; the folder of the study's recipe comes after them.
        store: Folder of the store; that of the user's cache if `None`.

    Raises:
        RecipeError: Listing every problem of the study.
        StudyError: If nobody says what it runs on, or a test is asked for and there is none.
        DataError: If the data cannot be read, or are not what the recipe reads.
        WeightsError: If a weights file is not there, or is not the one that was meant.
        StoreError: If the store cannot be used, or has no room.
    """
    prepared = prepare_taps(study, data, folders=folders)
    return score(prepared, pool_taps(prepared, test=test, store=store), options)


def prepare_taps(
    study: Study | str | Path, data: Data | str | Path | None = None, *, folders: Sequence[str | Path] = ()
) -> PreparedTaps:
    """Returns a study with its taps and its data; nothing has run. Arguments and errors are those of `score_taps`."""
    declared, folder, named = open_study(study, data, use="scores")
    where = [Path(each) for each in folders]
    recipe = declared.recipe if isinstance(declared.recipe, Recipe) else load_recipe(folder / declared.recipe)
    places = weight_places(declared, BASE, folder=folder, folders=where)
    graph = graph_of(resolve(recipe, folders=places), declared.numbers[0])
    taps = find_taps(declared, graph)
    found = named if isinstance(named, Data) else _read(recipe, Path(named), declared.numbers[0])
    return PreparedTaps(declared, graph, taps, found, tuple(places), has_own_weights(recipe))


def pool_taps(
    prepared: PreparedTaps, *, test: bool = False, store: str | Path | None = None, watch: Watch | None = None
) -> Pooled:
    """Returns the features of all taps, pooled, from one pass through each backbone or from the store.

    Raises:
        StudyError: If a test is asked for and there is none, or examples have no targets or lack an input.
        StoreError: If the store cannot be used, or has no room.
    """
    recipe = tapped_recipe(prepared.graph.recipe, prepared.taps)
    parts = splits(prepared.data)
    if test and "test" not in parts:
        raise StudyError("The data have no test split to ask about. Leave the test out, or give one.")
    if any(part.targets is None for part in parts.values()):
        raise StudyError("Taps are scored against targets, and some of these examples have none.")
    data = _seen(prepared.data, recipe, test=test)
    declared = prepared.graph.recipe.inputs
    check_present(data, [name for name in recipe.inputs if declared[name].optional])
    graph = resolve(recipe, folders=prepared.folders)
    found = extract_features(
        graph,
        data,
        taps=list(recipe.branches),
        folders=prepared.folders,
        store=store,
        watch=watch,
    )
    return _pooled(found, prepared.taps, recipe)


def score(prepared: PreparedTaps, pooled: Pooled, options: Probing | None = None) -> Scored:
    """Returns what is said of taps whose features are there.

    Raises:
        DataError: If features or targets cannot be scored.
    """
    chosen = options or Probing()
    depths = {tap.name: tap.depth for tap in prepared.taps}
    taps = {name: Tap(each, depths[name]) for name, each in pooled.features.items()}
    found = probe(taps, pooled.targets, chosen)
    tests = [_tested(row, found, pooled, chosen) for row in found.taps]
    judged = [
        row.scores["ridge"] if value is None else value for row, value in zip(found.taps, tests, strict=True)
    ]
    chances = corrected(found, "ridge") if chosen.permutations else {}
    task = pooled.targets.task
    return Scored(
        study=prepared.study.name,
        task=task,
        measure="skill" if task == "regression" else "accuracy",
        splits=tuple(name for name in splits(prepared.data) if name in SCORED),
        examples=len(pooled.targets),
        rows=len(found.rows),
        permutations=chosen.permutations,
        blind=blind_value(take(pooled.targets, found.rows)),
        taps=tuple(
            _scored(tap, row, chances.get(tap.name), value)
            for tap, row, value in zip(prepared.taps, found.taps, tests, strict=True)
        ),
        similarity=tuple(tuple(row) for row in found.similarity.tolist()),
        agreement=judge(found, judged),
        judged="test" if pooled.answers is not None else "ridge",
    )


def _read(recipe: Recipe, path: Path, seed: int) -> Data:
    return read_data(path_of(path, seed), inputs=recipe.inputs, output=recipe.head.output, seed=seed)


def _seen(data: Data, recipe: Recipe, *, test: bool) -> Data:
    """Returns the data with the inputs that a recipe reads, and without a test split that is not asked about."""
    seen = narrowed(data, recipe.inputs)
    return seen if test else replace(seen, test=None)


def _pooled(found: Features, taps: Sequence[TapPoint], recipe: Recipe) -> Pooled:
    def arrays(names: Sequence[str]) -> dict[str, np.ndarray]:
        parts = [found.parts[name].arrays for name in names]
        return {
            tap.name: np.concatenate([part[branch].reshape(len(part[branch]), -1) for part in parts])
            for tap, branch in zip(taps, recipe.branches, strict=True)
        }

    here = [name for name in found.parts if name in SCORED]
    held = [name for name in found.parts if name not in SCORED]
    answers = [np.asarray(found.parts[name].targets) for name in (*here, *held)]
    # Together, so that classes that a split lacks have their column in it.
    every = make_targets(np.concatenate(answers), recipe.head.output.task)
    count = sum(len(found.parts[name].names) for name in here)
    return Pooled(
        arrays(here),
        take(every, np.arange(count)),
        arrays(held) if held else {},
        take(every, np.arange(count, len(every))) if held else None,
    )


def _tested(row: TapScores, found: Probe, pooled: Pooled, options: Probing) -> float | None:
    if pooled.answers is None:
        return None
    return hold_out(
        pooled.features[row.name][found.rows],
        take(pooled.targets, found.rows),
        pooled.held[row.name],
        pooled.answers,
        penalty=row.ridge.penalty,
        by=options.scaling,
    )


def _scored(tap: TapPoint, row: TapScores, p: float | None, test: float | None) -> ScoredTap:
    return ScoredTap(
        tap=tap.name,
        backbone=tap.backbone,
        depth=tap.depth,
        width=row.width,
        params=tap.params,
        flops=tap.flops,
        **row.scores,
        penalty=row.ridge.penalty,
        p=p,
        nulls={name: (null.mean, null.z) for name, null in row.nulls.items()},
        test=test,
    )
