"""What a picture leaves out: what only tells whether an input is there or stands for it, and what follows a misfit."""

from collections.abc import Collection
from dataclasses import replace

import networkx as nx

from fusion.graph.nodes import FusionGraph, Kind

HIDDEN: tuple[Kind, ...] = ("present", "drop", "keep", "fill")
"""Kinds of nodes that bear the name of an optional input, and are drawn with it."""


def tidied(graph: FusionGraph) -> FusionGraph:
    """Returns a graph as it is drawn: what is hidden counts for its input, so that costs stay what they are.

    >>> from fusion.graph.making import make_graph
    >>> from fusion.recipe.inputs import Table
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"a": Table(columns=["a"], optional={"missing": "zeros"}), "b": Table(columns=["b"])},
    ...     branches={"left": {"input": "a"}, "right": {"input": "b"}},
    ...     fusion={"op": "add", "from": ["left", "right"]},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> [node.name for node in tidied(make_graph(one, None)).nodes]
    ['a', 'b', 'a.normalise', 'left.missing', 'b.normalise', 'fusion', 'output']
    """
    hidden = [node for node in graph.nodes if node.kind in HIDDEN]
    if graph.misfits:
        graph = replace(graph, digraph=_ended(graph.digraph, graph.misfits))
    if not hidden:
        return graph
    digraph: nx.DiGraph = graph.digraph.copy()
    for node in hidden:
        name = node.name.partition(".")[0]
        whole = digraph.nodes[name]["node"]
        flops, numbers = whole.flops + node.flops, whole.activations + node.activations
        digraph.nodes[name]["node"] = replace(whole, flops=flops, activations=numbers)
        if node.kind == "fill":
            (source,) = digraph.predecessors(node.name)
            digraph.add_edges_from(
                (source, after, data) for _, after, data in digraph.out_edges(node.name, data=True)
            )
        digraph.remove_node(node.name)
    return replace(graph, digraph=digraph)


def _ended(whole: nx.DiGraph, misfits: Collection[str]) -> nx.DiGraph:
    """Returns what leads to the first things that do not fit, and these: what comes after has no size to be drawn with."""
    after = set[str]().union(*(nx.descendants(whole, name) for name in misfits))
    first = [name for name in misfits if name not in after]
    before = set[str](first).union(*(nx.ancestors(whole, name) for name in first))
    return whole.subgraph([name for name in whole if name in before]).copy()
