"""Graphs as DOT source, for those who go on by hand in Graphviz; no `dot` is needed to write it."""

import graphviz

from fusion.drawing.header import phase_name
from fusion.drawing.palette import LIGHT
from fusion.drawing.states import View, state
from fusion.figures.labels import FILLS, is_shared, label
from fusion.graph.nodes import Node
from fusion.wording import cleaned, dimensions


def to_dot(view: View) -> str:
    """Returns the nodes of a graph and what runs between them as DOT source.

    A call that shares its weights with another has two borders. What trains is filled orange and has a thick border,
    what is frozen is filled blue, what does some of each or has no weights stays white.
    """
    graph = view.graph
    source = graphviz.Digraph(
        graph_attr={
            "rankdir": "LR",
            "label": _safe(f"{graph.recipe.name}\n{phase_name(view)}"),
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
        source.node(keys[node.name], _safe("\n".join(label(view, node))), **_look(view, node))
    for node in graph.nodes:
        for _, target, data in graph.digraph.out_edges(node.name, data=True):
            words = " ".join(part for part in (data["tap"], dimensions(data["shape"])) if part)
            aside = {"style": "dashed"} if graph[target].kind == "auxiliary" else {}
            source.edge(keys[node.name], keys[target], _safe(words), **aside)
    text: str = source.source
    return text


def _look(view: View, node: Node) -> dict[str, str]:
    condition = state(node.weights, view.trained)
    look = {"fillcolor": FILLS[condition]} if condition in FILLS else {}
    if condition == "trainable":
        look["penwidth"] = "2.5"
    if node.kind == "auxiliary":
        look["style"] = "rounded,filled,dashed"
    return look | ({"peripheries": "2"} if is_shared(view, node) else {})


def _safe(text: str) -> str:
    r"""Returns text that DOT takes as it is: no markup, no escapes of its own but `\n` between lines."""
    lines = [cleaned(line).replace("\\", "\\\\") for line in text.split("\n")]
    plain: str = graphviz.nohtml("\\n".join(lines))
    return plain
