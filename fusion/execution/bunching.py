"""Which trials may train together: those whose heads are of one form and read nothing but stored vectors."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fusion.checking import resolve
from fusion.frontier.frontiers import Frontier, frontier
from fusion.frontier.units import units
from fusion.graph.costs import costs, trainable
from fusion.graph.nodes import FusionGraph
from fusion.recipe.inputs import Table
from fusion.recipe.training import Training
from fusion.recipe.writing import seedless, to_data, unseeded
from fusion.study.trials import Trial, digest_of

HEADS = 64
"""How many heads train together at most: what a killed run loses."""
BYTES = 2**30
"""What all their weights may take, those of the optimizer and of the best epoch counted."""
SEEDS = 5
"""How many seeds of an arm follow each other at most: pairs come early, a program and data that were read serve several."""
COPIES = 6
"""Weights, gradients, two for the optimizer, those of the best epoch and those that are compared with them."""


def bunched(trials: Sequence[Trial], workers: int = 1) -> list[tuple[Trial, ...]]:
    """Returns all trials in bunches of one or several that may train together, in the order in which they run.

    The first seed of every arm comes first, so that an arm that fails does so at once. Then arms take turns, a few seeds
    of one program after the other, so that a run that is broken off leaves whole pairs. Every turn goes through the arms the
    other way round, so that a program at its end serves the next turn too.

    Args:
        trials: What runs, seed by seed.
        workers: How many bunches run at once; each is small enough for all workers to have some.
    """
    found: dict[str, list[Trial]] = {}
    full: list[tuple[Trial, ...]] = []
    order = {trial.key: number for number, trial in enumerate(trials)}
    graphs = graphs_of(trials)
    may = [may_stack(graph) for graph in graphs]
    share = -(-sum(may) // workers)
    for trial, graph, stacks in zip(trials, graphs, may, strict=True):
        if not stacks:
            full.append((trial,))
            continue
        several = found.setdefault(bunch_of(trial, graph), [])
        several.append(trial)
        if len(several) >= min(share, _most(graph)):
            full.append(tuple(several))
            several.clear()
    every = full + [tuple(several) for several in found.values() if several]
    first: dict[str, int] = {}
    for number, trial in enumerate(trials):
        first.setdefault(program_of(trial), number)
    seeds = {seed: number for number, seed in enumerate(dict.fromkeys(trial.seed for trial in trials))}

    def place(several: tuple[Trial, ...]) -> tuple[int, int, int]:
        trial = several[0]
        turn = -(-seeds[trial.seed] // SEEDS)
        program = first[program_of(trial)]
        return turn, -program if turn % 2 else program, order[trial.key]

    return sorted(every, key=place)


def program_of(trial: Trial) -> str:
    """Returns a word that trials have in common whose models differ in their weights alone: they can share programs."""
    return digest_of(seedless(trial.recipe))


def pieces(graphs: Sequence[FusionGraph], examples: int) -> list[slice]:
    """Returns a bunch in pieces, the vectors of each and the models that give them fitting into memory together."""
    cuts, held = [0], dict[str, int]()
    for number, graph in enumerate(graphs):
        name = source_of(graph)
        held.setdefault(name, examples * frontier(graph, 0).stored_bytes + 4 * costs(graph).params)
        if len(held) > 1 and sum(held.values()) > BYTES:
            cuts.append(number)
            held = {name: held[name]}
    return [slice(*each) for each in zip(cuts, [*cuts[1:], len(graphs)], strict=True)]


def graphs_of(trials: Sequence[Trial]) -> list[FusionGraph]:
    """Returns the recipe of each trial, resolved; those that differ in their seed alone are resolved once."""
    known: dict[str, FusionGraph] = {}
    found = []
    for trial in trials:
        key = digest_of([to_data(unseeded(trial.recipe)), [str(folder) for folder in trial.folders]])
        if key not in known:
            known[key] = resolve(trial.recipe, folders=trial.folders)
        found.append(replace(known[key], recipe=trial.recipe))
    return found


def may_stack(graph: FusionGraph) -> bool:
    """Returns whether the training of a recipe can be one of many in a program, and come to what it comes to alone.

    It can if it has one phase, in which nothing but layers on stored vectors and numbers of a table train, and no
    augmentation, class weights, auxiliary outputs, mixed precision or inputs that may be missing; if nothing after the
    vectors keeps the fresh weights of its seed; and if it chooses its epoch by a loss or by validation data. Batch
    normalisation takes `sgd`: what is before it may have a gradient of rounding errors alone, which the other optimizers
    make into whole steps.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> whole = {"name": "all", "train": ["head", "tinyvgg"], "epochs": 20}
    >>> may_stack(resolve(one)), may_stack(resolve(one.replace("/training", {"phases": [whole]})))
    (True, False)
    """
    recipe, training = graph.recipe, graph.recipe.training
    if training is None or len(training.phases) != 1 or not _is_plain(training):
        return False
    if graph.auxiliary or any(each.optional for each in recipe.inputs.values()):
        return False
    normalised = any(graph.weights[address].kind == "BatchNormalization" for address in graph.phases[0].rates)
    if normalised and training.phases[0].optimizer.name != "sgd":
        return False
    return _is_on_vectors(graph, frontier(graph, 0))


def bunch_of(trial: Trial, graph: FusionGraph) -> str:
    """Returns a word that trials have in common if they may train together: the same form, the same data."""
    found, data = frontier(graph, 0), to_data(unseeded(trial.recipe))
    branches = {
        name: {key: value for key, value in branch.items() if key not in {"cut", "pool", "resize"}}
        for name, branch in data["branches"].items()
    }
    kept = {key: value for key, value in data.items() if key not in {"name", "notes", "backbones"}}
    tensors = [[each.name, list(each.shape)] for each in found.tensors]
    about = [found.suffix, found.inputs, trial.data, trial.metric, [str(each) for each in trial.folders]]
    return digest_of(
        [kept | {"branches": branches, "training": _without_rates(data["training"])}, tensors, about]
    )


def source_of(graph: FusionGraph) -> str:
    """Returns a word that recipes of one form have in common if they read the same vectors."""
    data = to_data(graph.recipe)
    kept = {key: value for key, value in data.items() if key not in {"name", "notes", "training"}}
    return digest_of([kept, graph.recipe.seed if _is_seeded(graph) else None])


def _is_plain(training: Training) -> bool:
    phase = training.phases[0]
    seen = phase.monitor == "loss" or (phase.monitor.startswith("val_") and "." not in phase.monitor)
    if (
        training.augment
        or training.class_weight is not None
        or phase.reset
        or training.precision != "float32"
    ):
        return False
    return seen or not phase.chooses


def _is_on_vectors(graph: FusionGraph, found: Frontier) -> bool:
    opened, declared = units(graph), graph.recipe.inputs
    rows = [opened[name] for name in found.suffix]
    # What does not train is taken from one of the models; statistics of the data are the same in all.
    kept = {address for each in rows for address in each.weights} - graph.phases[0].rates.keys()
    return (
        bool(found.tensors)
        and all(len(each.shape) == 1 and each.shape[0] for each in found.tensors)
        and all(each.dtype == "float32" for each in found.tensors)
        and all(isinstance(declared[name], Table) for name in found.inputs if name in declared)
        and all(name in declared for name in found.inputs)
        and not any(each.layer for each in rows)
        and not any(each.random and graph[each.node].kind != "block" for each in rows)
        and all(graph.weights[address].kind == "Normalization" for address in kept)
    )


def _is_seeded(graph: FusionGraph) -> bool:
    """Whether the vectors depend on the seed: something that gives them has fresh weights."""
    opened, found = units(graph), frontier(graph, 0)
    owners = {opened[name].node for name in found.prefix if opened[name].weights}
    for name in owners:
        node = graph[name]
        if node.kind == "trunk":
            if graph.recipe.backbones[graph.trunks[node.layer].backbone].weights is None:
                return True
        elif node.kind != "prepare":
            return True
    return False


def _without_rates(training: dict[str, Any]) -> dict[str, Any]:
    (phase,) = training["phases"]
    optimizer = {key: each for key, each in phase.get("optimizer", {}).items() if key != "learning_rate"}
    parts = [each if isinstance(each, str) else each["part"] for each in phase["train"]]
    return training | {"phases": [phase | {"optimizer": optimizer, "train": parts}]}


def _most(graph: FusionGraph) -> int:
    weights = 4 * COPIES * trainable(graph, graph.phases[0].rates)
    return max(1, min(HEADS, BYTES // max(1, weights)))
