"""What is in a picture: the boxes of a graph and the links between them, before anything has a place."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf

import networkx as nx

from fusion.drawing.boxes import DASH, Badge, Box, Signs, bar, block, dashed, pill
from fusion.drawing.cards import lane_box
from fusion.drawing.inputs import fed, made_of
from fusion.drawing.joints import joint, pool_words
from fusion.drawing.lanes import lane, lane_width, ruler_width, thickness
from fusion.drawing.palette import Colour
from fusion.drawing.predictions import output_words, prediction
from fusion.drawing.states import View, state, trainable_params
from fusion.drawing.streams import streams
from fusion.graph.nodes import Node
from fusion.recipe.blocks import BatchNorm, Dense, Dropout, LayerNorm, Step
from fusion.recipe.inputs import Image
from fusion.recipe.stitching import root
from fusion.recipe.texts import Tokens
from fusion.skeleton.layers import Shape
from fusion.wording import TIMES, amount, cleaned, counted, dimensions, operations

RULER = 520.0
"""Least width of the rulers; all are equally wide, so that depths can be compared."""


@dataclass(frozen=True, slots=True)
class Link:
    """A tensor that runs from a port of one box to a port of another; `dash` as that of a line."""

    source: str
    outlet: str
    target: str
    inlet: str
    colour: Colour
    weight: float
    dash: float = 0.0


@dataclass(frozen=True, slots=True)
class Contents:
    """The boxes by name and the links between them."""

    boxes: Mapping[str, Box]
    links: tuple[Link, ...]


def closer(found: Contents, margin: float) -> Contents:
    """Returns the same with at most `margin` around every box."""
    boxes = {name: replace(box, margin=min(box.margin, margin)) for name, box in found.boxes.items()}
    return Contents(boxes, found.links)


Cards = Callable[[View, Mapping[str, Badge]], Mapping[str, Box]]
"""What draws the cards of all backbones, by their names, of a graph and its streams."""


def ruler_cards(view: View, badges: Mapping[str, Badge]) -> Mapping[str, Box]:
    """Returns cards that show backbones along rulers, all equally long."""
    return _cards(view, badges, RULER, inf)


def _cards(view: View, badges: Mapping[str, Badge], least: float, limit: float) -> Mapping[str, Box]:
    lanes = [
        replace(lane(view, trunk, {c: badges[c] for c in trunk.calls if len(trunk.calls) > 1}), limit=limit)
        for trunk in view.graph.trunks.values()
    ]
    ruler = max([least, *(ruler_width(each) for each in lanes)])
    width = max((lane_width(each, ruler) for each in lanes), default=0.0)
    return {box.name: box for box in (lane_box(each, ruler, width) for each in lanes)}


def narrow_cards(view: View, badges: Mapping[str, Badge], room: float = 470.0) -> Mapping[str, Box]:
    """Returns the same for a page: rulers and words at most `room` wide, unless parts need more to be named."""
    return _cards(view, badges, room, room)


def contents(view: View, cards: Cards = ruler_cards) -> Contents:
    """Returns everything the picture of a graph shows, in the order of the recipe, its backbones as `cards` draws them."""
    badges = streams(view.graph)
    owners = _owners(view)
    boxes = dict(cards(view, badges))
    for name in dict.fromkeys(owners[node.name] for node in _deepest_first(view)):
        if name not in boxes:
            boxes[name] = _box(
                view, name, [node for node in view.graph.nodes if owners[node.name] == name], badges
            )
    links = tuple(_links(view, owners, badges))
    if "output" in boxes:
        boxes["the prediction"] = prediction(view.graph.recipe.head.output)
        links = (*links, Link("output", "", "the prediction", "", "line", 1.4))
    return Contents(boxes, links)


def _deepest_first(view: View) -> list[Node]:
    """Returns the nodes with the pools of a branch's taps in the order in which their lines leave the card."""
    found: list[Node] = []
    for node in view.graph.nodes:
        before = found[-1] if found else None
        beside = before is not None and before.kind == node.kind == "pool" and before.branch == node.branch
        start = next(
            (n for n, other in enumerate(found) if other.branch == node.branch and other.kind == "pool"), 0
        )
        found.insert(start if beside else len(found), node)
    return found


def _owners(view: View) -> dict[str, str]:
    """Returns the box each node is shown in; calls of one block share theirs where no circle comes of it."""
    graph, owners = view.graph, dict[str, str]()
    for node in graph.nodes:
        owners[node.name] = f"{node.kind} {node.layer}" if node.kind == "trunk" else node.name
    for node in graph.nodes:
        # Of an image it is said on the card; what a table or a text is made into has one axis.
        if node.kind == "prepare" and len(node.shape) > 1:
            owners[node.name] = owners[next(iter(graph.digraph.successors(node.name)))]
    for layer in dict.fromkeys(node.layer for node in graph.nodes if node.kind == "block"):
        calls = [node.name for node in graph.nodes if node.kind == "block" and node.layer == layer]
        merged = owners | dict.fromkeys(calls, f"block {layer}")
        if len(calls) > 1 and _acyclic(view, merged):
            owners = merged
    return owners


def _acyclic(view: View, owners: Mapping[str, str]) -> bool:
    pairs = [(owners[a], owners[b]) for a, b in view.graph.digraph.edges]
    inner = {owners[call] for trunk in view.graph.trunks.values() for call in trunk.calls}
    graph = nx.DiGraph([(a, b) for a, b in pairs if a != b or a not in inner])
    return bool(nx.is_directed_acyclic_graph(graph))


def _box(view: View, name: str, nodes: list[Node], badges: Mapping[str, Badge]) -> Box:
    graph, recipe, node = view.graph, view.graph.recipe, nodes[0]
    sources = [parent.shape[-1] or 0 for parent in graph.parents(node.name)]
    badge = badges.get(node.name)
    match node.kind:
        case "input":
            spec = recipe.inputs[node.name]
            columns = () if isinstance(spec, Image | Tokens) else spec.columns
            tip = ", ".join(cleaned(each) for each in columns)
            dash = DASH if spec.optional else 0.0
            detail = fed(spec) + (" · optional" if spec.optional else "")
            return replace(pill(name, node.name, detail, strong=True, badge=badge, dash=dash), tip=tip)
        case "prepare":
            return _prepared(view, name, node)
        case "pool":
            pool = pool_words(recipe.branches[node.branch], _read(view, node))
            tip = f"branch {node.branch}: {pool} of {dimensions(_read(view, node))}"
            plain = pill(name, node.branch, f"{pool} · {dimensions(node.shape)}", badge=badge)
            return replace(_learned_pool(view, node, pool) if node.weights else plain, tip=tip)
        case "stitch":
            return _stitch(view, name, node)
        case "join":
            return _taps_bar(name, node.branch, sources)
        case "fusion":
            return joint(view, node)
        case "missing":
            return _instead(view, name, node)
        case "auxiliary":
            return dashed(_block(view, name, nodes))
        case _:
            return _block(view, name, nodes)


def _learned_pool(view: View, node: Node, words: str) -> Box:
    """Returns the box of a pool that learns its exponent."""
    params = sum(each.params for each in node.weights)
    cost = f"{counted(params, 'param')} · {operations(node.flops)}"
    lines = [words.replace("gem_learned", "gem, learned exponent"), dimensions(node.shape), cost]
    return block(node.name, node.branch, lines, state(node.weights, view.trained))


def _taps_bar(name: str, branch: str, widths: list[int]) -> Box:
    """Returns the stack of a branch's taps, the deepest on top, as their lines leave the card of the backbone."""
    box = bar(name, "taps", widths[::-1])
    inlets = {str(len(widths) - 1 - int(key)): place for key, place in box.inlets.items()}
    return replace(box, inlets=inlets, tip=f"the taps of branch {branch}, the deepest on top")


def _prepared(view: View, name: str, node: Node) -> Box:
    title, words, tip = made_of(view.graph.recipe.inputs[view.graph.parents(node.name)[0].name])
    return replace(pill(name, title, words), margin=_table_margin(view, node), tip=tip)


def _instead(view: View, name: str, node: Node) -> Box:
    """Returns the box of what a branch gives where its input is missing."""
    source = root(view.graph.recipe.branches, node.branch)
    tip = f"what branch {node.branch} gives where {source} is missing"
    if not node.weights:
        return replace(pill(name, "or zeros", dimensions(node.shape), dash=DASH), tip=tip)
    params = sum(each.params for each in node.weights)
    lines = [f"if {source} is missing", dimensions(node.shape), f"{amount(params)} params"]
    return replace(block(name, "or learned", lines, state(node.weights, view.trained)), tip=tip)


def _read(view: View, node: Node) -> Shape:
    """Returns the shape of the map that a pool reads."""
    shape: Shape = next(shape for *_, shape in view.graph.digraph.in_edges(node.name, data="shape"))
    return shape


def _table_margin(view: View, node: Node) -> float:
    """Returns room enough for the blocks a table goes through to stand straight behind it."""
    recipe, source = view.graph.recipe, view.graph.parents(node.name)[0].name
    read = [branch for branch in recipe.branches.values() if branch.input == source]
    steps = [len(recipe.blocks[block]) for branch in read for block in branch.blocks]
    return 3.0 + max((26.0 + 7.5 * count for count in steps), default=0.0)


def _block(view: View, name: str, nodes: list[Node]) -> Box:
    graph, node = view.graph, nodes[0]
    if node.kind in {"output", "auxiliary"}:
        lines = output_words(view, node)
    else:
        lines = [_step(step) for step in graph.recipe.blocks[node.layer]]
    params = sum(each.params for each in node.weights)
    before = graph.parents(node.name)[0].shape[-1]
    lines += [
        f"{before} → {node.shape[-1]}",
        f"{amount(params)} params · {operations(node.flops)}" if params else "no weights",
    ]
    condition = state(node.weights, view.trained)
    trained = trainable_params(node.weights, view.trained)
    parts = f"{amount(trained)} of {amount(params)} trainable" if condition == "mixed" else ""
    uses = sum(each.kind == node.kind and each.layer == node.layer for each in graph.nodes)
    if uses > 1:
        lines.insert(0, f"shared {TIMES}{uses}")
    calls = [each.name for each in nodes] if len(nodes) > 1 else [""]
    return block(name, node.layer, lines, condition, calls=calls, signs=Signs(double=uses > 1, parts=parts))


def _stitch(view: View, name: str, node: Node) -> Box:
    read, given = _read(view, node), node.shape
    params = sum(each.params for each in node.weights)
    uses = sum(each.layer == node.layer for each in view.graph.nodes)
    lines = [f"shared {TIMES}{uses}"] if uses > 1 else []
    lines += [f"resize to {dimensions(given[:2])}"] if read[:2] != given[:2] else []
    lines += [f"convolution 1{TIMES}1", f"{read[-1]} → {given[-1]} channels"]
    lines.append(f"{amount(params)} params · {operations(node.flops)}")
    box = block(name, "stitch", lines, state(node.weights, view.trained), signs=Signs(double=uses > 1))
    return replace(box, tip=f"from {dimensions(read)} to {dimensions(given)}")


def _step(step: Step) -> str:
    match step:
        case Dense():
            return f"dense {step.units} {step.activation}" + (f", l2 {step.l2:g}" if step.l2 else "")
        case Dropout():
            return f"dropout {step.rate:g}"
        case LayerNorm():
            return "layer norm"
        case BatchNorm():
            return "batch norm"


def _links(view: View, owners: Mapping[str, str], badges: Mapping[str, Badge]) -> Iterator[Link]:
    graph = view.graph
    for node in graph.nodes:
        for _, target, data in graph.digraph.out_edges(node.name, data=True):
            if owners[node.name] == owners[target]:
                continue
            after = graph[target]
            if node.kind in {"input", "prepare"} and after.kind == "pool":
                # That a pool looks which tokens are padding goes without saying.
                continue
            # What leads to shared weights has the stream of the call, also where one input feeds two of them.
            called = badges.get(target) if after.kind in {"prepare", "trunk"} else None
            badge = called or badges.get(node.name)
            several = sum(owner == owners[node.name] for owner in owners.values()) > 1
            outlet = f"{node.name} {data['tap']}" if node.kind == "trunk" else node.name if several else ""
            colour: Colour = badge.colour if badge else "ink" if node.kind == "trunk" else "line"
            aside = after.kind == "auxiliary"
            yield Link(
                owners[node.name],
                outlet,
                owners[target],
                _inlet(view, after, data["order"], owners),
                "ghost" if aside else colour,
                thickness(data["shape"]),
                DASH if aside else 0.0,
            )


def _inlet(view: View, node: Node, order: int, owners: Mapping[str, str]) -> str:
    # Nothing that is drawn reads what only something after a misfit does.
    call = next(iter(view.graph.digraph.successors(node.name)), None)
    if node.kind == "prepare" and call and owners[node.name] == owners[call]:
        return str(call)
    if node.kind == "trunk":
        return node.name
    if node.kind in {"join", "fusion"}:
        return str(order)
    return node.name if sum(owner == owners[node.name] for owner in owners.values()) > 1 else ""
