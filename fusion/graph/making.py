"""A recipe and the tables of its backbones, made into a graph; every problem is found, not only the first."""

from collections.abc import Collection, Sequence

from fusion.errors import Problem, RecipeError
from fusion.graph.assembly import numbers_of, weights_of
from fusion.graph.calls import Call, calls
from fusion.graph.draft import Draft
from fusion.graph.fitting import misfits
from fusion.graph.nodes import AUXILIARY, FusionGraph, Kind, Node, Trunk, Weights, size
from fusion.graph.ops import op_layers
from fusion.graph.pools import IDS, padded, padding, pool_layers
from fusion.graph.presence import add_drops, add_presence, fed, filled, or_missing
from fusion.graph.selection import phase_plans
from fusion.graph.steps import activation_cost, dense_costs, step_layers
from fusion.graph.stitches import Entry, stitch_layers
from fusion.graph.taps import untappable
from fusion.graph.trunks import half_known, remarks, trunks, unfit
from fusion.graph.uses import Catalogue
from fusion.recipe.head import Output
from fusion.recipe.inputs import Category, Table
from fusion.recipe.ops import Op
from fusion.recipe.recipe import Recipe
from fusion.recipe.references import STEPS
from fusion.recipe.stitching import ends
from fusion.recipe.texts import Text, Words
from fusion.recipe.translation import Place, pointer
from fusion.recipe.weighing import Late


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
    problems += unfit(used)
    kept = trunks(used, half_known(recipe, used, doubtful))
    draft = Draft(recipe, problems, doubtful)
    for name, spec in recipe.inputs.items():
        source = draft.add(Node(name, "input", name, spec.shape), [])
        if spec.optional is not None:
            add_presence(draft, name, source)
    add_drops(draft)
    for call in used:
        _add_call(draft, call, kept[call.use.backbone])
    for name, branch in recipe.branches.items():
        match recipe.inputs.get(branch.input or ""):
            case Table():
                _add_blocks(draft, name, branch.blocks, _normalised(draft, branch.input or ""))
            case Category(width=width) | Text(width=width):
                _add_blocks(draft, name, branch.blocks, _told_apart(draft, branch.input or "", width))
    _add_fusion(draft)
    _add_head(draft)
    plans = phase_plans(recipe, kept, draft.digraph, problems)
    if problems or "output" not in draft.digraph:
        return None, problems
    last = {name: node.name for name, node in draft.ends.items()}
    return FusionGraph(recipe, draft.digraph, kept, last, plans, tuple(remarks(used))), problems


def _add_call(draft: Draft, call: Call, trunk: Trunk) -> None:
    recipe, source = draft.recipe, draft[call.front] if call.front else fed(draft, call.use.input)
    if call.entry:
        source = _stitched(draft, call, call.entry, source)
    elif call.prepared:
        name = f"{call.name}.prepare"
        source = draft.add(Node(name, "prepare", name.replace("@", "."), call.use.shape), [source])
    elif isinstance(call.use.image, Words):
        source = _listed(draft, call)
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
    vectors_of = ends(recipe)
    for name, taps in call.taps.items():
        if name not in vectors_of:
            draft.ends[name] = node
            continue
        pooled = [_add_pool(draft, name, call, node, tap, len(taps) > 1) for tap in taps]
        vectors = [vector for vector in pooled if vector is not None]
        if len(vectors) == len(taps):
            end = vectors[0] if len(vectors) == 1 else _joined(draft, name, vectors)
            _add_blocks(draft, name, recipe.branches[name].blocks, end)


def _stitched(draft: Draft, call: Call, entry: Entry, source: Node) -> Node:
    layer, layers = f"{call.use.backbone}.stitch", stitch_layers(entry.read, entry.given)
    flops, numbers = sum(each.flops for each in layers), numbers_of(layers)
    weights = weights_of(layers, layer)
    node = Node(f"{call.name}.stitch", "stitch", layer, entry.given, weights, flops, numbers)
    draft.add(node, [source])
    draft.digraph.edges[source.name, node.name].update(tap=entry.tap, shape=entry.read)
    return node


def _add_pool(
    draft: Draft, branch: str, call: Call, trunk: Node, tap: str, one_of_several: bool
) -> Node | None:
    declared, shape = draft.recipe.branches[branch], call.skeleton[tap].shape
    problems = [
        Problem(pointer(("branches", branch, key)), text)
        for key, text in untappable(declared, call.skeleton, tap)
    ]
    if problems:
        # Several taps can be wrong in one way.
        draft.problems += [each for each in problems if each not in draft.problems]
        return None
    name = f"{branch}.pool.{tap}" if one_of_several else f"{branch}.pool"
    layers = pool_layers(declared, shape, pad=padding(draft.recipe, branch, shape))
    flops, numbers = sum(layer.flops for layer in layers), numbers_of(layers)
    # What tells padding is read from the tokens themselves.
    ids = [_listed(draft, call)] if any(IDS in layer.of for layer in layers) else []
    weights = weights_of(layers, name)
    node = Node(name, "pool", name, layers[-1].shape, weights, flops, numbers, branch)
    draft.add(node, [trunk, *ids])
    draft.digraph.edges[trunk.name, name].update(tap=tap, shape=shape)
    return node


def _normalised(draft: Draft, name: str) -> Node:
    """The node that normalises a table, one for all branches that read it."""
    source: Node = draft[name]
    layer = f"{name}.normalise"
    width = size(source.shape)
    # Mean, variance and count, as keras.layers.Normalization keeps them.
    weights = Weights(layer, "Normalization", 2 * width + 1, 2 * width + 1)
    node = draft.add(Node(layer, "prepare", layer, source.shape, (weights,), 2 * width, width), [source])
    return filled(draft, name, node) if draft.recipe.inputs[name].optional else node


def _told_apart(draft: Draft, name: str, width: int) -> Node:
    """The node that turns a text into a vector, one for all branches that read it; it has no weights."""
    layer = f"{name}.prepare"
    source: Node = draft[name]
    return draft.add(Node(layer, "prepare", layer, (width,), activations=2 * width), [source])


def _listed(draft: Draft, call: Call) -> Node:
    """The node that gives the numbers of the tokens or words a text backbone reads."""
    name, declared = call.use.input, call.use.image
    return _told_apart(draft, name, declared.width) if isinstance(declared, Words) else draft[name]


def _add_blocks(draft: Draft, branch: str, blocks: Sequence[str], end: Node) -> None:
    for block in dict.fromkeys(blocks):
        if block not in draft.recipe.blocks or block in STEPS:
            return
        end = _block(draft, f"{branch}.{block}", block, end, branch=branch)
    # Where something in the branch could not be read, its width is nobody's word.
    if not any(place[:2] == ("branches", branch) for place in draft.doubtful):
        draft.ends[branch] = or_missing(draft, branch, end)


def _block(draft: Draft, name: str, block: str, source: Node, *, branch: str = "") -> Node:
    layers = step_layers(draft.recipe.blocks[block], size(source.shape))
    weights = tuple(
        Weights(f"{block}/{layer.name}", layer.kind, layer.params, layer.statistics)
        for layer in layers
        if layer.params
    )
    width = size(source.shape)
    first, other = draft.widths.setdefault(block, (width, branch))
    if width != first:
        text = (
            f"Block {block!r} is used on vectors of {first} values in {other!r} and of {width} in {branch!r}; its weights "
            "fit one width. Give each a block of its own, or bring both to one width by a block before."
        )
        draft.problems.append(Problem(pointer(("blocks", block)), text))
    flops = sum(layer.flops for layer in layers)
    activations = sum(layer.width for layer in layers)
    node = Node(name, "block", block, (layers[-1].width,), weights, flops, activations, branch)
    return draft.add(node, [source])


def _joined(draft: Draft, branch: str, vectors: Sequence[Node]) -> Node:
    """The taps of a branch one after the other."""
    name, width = f"{branch}.taps", sum(size(vector.shape) for vector in vectors)
    return draft.add(Node(name, "join", name, (width,), activations=width, branch=branch), vectors)


def _add_fusion(draft: Draft) -> None:
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


def _fused(draft: Draft, name: str, op: Op, sources: Sequence[Node]) -> Node | None:
    place = ("fusion", name) if isinstance(draft.recipe.fusion, dict) else ("fusion",)
    # Where something in the op could not be read, its width is nobody's word.
    if any(each[: len(place)] == place for each in draft.doubtful):
        return None
    shapes = {source: node.shape for source, node in zip(op.of, sources, strict=True)}
    problems = list(misfits(op, shapes))
    if problems:
        draft.problems += [Problem(pointer(place), text) for text in problems]
        return None
    layers = op_layers(op, shapes, draft.recipe.head.output, padded=padded(draft.recipe))
    flops, numbers = sum(layer.flops for layer in layers), numbers_of(layers)
    weights = weights_of(layers, name)
    return draft.add(Node(name, "fusion", name, layers[-1].shape, weights, flops, numbers), sources)


def _add_head(draft: Draft) -> None:
    recipe = draft.recipe
    read = {source for op in recipe.nodes.values() for source in op.of}
    last = [name for name in (recipe.nodes or ends(recipe)) if name not in read and name in draft.ends]
    strange = any(block not in recipe.blocks or block in draft.widths for block in recipe.head.blocks)
    # Where the fusion could not be read, or a branch that may read another, nobody knows what comes last.
    if len(last) != 1 or strange or any(_is_lost(draft, place) for place in draft.doubtful):
        return
    end = draft.ends[last[0]]
    if len(end.shape) > 1:
        text = 'The head reads a vector, and "pool": "none" leaves a map; it is for the op cross_attention.'
        draft.problems.append(Problem(pointer(("branches", last[0], "pool")), text))
        return
    for block in dict.fromkeys(recipe.head.blocks):
        end = _block(draft, f"head.{block}", block, end)
    late = isinstance(recipe.nodes.get(last[0]), Late)
    draft.add(_output("output", recipe.head.output, size(end.shape), late=late), [end])
    for name in recipe.head.auxiliary:
        if name in draft.ends:
            _add_auxiliary(draft, name, draft.ends[name])


def _is_lost(draft: Draft, place: Place) -> bool:
    """Returns whether a fusion, or a whole branch, is among what could not be read."""
    section, *rest = place
    return section == "fusion" or (
        section == "branches" and bool(rest) and rest[0] not in draft.recipe.branches
    )


def _add_auxiliary(draft: Draft, name: str, source: Node) -> None:
    if len(source.shape) > 1:
        text = f'An auxiliary output reads a vector, and {name!r} gives a map, as it is not pooled. Write a "pool" there.'
        draft.problems.append(Problem(pointer(("head", "auxiliary", name)), text))
        return
    draft.add(_output(f"{name}{AUXILIARY}", draft.recipe.head.output, size(source.shape)), [source])


def _output(name: str, output: Output, width: int, *, late: bool = False) -> Node:
    """The output on a vector, or on what late fusion predicts already, which has no layer of weights that train."""
    kind: Kind = "output" if name == "output" else "auxiliary"
    units, restored = output.width, Weights(f"{name}/restore", "Normalization", *[2 * output.width + 1] * 2)
    if late:
        params, statistics, cost = 0, 0, activation_cost(units, output.activation)
    else:
        params, statistics, cost = dense_costs(width, units, output.activation)
    dense = Weights(f"{name}/dense" if output.standardise else name, "Dense", params, statistics)
    weights = [dense] if params else []
    if not output.standardise:
        return Node(name, kind, name, (units,), tuple(weights), cost, units)
    numbers = units if late else 2 * units
    return Node(name, kind, name, (units,), (*weights, restored), cost + 2 * units, numbers)
