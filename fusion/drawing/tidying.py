"""What a picture leaves out: what only tells whether an input is there or stands for it, and what follows a misfit."""

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
        # What comes after has no size to be drawn with.
        after = set[str]().union(*(nx.descendants(graph.digraph, name) for name in graph.misfits))
        known = [name for name in graph.digraph if name not in after]
        graph = replace(graph, digraph=graph.digraph.subgraph(known).copy())
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
