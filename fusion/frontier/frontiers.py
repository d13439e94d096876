"""The frontier of a phase: the frozen tensors that are computed once and stored, so that only the rest runs."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from math import inf

from fusion.errors import TrainingError
from fusion.frontier.cuts import Cut, Price, cheapest
from fusion.frontier.phases import training_flops, varying
from fusion.frontier.rates import Rates
from fusion.frontier.tensors import NodeTensor, tensor
from fusion.frontier.units import AUGMENTED, Unit, Units, above, units
from fusion.graph.nodes import FusionGraph, PhasePlan
from fusion.wording import counted, memory

USUAL = Rates()
INSTANTS = 10**18
"""Parts of a second that costs are counted in."""
NEVER = 10**40
"""The price of what must not be computed in every epoch: more than any time."""
STEPS = 8
"""How often reading is made four times as dear in search of tensors that take less."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """How one phase is split; all amounts are for one example.

    Args:
        phase: Name of the phase.
        epochs: How often the suffix runs over the data.
        tensors: What is stored, in the order of the graph; none where storing does not pay.
        inputs: Inputs that are read, decoded and augmented anew in every epoch.
        prefix: Units that run once to give the tensors, in order.
        suffix: Units that run in every epoch, in order.
        frozen: Those of the suffix that give the same each time: cheaper to run again than to read.
        stored_bytes: What all tensors take.
        prefix_flops: Operations of the prefix.
        suffix_flops: Operations of the suffix in one epoch, those of its gradients included.
        whole_flops: Operations of an epoch without the frontier, those of the gradients included.
        once_seconds: Time to run the prefix, inputs decoded and tensors written.
        epoch_seconds: Time of one epoch of the suffix, tensors read and inputs decoded.
        whole_seconds: Time of one epoch without the frontier.
    """

    phase: str
    epochs: int
    tensors: tuple[NodeTensor, ...]
    inputs: tuple[str, ...]
    prefix: tuple[str, ...]
    suffix: tuple[str, ...]
    frozen: tuple[str, ...]
    stored_bytes: int
    prefix_flops: int
    suffix_flops: int
    whole_flops: int
    once_seconds: float
    epoch_seconds: float
    whole_seconds: float


def frontier(
    graph: FusionGraph,
    phase_index: int,
    rates: Rates = USUAL,
    *,
    epochs: int | None = None,
    most: float = inf,
) -> Frontier:
    """Returns where to split a phase so that extraction and all its epochs together take least time.

    Every frozen tensor can be had in each epoch by reading it or by computing it again of what it depends on; which,
    is a minimum cut over units (`fusion.frontier.units`). Weighed are the stored bytes, read in every epoch and
    written once, against the operations and decodings of every epoch but one: the first is the extraction's. So nothing
    is stored for a single epoch. An image of which a recipe wants so many `views` is changed as often, and that, or what
    is made of it, is stored whatever it costs. What is both run again and needed for the extraction is weighed as if that were free.

    Args:
        graph: The recipe, resolved.
        phase_index: Number of the phase, from 0.
        rates: What the machine does in a second.
        epochs: How many are expected; those the phase declares if `None`.
        most: Bytes that may be stored of one example; where the cheapest tensors take more, others are looked for.

    Raises:
        TrainingError: If there is no such phase, or `epochs` is less than 1.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
    ...     branches={"all": {"input": "photo", "backbone": "eye", "cut": "block2_pool"}},
    ...     head={"output": {"task": "binary"}},
    ...     training={"phases": [{"name": "head", "train": ["head"], "epochs": 10}]},
    ... )
    >>> found = frontier(resolve(one), 0)
    >>> [(tensor.node, tensor.shape) for tensor in found.tensors], found.suffix
    ([('all.pool', (8,))], ('output',))
    """
    plan = _plan(graph, phase_index)
    training = graph.recipe.training
    declared = training.phases[phase_index].epochs if training else 1
    count = declared if epochs is None else epochs
    if count < 1:
        raise TrainingError(f"A phase has 1 epoch or more, got epochs={count}.")
    opened = units(graph)
    moving = varying(opened, plan)
    cut = _fitting(opened, moving, rates, count, most)
    return _frontier(opened, plan, cut, moving, rates=rates, epochs=count)


def undivided(graph: FusionGraph, phase_index: int, rates: Rates = USUAL) -> Frontier:
    """Returns a phase of which nothing is stored: all its units run in every epoch.

    Raises:
        TrainingError: If there is no such phase.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ...     training={"phases": [{"name": "head", "train": ["head"], "epochs": 10}]},
    ... )
    >>> undivided(resolve(one), 0).suffix
    ('facts', 'facts.normalise', 'output')
    """
    return frontier(graph, phase_index, rates, most=0)


def extraction(opened: Units, names: Collection[str], rates: Rates) -> tuple[int, float]:
    """Returns what it takes to compute and write some units for one example: operations, and seconds in all.

    >>> from fusion.frontier.units import Unit
    >>> extraction({"x": Unit("x", "x", "", "x", (), (5,), flops=100)}, ["x"], Rates(read=20, compute=100))
    (100, 2.0)
    """
    needed = above(opened, names)
    flops = sum(opened[name].views * opened[name].flops for name in needed)
    writing = sum(tensor(opened[name]).bytes for name in names) / rates.read
    decoding = rates.decode * sum(opened[name].views * opened[name].decoded for name in needed)
    return flops, decoding + flops / rates.compute + writing


def _plan(graph: FusionGraph, phase_index: int) -> PhasePlan:
    if not 0 <= phase_index < len(graph.phases):
        raise TrainingError(
            f"Recipe {graph.recipe.name!r} has no phase {phase_index}; it has {len(graph.phases)}, counted from 0."
        )
    return graph.phases[phase_index]


def _fitting(opened: Units, moving: Collection[str], rates: Rates, epochs: int, most: float) -> Cut:
    """Returns the cheapest cut whose tensors take at most so many bytes an example, reading made dearer until it does."""
    takes = 0
    for dearer in (4**step for step in range(STEPS if most > 0 else 0)):
        cut = cheapest(_prices(opened, replace(rates, read=rates.read / dearer), epochs), moving)
        takes = sum(tensor(opened[name]).bytes for name in cut.loaded)
        if takes <= most:
            return cut
    fixed = [unit for unit in opened.values() if _is_fixed(unit)]
    if fixed:
        raise TrainingError(
            f"{counted(fixed[0].views, 'view')} of each example take {memory(takes)}, and {memory(most)} may be stored "
            'of one. Write fewer "views" in the training, or let the store take more: FUSION_CACHE_BYTES.'
        )
    return Cut((), tuple(opened))


def _prices(opened: Units, rates: Rates, epochs: int) -> dict[str, Price]:
    compute, read = INSTANTS / rates.compute, INSTANTS / rates.read
    return {
        unit.name: Price(
            unit.parents,
            # What is changed once and for all cannot be had again but by reading it, or what was made of it.
            NEVER
            if _is_fixed(unit)
            else max(0, epochs - unit.views)
            * round(unit.flops * compute + unit.decoded * rates.decode * INSTANTS),
            (epochs + unit.views) * round(tensor(unit).bytes * read / unit.views)
            if is_storable(unit)
            else None,
        )
        for unit in opened.values()
    }


def _is_fixed(unit: Unit) -> bool:
    """Whether what a unit gives is drawn at random once, and stored."""
    return unit.layer == AUGMENTED and not unit.random


def is_storable(unit: Unit) -> bool:
    """Returns whether what a unit gives is rows of one size, of numbers that stay what they are when they are fed again.

    >>> from fusion.frontier.units import Unit
    >>> is_storable(Unit("x", "x", "", "x", (), (5,))), is_storable(Unit("x", "x", "", "x", (), (None, 5)))
    (True, False)
    """
    return None not in unit.shape and "float" in unit.dtype


def _frontier(
    opened: Units, plan: PhasePlan, cut: Cut, moving: Collection[str], *, rates: Rates, epochs: int
) -> Frontier:
    once = above(opened, cut.loaded)
    prefix, seconds = extraction(opened, cut.loaded, rates)
    tensors = tuple(tensor(opened[name]) for name in cut.loaded)
    stored = sum(each.bytes for each in tensors)
    trained = training_flops(opened, plan)
    suffix, whole = sum(trained[name] for name in cut.run), sum(trained.values())
    reading = sum(each.bytes / each.views for each in tensors) / rates.read
    return Frontier(
        phase=plan.name,
        epochs=epochs,
        tensors=tensors,
        inputs=tuple(name for name in cut.run if not opened[name].parents),
        prefix=tuple(name for name in opened if name in once),
        suffix=cut.run,
        frozen=tuple(name for name in cut.run if name not in moving),
        stored_bytes=stored,
        prefix_flops=prefix,
        suffix_flops=suffix,
        whole_flops=whole,
        once_seconds=seconds,
        epoch_seconds=_decoding(opened, cut.run, rates) + suffix / rates.compute + reading,
        whole_seconds=_decoding(opened, opened, rates) + whole / rates.compute,
    )


def _decoding(opened: Units, names: Collection[str], rates: Rates) -> float:
    return rates.decode * sum(opened[name].decoded for name in names)
