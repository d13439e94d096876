"""Graphs as Mermaid flowcharts, which GitHub and many wikis show: an overview, a box for each call.

Mermaid draws at most 500 edges and 50,000 characters (<https://mermaid.js.org/config/schema-docs/config.html>), so
backbones stay closed.
"""

import json

from fusion.drawing.header import phase_name
from fusion.drawing.palette import LIGHT
from fusion.drawing.states import View, state
from fusion.figures.labels import FILLS, is_shared, label
from fusion.graph.nodes import Kind, Node
from fusion.wording import cleaned, dimensions

LONGEST = 60
"""Characters of a line of a label."""

_BRACKETS: dict[Kind, tuple[str, str]] = {
    "input": ("([", "])"),
    "prepare": ("(", ")"),
    "pool": ("(", ")"),
    "fusion": ("{{", "}}"),
}
_PLAIN = frozenset(" ,.:-_+=/")


def to_mermaid(view: View) -> str:
    """Returns the nodes of a graph and what runs between them as a Mermaid flowchart, from left to right.

    What trains is orange with a thick border, what is frozen is blue, what does some of each or has no weights is
    white. A call that shares its weights with another has two borders on its sides; what is there in training only has a
    dashed one.
    """
    graph = view.graph
    keys = {node.name: f"n{number}" for number, node in enumerate(graph.nodes)}
    title = f"{_short(graph.recipe.name)} ({_short(phase_name(view))})"
    # JSON is YAML, and its quotes hold any text.
    # Mermaid takes markup out of a title, and with it what stands inside; an ampersand by itself it sets as it is.
    title = title.translate({ord("<"): "\u2039", ord(">"): "\u203a"})
    lines = ["---", f"title: {json.dumps(title, ensure_ascii=False)}", "---", "flowchart LR"]
    lines += [f"  {keys[node.name]}{_box(view, node)}{_class(view, node)}" for node in graph.nodes]
    for node in graph.nodes:
        for _, target, data in graph.digraph.out_edges(node.name, data=True):
            words = " ".join(part for part in (data["tap"], dimensions(data["shape"])) if part)
            arrow = "-.->" if graph[target].kind == "auxiliary" else "-->"
            lines.append(f'  {keys[node.name]} {arrow}|"{_safe(words)}"| {keys[target]}')
    lines += [
        f"  classDef frozen fill:{FILLS['frozen']},stroke:{LIGHT['frozen']},color:{LIGHT['ink']}",
        f"  classDef trainable fill:{FILLS['trainable']},stroke:{LIGHT['trainable']},color:{LIGHT['ink']},stroke-width:3px",
        f"  classDef plain fill:{LIGHT['paper']},stroke:{LIGHT['line']},color:{LIGHT['ink']}",
        *(f"  style {keys[node.name]} stroke-dasharray: 4 4" for node in graph.auxiliary),
    ]
    return "\n".join(lines) + "\n"


def _box(view: View, node: Node) -> str:
    left, right = ("[[", "]]") if is_shared(view, node) else _BRACKETS.get(node.kind, ("[", "]"))
    words = "<br/>".join(_safe(line) for line in label(view, node))
    return f'{left}"{words}"{right}'


def _class(view: View, node: Node) -> str:
    condition = state(node.weights, view.trained)
    return f":::{condition if condition in FILLS else 'plain'}"


def _safe(text: str) -> str:
    """Returns text as Mermaid's entities wherever it could mean something: markup, Markdown, an end of quotes."""
    return "".join(
        sign if sign in _PLAIN or sign.isalnum() or not sign.isascii() else f"#{ord(sign)};"
        for sign in _short(text)
    )


def _short(text: str) -> str:
    found = cleaned(text)
    return found if len(found) <= LONGEST else found[: LONGEST - 1] + "…"
