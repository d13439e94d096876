"""Graphs as DOT source, for those who go on by hand in Graphviz; no `dot` is needed to write it."""

import graphviz

from fusion.drawing.palette import LIGHT
from fusion.drawing.states import State, View, state
from fusion.graph.nodes import Node
from fusion.wording import amount, cleaned, dimensions, operations

_FILLS: dict[State, str] = {"frozen": LIGHT["frozen_fill"], "trainable": LIGHT["trainable_fill"]}


def to_dot(view: View) -> str:
    """Returns the nodes of a graph and what runs between them as DOT source.

    A call that shares its weights with another has two borders. What trains is filled orange and has a thick border,
    what is frozen is filled blue, what does some of each or has no weights stays white.
    """
    graph = view.graph
    source = graphviz.Digraph(
        graph_attr={
            "rankdir": "LR",
            "label": _safe(graph.recipe.name),
            "labelloc": "t",
            "fontname": "Helvetica",
        },
        node_attr={
            "shape": "box",
            "style": "rounded,filled",
            "fillcolor": LIGHT["paper"],
            "fontname": "Helvetica",
        },
        edge_attr={"fontname": "Helvetica", "fontsize": "10"},
    )
    # Numbered, because a colon in a name would mean a port.
    keys = {node.name: f"n{number}" for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        source.node(keys[node.name], _label(view, node), **_look(view, node))
    for node in graph.nodes:
        for _, target, data in graph.digraph.out_edges(node.name, data=True):
            words = " ".join(part for part in (data["tap"], dimensions(data["shape"])) if part)
            source.edge(keys[node.name], keys[target], _safe(words))
    text: str = source.source
    return text


def _label(view: View, node: Node) -> str:
    lines = [node.name]
    if node.kind == "trunk":
        trunk = view.graph.trunks[node.layer]
        lines.append(f"{trunk.skeleton.source}, {len(trunk.kept)} of {len(trunk.skeleton.layers)} layers")
        lines.append(f"preprocess {trunk.preprocess}")
    if node.kind == "fusion":
        lines.append(view.graph.recipe.nodes[node.layer].op)
    params = sum(each.params for each in node.weights)
    if params:
        lines.append(f"{amount(params)} params, {operations(node.flops)}")
    return _safe("\n".join([*lines, dimensions(node.shape)]))


def _look(view: View, node: Node) -> dict[str, str]:
    condition = state(node.weights, view.trained)
    shared = sum(other.layer == node.layer and other.kind == node.kind for other in view.graph.nodes) > 1
    look = {"fillcolor": _FILLS[condition]} if condition in _FILLS else {}
    if condition == "trainable":
        look["penwidth"] = "2.5"
    return look | ({"peripheries": "2"} if shared else {})


def _safe(text: str) -> str:
    r"""Returns text that DOT takes as it is: no markup, no escapes of its own but `\n` between lines."""
    lines = [cleaned(line).replace("\\", "\\\\") for line in text.split("\n")]
    plain: str = graphviz.nohtml("\\n".join(lines))
    return plain
