"""What the training of a recipe will take, phase by phase, with a store of frozen tensors and without."""

from dataclasses import dataclass, replace
from math import inf

from fusion.errors import TrainingError
from fusion.frontier.frontiers import USUAL, Frontier, extraction, frontier, undivided
from fusion.frontier.rates import Rates
from fusion.frontier.tensors import NodeTensor
from fusion.frontier.units import Units, below, units
from fusion.graph.costs import costs, trainable
from fusion.graph.nodes import FusionGraph, PhasePlan

LEAST = 1.0
"""Seconds a phase must save for tensors to be stored: about what it takes to make a program of the prefix."""
SHARE = 0.05
"""Part of its time that a phase must save besides; less is within what such a reckoning can know."""


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """One phase over all examples.

    Args:
        frontier: How it is split, and what each example takes.
        train: What trains, as the recipe says it.
        trainable: How many weights that is.
        kept: Tensors of the frontier that an earlier phase stored and nothing changed since.
        stored_bytes: What all its tensors take.
        flops: Operations of an epoch.
        whole_flops: Operations of an epoch without the frontier.
        once_seconds: Time to compute and write the tensors that are not kept.
        epoch_seconds: Time of an epoch.
        whole_seconds: Time of an epoch without the frontier.
        saving: Seconds that storing saves in all, those of extraction counted; where nothing is stored, what the best
            tensors would have saved.
        reset: What begins with fresh weights, as the recipe says it.
        uncounted: Kinds of layers whose operations are not known, and so in no sum and no time.
    """

    frontier: Frontier
    train: tuple[str, ...]
    trainable: int
    kept: tuple[NodeTensor, ...]
    stored_bytes: int
    flops: int
    whole_flops: int
    once_seconds: float
    epoch_seconds: float
    whole_seconds: float
    saving: float
    reset: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole training; validation is not in it.

    Args:
        examples: How many the phases train on.
        rates: What times are reckoned with.
        phases: Its phases.
        stored_bytes: What the tensors of all phases take together, each once.
        seconds: Time of all phases, extraction included.
        whole_seconds: Time of all phases without frontiers.
    """

    examples: int
    rates: Rates
    phases: tuple[PlannedPhase, ...]
    stored_bytes: int
    seconds: float
    whole_seconds: float


def plan(
    graph: FusionGraph,
    *,
    examples: int,
    rates: Rates = USUAL,
    most: float = inf,
    least: float = LEAST,
) -> Plan:
    """Returns what each phase of a recipe stores and takes on so many examples, every epoch it declares being run.

    Args:
        graph: The recipe, resolved.
        examples: How many the phases train on.
        rates: What the machine does in a second.
        most: Bytes that the tensors of one phase may take.
        least: Seconds that storing must save in a phase, and `SHARE` of its time besides; else nothing is stored in it.

    Raises:
        TrainingError: If the recipe has no training, or there is no example.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ...     training={"phases": [{"name": "head", "train": ["head"], "epochs": 10}]},
    ... )
    >>> plan(resolve(one), examples=1000, least=0).phases[0].flops
    8000
    """
    if graph.recipe.training is None:
        raise TrainingError(
            f'Recipe {graph.recipe.name!r} says nothing of training; give it "training" with phases.'
        )
    if examples < 1:
        raise TrainingError(f"A plan is for 1 example or more, got examples={examples}.")
    opened = units(graph)
    asked = _Asked(graph, opened, examples, rates)
    stored: frozenset[str] = frozenset()
    phases = []
    for number, phase in enumerate(graph.phases):
        anew = {unit.name for unit in opened.values() if any(map(phase.is_reset, unit.weights))}
        stored -= below(opened, anew)
        best = frontier(graph, number, rates, most=most / examples)
        planned = _planned(asked, best, number, stored)
        fixed = graph.recipe.training.views is not None
        if not fixed and planned.saving < max(least, SHARE * best.epochs * planned.whole_seconds):
            nothing = undivided(graph, number, rates)
            none = _planned(asked, nothing, number, stored)
            planned = replace(none, saving=planned.saving)
        phases.append(planned)
        stored = _unchanged(opened, stored | {each.name for each in planned.frontier.tensors}, phase)
    return Plan(
        examples,
        rates,
        tuple(phases),
        sum(phase.stored_bytes - examples * sum(each.bytes for each in phase.kept) for phase in phases),
        sum(phase.once_seconds + phase.frontier.epochs * phase.epoch_seconds for phase in phases),
        sum(phase.frontier.epochs * phase.whole_seconds for phase in phases),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is planned.

    Args:
        graph: What trains.
        opened: Its units.
        examples: On how many.
        rates: What times are reckoned with.
    """

    graph: FusionGraph
    opened: Units
    examples: int
    rates: Rates


def _planned(asked: _Asked, found: Frontier, number: int, stored: frozenset[str]) -> PlannedPhase:
    graph, examples = asked.graph, asked.examples
    kept = tuple(each for each in found.tensors if each.name in stored)
    phase = graph.recipe.training.phases[number] if graph.recipe.training else None
    missing = [each.name for each in found.tensors if each not in kept]
    once = examples * extraction(asked.opened, missing, asked.rates)[1]
    return PlannedPhase(
        found,
        tuple(part.part for part in phase.parts) if phase else (),
        trainable(graph, graph.phases[number].rates),
        kept,
        examples * found.stored_bytes,
        examples * found.suffix_flops,
        examples * found.whole_flops,
        once,
        examples * found.epoch_seconds,
        examples * found.whole_seconds,
        saving=found.epochs * examples * (found.whole_seconds - found.epoch_seconds) - once,
        reset=tuple(phase.reset) if phase else (),
        uncounted=costs(graph).uncounted,
    )


def _unchanged(opened: Units, names: frozenset[str], plan: PhasePlan) -> frozenset[str]:
    """Returns the tensors that are as they were when a phase has ended."""
    trained = {unit.name for unit in opened.values() if plan.rates.keys() & set(unit.weights)}
    return names - below(opened, trained)
