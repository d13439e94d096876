"""Which tensors of a model are asked for as features: by branch, by node, by layer."""

from collections.abc import Sequence

from fusion.errors import LayerNotFoundError, ModelError, listed, near
from fusion.frontier.tensors import NodeTensor, tensor
from fusion.frontier.units import Unit, Units, above, units
from fusion.graph.nodes import FusionGraph
from fusion.skeleton.cuts import resolve

BROUGHT = frozenset({"trunk", "prepare", "pool"})
"""Kinds of nodes whose weights come with a backbone, are taken from the training rows, or begin as what they mean."""


def tapped(graph: FusionGraph, taps: Sequence[str] = (), *, trained: bool = False) -> dict[str, NodeTensor]:
    """Returns the tensors that are asked for, by the name they were asked for by.

    Args:
        graph: The graph.
        taps: Each the name of a branch, for its vector or map before blocks of its own; of a node, such as `"fusion"`;
            or the address of a layer, such as `"vgg/block4_pool"`. All branches if there is none.
        trained: Whether the weights that the recipe itself declares have been trained.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
    ...     branches={"all": {"input": "photo", "backbone": "eye", "cut": "block2_pool"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> {name: found.shape for name, found in tapped(resolve(one), ["all", "eye/block1_pool"]).items()}
    {'all': (8,), 'eye/block1_pool': (8, 8, 4)}

    Raises:
        LayerNotFoundError: If the model has no such branch, node or layer.
        ModelError: If what is asked for has an open size, or comes after weights that are not trained.
    """
    opened = units(graph)
    branches = {name: _end(graph, name) for name in graph.recipe.branches}
    found = {}
    for tap in dict.fromkeys(taps or branches):
        name = branches.get(tap, tap)
        if name not in opened:
            raise LayerNotFoundError(_unknown(tap, branches, opened))
        if not trained:
            _refuse_fresh(graph, opened, tap, name)
        found[tap] = fixed(opened[name], tap)
    return found


def _end(graph: FusionGraph, branch: str) -> str:
    """Returns the node that ends a branch, blocks left out; of one that reads numbers, what they are made into."""
    own = [node.name for node in graph.nodes if node.branch == branch and node.kind in {"pool", "join"}]
    if own:
        return own[-1]
    end = graph[graph.ends[branch]]
    if end.kind == "trunk":
        # Only a stitch reads it: a map.
        table = graph.trunks[end.layer].skeletons[end.name]
        return f"{end.name}/{resolve(table, graph.recipe.branches[branch].cuts[0])}"
    read = graph.recipe.branches[branch].input
    made = [node.name for node in graph.nodes if node.kind == "prepare" and node.name.startswith(f"{read}.")]
    return made[-1] if made else str(read)


def _refuse_fresh(graph: FusionGraph, opened: Units, tap: str, name: str) -> None:
    needed = above(opened, [name])
    fresh = [
        each.name
        for each in opened.values()
        if each.name in needed and each.weights and graph[each.node].kind not in BROUGHT
    ]
    if fresh:
        raise ModelError(
            f"{tap!r} comes after {listed(fresh)}, whose weights nothing has trained: it would be numbers at random. "
            "Train the recipe first and give the folder of the run, or take what lies before."
        )


def fixed(unit: Unit, tap: str) -> NodeTensor:
    """Returns what a unit gives, if its rows have one size.

    >>> fixed(Unit("all.pool", "all.pool", "", "all.pool", (), (8,)), "all").bytes
    32

    Raises:
        ModelError: If a size is open.
    """
    if None in unit.shape:
        raise ModelError(
            f"{tap!r} has the open shape {unit.shape}, so it has no rows of one size. Declare the size of the input, or "
            "take what is pooled."
        )
    return tensor(unit)


def _unknown(tap: str, branches: Sequence[str] | dict[str, str], opened: Units) -> str:
    known = [*branches, *opened]
    inside = [name for name in opened if name.startswith(f"{tap.partition('/')[0]}/")] if "/" in tap else []
    hint = near(tap, known)
    shown = f"Layers there: {listed(inside, 6)}." if inside else f"Branches: {listed(branches)}."
    return f"The model has nothing called {tap!r}.{hint} What lies after a cut it does not have. {shown}"
