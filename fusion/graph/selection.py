"""Selectors resolved: which layers a phase trains."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import networkx as nx

from fusion.errors import LayerNotFoundError, Problem, listed
from fusion.graph.absences import learns_absence, node_name
from fusion.graph.nodes import AUXILIARY, PhasePlan, Trunk, Weights
from fusion.recipe.recipe import Recipe
from fusion.recipe.selectors import Selector, parse_selector
from fusion.recipe.training import Phase
from fusion.recipe.translation import pointer
from fusion.skeleton.articulation import articulations, digraph
from fusion.skeleton.cuts import kept, resolve


class _RefusedError(ValueError):
    """A selector that trains nothing, or not clearly what it says."""


def phase_plans(
    recipe: Recipe, trunks: Mapping[str, Trunk], graph: nx.DiGraph, problems: list[Problem]
) -> tuple[PhasePlan, ...]:
    """Returns what each phase trains; what is wrong with selectors is added to `problems`."""
    phases = recipe.training.phases if recipe.training else ()
    nodes = [node for _, node in graph.nodes(data="node")]
    weights = {each.address: each for node in nodes for each in node.weights}
    found, known = _Found(recipe, trunks, weights, problems), len(problems)
    plans, fresh = [], frozenset[str]()
    for number, phase in enumerate(phases):
        reset = _reset(found, phase, number)
        fresh |= reset
        plans.append(replace(_plan(found, phase, number, fresh), reset=reset))
    if len(problems) == known:
        problems += _left_random(found, phases, plans)
    return tuple(plans)


@dataclass(frozen=True, slots=True)
class _Found:
    """What selectors are looked up in, and where what is wrong with them is told."""

    recipe: Recipe
    trunks: Mapping[str, Trunk]
    weights: Mapping[str, Weights]
    problems: list[Problem]


def _reset(found: _Found, phase: Phase, number: int) -> frozenset[str]:
    """Returns the addresses of what a phase gives fresh weights, a whole owner by its name."""
    every: set[str] = set()
    for index, text in enumerate(phase.reset):
        try:
            picked = _picked(found.recipe, text, found.trunks, found.weights)
            _trained(text, picked, found.weights, frozenset())
            every |= picked
        except _RefusedError as error:
            place = pointer(("training", "phases", number, "reset", index))
            found.problems.append(Problem(place, str(error)))
    return frozenset(every)


def _left_random(found: _Found, phases: Sequence[Phase], plans: Sequence[PhasePlan]) -> Iterator[Problem]:
    """Yields a problem for each selector of what a phase resets and no phase from there on trains."""
    random = {name for name, each in found.recipe.backbones.items() if each.weights is None}
    for number, phase in enumerate(phases):
        trained = {address for plan in plans[number:] for address in plan.rates}
        for index, text in enumerate(phase.reset):
            picked = _picked(found.recipe, text, found.trunks, found.weights)
            left = [
                address
                for address in _trained(text, picked, found.weights, frozenset())
                if address not in trained and address.partition("/")[0] not in random
            ]
            if left:
                more = f", with {len(left) - 1} more," if len(left) > 1 else ""
                words = (
                    f"{text!r} gives {left[0]!r}{more} fresh weights, and no phase from here on trains that, so it would stay "
                    'random. Train it or reset less; a backbone that is random on purpose has "weights": null.'
                )
                yield Problem(pointer(("training", "phases", number, "reset", index)), words)


def _plan(found: _Found, phase: Phase, number: int, fresh: frozenset[str]) -> PhasePlan:
    """Returns what a phase trains; batch normalisation of what is `fresh` has nothing to keep and trains, too."""
    recipe, trunks, weights, problems = found.recipe, found.trunks, found.weights, found.problems
    kept = frozenset(
        address
        for address, each in weights.items()
        if each.kind == "BatchNormalization" and address not in fresh and phase.batchnorm == "inference"
    )
    rates: dict[str, float] = {}
    # Inputs are taken away in every phase: that is done to examples, not by what is frozen or trains.
    active = {
        node_name(name, "drop")
        for name, spec in recipe.inputs.items()
        if spec.optional and spec.optional.dropout
    }
    owner: dict[str, str] = {}
    for index, part in enumerate(phase.parts):
        place = pointer(("training", "phases", number, "train", index))
        try:
            picked = _picked(recipe, part.part, trunks, weights)
            selected = _trained(part.part, picked, weights, kept)
        except _RefusedError as error:
            problems.append(Problem(place, str(error)))
            continue
        both = [
            address for address in selected if rates.get(address, part.learning_rate) != part.learning_rate
        ]
        if both:
            text = (
                f"{part.part!r} and {owner[both[0]]!r} both pick {both[0]!r}, with different learning rates; "
                "make them apart."
            )
            problems.append(Problem(place, text))
        active |= picked
        rates |= dict.fromkeys(selected, part.learning_rate)
        owner |= dict.fromkeys(selected, part.part)
    in_order = {address: rates[address] for address in weights if address in rates}
    return PhasePlan(phase.name, in_order, frozenset(active))


def _picked(
    recipe: Recipe, text: str, trunks: Mapping[str, Trunk], weights: Mapping[str, Weights]
) -> set[str]:
    """Returns the addresses a selector names, a whole owner by its name; none where it could not be resolved."""
    try:
        selector = parse_selector(text)
    except ValueError:
        return set()
    match selector.kind:
        case "head":
            # What branches learn to give for a missing input, and how they pool, is new, like the head.
            learned = (node_name(name, "missing") for name in recipe.branches if learns_absence(recipe, name))
            aside = (f"{name}{AUXILIARY}" for name in recipe.head.auxiliary)
            owners = {address.partition("/")[0] for address in weights}
            pools = (name for name in owners if name.split(".")[1:2] == ["pool"])
            return {"output", *recipe.head.blocks, *learned, *aside, *pools}
        case "fusion":
            return {selector.owner} & set(recipe.nodes) if selector.owner else set(recipe.nodes)
        case "block":
            return {selector.owner} & set(recipe.blocks)
        case "stitch" if selector.owner in trunks:
            return {f"{selector.owner}.stitch"}
        case "backbone" if selector.owner in trunks:
            trunk = trunks[selector.owner]
            return {f"{trunk.backbone}/{row}" for row in _range(text, selector, trunk, weights)}
    return set()


def _trained(text: str, picked: set[str], weights: Mapping[str, Weights], kept: frozenset[str]) -> list[str]:
    """Returns the addresses among those picked whose weights gradients may change."""
    every = [
        address
        for address, each in weights.items()
        if (address in picked or address.partition("/")[0] in picked) and each.params > each.statistics
    ]
    # Batch normalisation of a block has nothing to keep: it was never trained before.
    found = [address for address in every if address not in picked or address not in kept]
    # Where the graph is not whole, blocks and head may have weights that are not known yet.
    if picked and not found and (_is_whole(weights) or all("/" in address for address in picked)):
        only = " but batch normalisation, which this phase leaves in inference" if every else ""
        way = "name layers that have some, such as convolutions"
        if text.partition(":")[0] == "fusion":
            way = "its op has none, so leave it out"
        raise _RefusedError(f"{text!r} matches no weights{only}; {way}.")
    return found


def _is_whole(weights: Mapping[str, Weights]) -> bool:
    """Whether a graph has its output, which comes last."""
    return any(address.partition("/")[0] == "output" for address in weights)


def _range(text: str, selector: Selector, trunk: Trunk, weights: Mapping[str, Weights]) -> set[str]:
    """Returns the kept layers in a range; where the order of the list and that of the graph differ, refuses.

    From a layer on, a list means "all but what comes before it in the list of layers", a graph "what depends
    on it". In InceptionV3 from `conv2d_80` on that is 62 layers or 45.
    """
    if selector.first is None and selector.last is None:
        return set(trunk.kept)
    graph = digraph(trunk.skeleton).subgraph(trunk.kept)
    names = [name for name in trunk.skeleton.rows if name in trunk.kept]
    first = _end(text, selector.first, trunk) if selector.first else names[0]
    last = _end(text, selector.last, trunk) if selector.last else names[-1]
    if first == last:
        return {first}
    if names.index(first) > names.index(last):
        raise _RefusedError(f"{text!r} runs backwards: {last!r} comes before {first!r}. Exchange them.")
    listed_rows = set(names[names.index(first) : names.index(last) + 1])
    # What is entered has no first row that all others come from.
    linked_rows: set[str] = nx.descendants(graph, first) | {first} if selector.first else set(names)
    if selector.last:
        linked_rows &= nx.ancestors(graph, last) | {last}
    with_weights = [
        {name for name in rows if f"{trunk.backbone}/{name}" in weights}
        for rows in (listed_rows, linked_rows)
    ]
    if with_weights[0] != with_weights[1]:
        beside = first if selector.first and not _is_passed(graph, names, first) else last
        raise _RefusedError(_ambiguous(text, beside, trunk, graph, with_weights))
    return linked_rows


def _is_passed(graph: nx.DiGraph, names: list[str], name: str) -> bool:
    """Whether every kept layer comes before a layer or after it, so that none lies beside."""
    return len(nx.ancestors(graph, name)) + len(nx.descendants(graph, name)) + 1 == len(names)


def _ambiguous(text: str, name: str, trunk: Trunk, graph: nx.DiGraph, rows: list[set[str]]) -> str:
    joins = [join for join in articulations(trunk.skeleton) if join in graph]
    before = [join for join in joins if join in nx.ancestors(graph, name)]
    after = [join for join in joins if join in nx.descendants(graph, name)]
    clear = listed([*before[-1:], *after[:1]])
    return (
        f"{text!r} can be read in two ways, as {name!r} lies beside other layers: in the order of the list it "
        f"picks {len(rows[0])} layers with weights, along the connections {len(rows[1])}. "
        f"Name a layer that everything passes through, such as {clear}."
    )


def _end(text: str, name: str, trunk: Trunk) -> str:
    try:
        found = resolve(trunk.skeleton, name, owner=trunk.backbone)
    except LayerNotFoundError as error:
        raise _RefusedError(str(error)) from None
    if trunk.enter and found in kept(trunk.skeleton, [trunk.enter]):
        raise _RefusedError(
            f"{text!r}: {found!r} is not there, as {trunk.backbone!r} is entered at {trunk.enter!r}, whose place the stitched "
            f"map takes. Write {trunk.backbone!r} for all that comes after."
        )
    if found not in trunk.kept:
        cuts = " and ".join(repr(tap) for tap in trunk.taps)
        raise _RefusedError(f"{text!r} lies after the cut {cuts}, so the model does not have it.")
    return found
