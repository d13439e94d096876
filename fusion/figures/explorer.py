"""Graphs for Model Explorer, Google's viewer of very large graphs: every layer, in groups that open on a click.

The form of the file is that of `model_explorer.graph_builder`: a collection with one graph
(<https://github.com/google-ai-edge/model-explorer>). Open it there as any model.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fusion.drawing.header import phase_name
from fusion.drawing.palette import LIGHT
from fusion.drawing.states import State, View, state
from fusion.figures.labels import label
from fusion.graph.nodes import Node, Trunk, Weights
from fusion.skeleton.articulation import stages
from fusion.skeleton.layers import Shape
from fusion.wording import cleaned, dimensions, operations

Entry = dict[str, Any]
"""A node as the file has it."""

_LOOKS: Mapping[State, tuple[str, str]] = {
    "frozen": (LIGHT["frozen_fill"], LIGHT["frozen"]),
    "trainable": (LIGHT["trainable_fill"], LIGHT["trainable"]),
}


def to_explorer(view: View) -> str:
    """Returns the layers of a graph as JSON for Model Explorer, each backbone a group for each of its calls.

    What is frozen is blue, what trains orange. What cuts throw away lies in a group `discarded` of its own, in grey.
    """
    nodes: list[Entry] = []
    for node in view.graph.nodes:
        if node.kind == "trunk":
            nodes += _layers(view, node, view.graph.trunks[node.layer])
        else:
            nodes.append(_node(view, node))
    name = cleaned(view.graph.recipe.name)
    graph = {"id": name, "nodes": nodes, "groupNodeAttributes": _groups(view)}
    return json.dumps({"label": name, "graphs": [graph]}, ensure_ascii=False, indent=1) + "\n"


def _node(view: View, node: Node) -> Entry:
    condition = state(node.weights, view.trained)
    facts = {"kind": node.kind, **_costs(node.weights, node.flops, condition)}
    if node.kind == "auxiliary":
        facts["there"] = "in training only"
    if node.kind == "fusion":
        facts["op"] = view.graph.recipe.nodes[node.layer].op
    return _entry(node.name, node.name, "", facts, node.shape, _sources(view, node)) | _style(condition)


def _sources(view: View, node: Node) -> list[str]:
    edges = sorted(view.graph.digraph.in_edges(node.name, data=True), key=lambda edge: edge[2]["order"])
    return [f"{source}/{data['tap']}" if data["tap"] else source for source, _, data in edges]


def _layers(view: View, node: Node, trunk: Trunk) -> Iterator[Entry]:
    table = trunk.skeletons[node.name]
    numbers = {name: stage.number for stage in stages(table) for name in stage.layers}
    for row in table.layers:
        weights = [Weights(f"{trunk.backbone}/{row.name}", row.kind, row.params, row.statistics)]
        kept = row.name in trunk.kept
        condition = state(weights if row.params else [], view.trained)
        group = f"{node.name}/stage {numbers.get(row.name, 1)}" if kept else f"{node.name}/discarded"
        facts = {"kind": row.kind, **_costs(weights, row.flops, condition)}
        if not kept:
            facts["state"] = "discarded, never built"
        # What has no parents is what the backbone is fed, unless something takes an inner layer's place.
        fed = [] if trunk.enter else _sources(view, node)
        sources = [
            each
            for parent in row.parents
            for each in (
                _sources(view, node) if kept and parent == trunk.enter else [f"{node.name}/{parent}"]
            )
        ] or fed
        entry = _entry(f"{node.name}/{row.name}", row.name, group, facts, row.shape, sources)
        yield entry | (_style(condition) if kept else _ghostly())


def _costs(weights: Sequence[Weights], flops: int, condition: State) -> dict[str, str]:
    params = sum(each.params for each in weights)
    facts = {"params": f"{params:,}", "state": condition} if params else {}
    return facts | ({"cost": operations(flops)} if flops else {})


def _entry(
    key: str, name: str, group: str, facts: Mapping[str, str], shape: Shape, sources: Sequence[str]
) -> Entry:
    return {
        "id": key,
        "label": cleaned(name),
        "namespace": cleaned(group),
        "attrs": _pairs(facts),
        "incomingEdges": [
            {"sourceNodeId": source, "sourceNodeOutputId": "0", "targetNodeInputId": str(number)}
            for number, source in enumerate(sources)
        ],
        "outputsMetadata": [{"id": "0", "attrs": _pairs({"tensor_shape": dimensions(shape)})}],
    }


def _pairs(facts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": cleaned(value)} for key, value in facts.items()]


def _style(condition: State) -> Entry:
    fill, border = _LOOKS.get(condition, (LIGHT["paper"], LIGHT["line"]))
    return {"style": {"backgroundColor": fill, "borderColor": border}}


def _ghostly() -> Entry:
    return {"style": {"backgroundColor": LIGHT["ghost_fill"], "borderColor": LIGHT["ghost"]}}


def _groups(view: View) -> dict[str, dict[str, str]]:
    """Returns what the viewer says of the whole, under `""`, and of each call of a backbone."""
    graph = view.graph
    found = {"": {"recipe": cleaned(graph.recipe.name), "phase": phase_name(view)}}
    for node in graph.nodes:
        if node.kind == "trunk":
            found[node.name] = {"backbone": node.layer, "says": cleaned(", ".join(label(view, node)[1:]))}
    return found
