"""A recipe and the tables of its backbones, made into a graph; every problem is found, not only the first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import networkx as nx

from fusion.errors import Problem, RecipeError
from fusion.graph.nodes import FusionGraph, Kind, Node, Trunk, Weights, size
from fusion.graph.selection import phase_plans
from fusion.graph.steps import dense_costs, step_layers
from fusion.graph.trunks import Call, Catalogue, calls, half_known, remarks, trunks
from fusion.recipe.inputs import Table
from fusion.recipe.ops import Concat, Op
from fusion.recipe.recipe import Recipe
from fusion.recipe.references import STEPS
from fusion.recipe.translation import Place, pointer


@dataclass
class _Draft:
    """A graph in the making; `ends` holds the node each branch and fusion node ends in, `widths` what blocks read."""

    recipe: Recipe
    problems: list[Problem]
    doubtful: Collection[Place] = ()
    digraph: nx.DiGraph = field(default_factory=nx.DiGraph)
    ends: dict[str, Node] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)

    def add(self, node: Node, parents: Sequence[Node]) -> Node:
        self.digraph.add_node(node.name, node=node)
        for order, parent in enumerate(parents):
            self.digraph.add_edge(parent.name, node.name, order=order, tap="", shape=parent.shape)
        return node


def make_graph(recipe: Recipe, catalogue: Catalogue) -> FusionGraph:
    """Returns the graph of `recipe`, whose names are in order: `fusion.recipe.references` finds nothing.

    Raises:
        RecipeError: Listing every problem with cuts, sizes, widths and selectors.
    """
    graph, problems = examine_graph(recipe, catalogue)
    if problems or graph is None:
        raise RecipeError.of(recipe.name, problems)
    return graph


def examine_graph(
    recipe: Recipe, catalogue: Catalogue, *, doubtful: Collection[Place] = ()
) -> tuple[FusionGraph | None, list[Problem]]:
    """Returns the graph of `recipe`, or `None` if it has none, and every problem found.

    A name that is not declared is passed over: it is one of `fusion.recipe.references`' problems.

    Args:
        recipe: What could be read.
        catalogue: Where backbones come from.
        doubtful: Places whose values are not those meant; what they lead to is no further problem.
    """
    problems: list[Problem] = []
    used = calls(recipe, catalogue, problems, doubtful=doubtful)
    kept = trunks(used, half_known(recipe, used, doubtful))
    draft = _Draft(recipe, problems, doubtful)
    for name, spec in recipe.inputs.items():
        shape = (len(spec.columns),) if isinstance(spec, Table) else spec.shape
        draft.add(Node(name, "input", name, shape), [])
    for call in used:
        _add_call(draft, call, kept[call.use.backbone])
    for name, branch in recipe.branches.items():
        if isinstance(recipe.inputs.get(branch.input), Table):
            _add_blocks(draft, name, branch.blocks, _normalised(draft, branch.input))
    _add_fusion(draft)
    _add_head(draft)
    plans = phase_plans(recipe, kept, draft.digraph, problems)
    if problems or "output" not in draft.digraph:
        return None, problems
    ends = {name: node.name for name, node in draft.ends.items()}
    return FusionGraph(recipe, draft.digraph, kept, ends, plans, tuple(remarks(used))), problems


def _add_call(draft: _Draft, call: Call, trunk: Trunk) -> None:
    recipe, source = draft.recipe, draft.digraph.nodes[call.use.input]["node"]
    if call.prepared:
        name = f"{call.name}.prepare"
        source = draft.add(Node(name, "prepare", name.replace("@", "."), call.use.shape), [source])
    rows = [call.skeleton[layer] for layer in call.skeleton.rows if layer in trunk.kept]
    weights = tuple(
        Weights(f"{call.use.backbone}/{row.name}", row.kind, row.params, row.statistics)
        for row in rows
        if row.params
    )
    flops = sum(row.flops for row in rows)
    activations = sum(size(row.shape) for row in rows)
    shape = call.skeleton[trunk.taps[-1]].shape
    node = Node(call.name, "trunk", call.use.backbone, shape, weights, flops, activations)
    draft.add(node, [source])
    for name, taps in call.taps.items():
        pooled = [_add_pool(draft, name, call, node, tap, len(taps) > 1) for tap in taps]
        vectors = [vector for vector in pooled if vector is not None]
        if len(vectors) == len(taps):
            end = vectors[0] if len(vectors) == 1 else _joined(draft, f"{name}.taps", vectors, branch=name)
            _add_blocks(draft, name, recipe.branches[name].blocks, end)


def _add_pool(
    draft: _Draft, branch: str, call: Call, trunk: Node, tap: str, one_of_several: bool
) -> Node | None:
    pool, shape = draft.recipe.branches[branch].pool, call.skeleton[tap].shape
    place = pointer(("branches", branch, "pool"))
    if len(shape) == 1:
        text = f"{tap!r} gives a vector of {shape[0]}, no map to pool; cut at a layer that gives a map."
        draft.problems.append(Problem(pointer(("branches", branch, "cut")), text))
        return None
    if None in (shape if pool == "flatten" else shape[-1:]):
        draft.problems.append(Problem(place, f"The map of {tap!r} has an open size and cannot be flattened."))
        return None
    channels, values = shape[-1] or 0, size(shape)
    width = {"avg": channels, "max": channels, "avg+max": 2 * channels, "flatten": values}[pool]
    # An addition or a comparison for each value; flattening only renames them.
    cost = {"avg": values, "max": values, "avg+max": 2 * values, "flatten": 0}[pool]
    name = f"{branch}.pool.{tap}" if one_of_several else f"{branch}.pool"
    node = draft.add(
        Node(name, "pool", name, (width,), flops=cost, activations=width, branch=branch), [trunk]
    )
    draft.digraph.edges[trunk.name, name].update(tap=tap, shape=shape)
    return node


def _normalised(draft: _Draft, name: str) -> Node:
    """The node that normalises a table, one for all branches that read it."""
    source: Node = draft.digraph.nodes[name]["node"]
    layer = f"{name}.normalise"
    width = size(source.shape)
    # Mean, variance and count, as keras.layers.Normalization keeps them.
    weights = Weights(layer, "Normalization", 2 * width + 1, 2 * width + 1)
    node = Node(layer, "prepare", layer, source.shape, (weights,), 2 * width, width)
    return draft.add(node, [source])


def _add_blocks(draft: _Draft, branch: str, blocks: Sequence[str], end: Node) -> None:
    for block in dict.fromkeys(blocks):
        if block not in draft.recipe.blocks or block in STEPS:
            return
        end = _block(draft, f"{branch}.{block}", block, end, branch=branch)
    # Where something in the branch could not be read, its width is nobody's word.
    if not any(place[:2] == ("branches", branch) for place in draft.doubtful):
        draft.ends[branch] = end


def _block(draft: _Draft, name: str, block: str, source: Node, *, branch: str = "") -> Node:
    layers = step_layers(draft.recipe.blocks[block], size(source.shape))
    weights = tuple(
        Weights(f"{block}/{layer.name}", layer.kind, layer.params, layer.statistics)
        for layer in layers
        if layer.params
    )
    width = size(source.shape)
    first = draft.widths.setdefault(block, width)
    if width != first:
        text = (
            f"Block {block!r} is used on vectors of {first} and of {width} values; its weights fit one width."
        )
        draft.problems.append(Problem(pointer(("blocks", block)), text))
    flops = sum(layer.flops for layer in layers)
    activations = sum(layer.width for layer in layers)
    node = Node(name, "block", block, (layers[-1].width,), weights, flops, activations, branch)
    return draft.add(node, [source])


def _joined(draft: _Draft, name: str, vectors: Sequence[Node], *, branch: str = "") -> Node:
    """The taps of a branch one after the other, or where there is none the branches that are fused."""
    width = sum(size(vector.shape) for vector in vectors)
    kind: Kind = "join" if branch else "fusion"
    return draft.add(Node(name, kind, name, (width,), activations=width, branch=branch), vectors)


def _add_fusion(draft: _Draft) -> None:
    nodes, done = draft.recipe.nodes, set[str]()
    while len(done) < len(nodes):
        ready = [
            name for name in nodes if name not in done and not (set(nodes[name].of) & nodes.keys()) - done
        ]
        if not ready:
            return
        for name in ready:
            done.add(name)
            if all(source in draft.ends for source in nodes[name].of):
                sources = [draft.ends[source] for source in nodes[name].of]
                node = _fused(draft, name, nodes[name], sources)
                if node is not None:
                    draft.ends[name] = node


def _fused(draft: _Draft, name: str, op: Op, sources: Sequence[Node]) -> Node | None:
    if isinstance(op, Concat):
        return _joined(draft, name, sources)
    widths = {source: size(node.shape) for source, node in zip(op.of, sources, strict=True)}
    if len(set(widths.values())) > 1:
        each = ", ".join(f"{source} {width}" for source, width in widths.items())
        text = (
            f"The op {op.op!r} needs vectors of one width, and these have: {each}. "
            "Use concat, or end each branch in a block whose last dense has the same units."
        )
        place = ("fusion", name) if isinstance(draft.recipe.fusion, dict) else ("fusion",)
        draft.problems.append(Problem(pointer(place), text))
        return None
    width = next(iter(widths.values()))
    cost = width * (len(sources) - 1) + (width if op.op == "average" else 0)
    return draft.add(Node(name, "fusion", name, (width,), flops=cost, activations=width), sources)


def _add_head(draft: _Draft) -> None:
    recipe = draft.recipe
    read = {source for op in recipe.nodes.values() for source in op.of}
    last = [
        draft.ends[name]
        for name in (recipe.nodes or recipe.branches)
        if name not in read and name in draft.ends
    ]
    strange = any(block not in recipe.blocks or block in draft.widths for block in recipe.head.blocks)
    if len(last) != 1 or strange:
        return
    end = last[0]
    for block in dict.fromkeys(recipe.head.blocks):
        end = _block(draft, f"head.{block}", block, end)
    units = recipe.head.output.width
    params, statistics, flops = dense_costs(size(end.shape), units, recipe.head.output.activation)
    weights = (Weights("output", "Dense", params, statistics),)
    draft.add(Node("output", "output", "output", (units,), weights, flops, units), [end])
