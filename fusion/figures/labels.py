"""What plain graphs say of a node: the lines of its label, how it is coloured, whether its weights are shared."""

from collections.abc import Mapping

from fusion.drawing.palette import LIGHT
from fusion.drawing.states import State, View, state, trainable_params
from fusion.graph.nodes import Node
from fusion.skeleton.flops import uncounted
from fusion.wording import amount, dimensions, work

FILLS: Mapping[State, str] = {"frozen": LIGHT["frozen_fill"], "trainable": LIGHT["trainable_fill"]}
"""How what is frozen or trains is filled; all else stays white."""


def label(view: View, node: Node) -> list[str]:
    """Returns the lines of a node's label: its name, what it does, what it costs, what it gives, what the phase does to it."""
    lines = [node.name]
    if node.kind == "trunk":
        trunk = view.graph.trunks[node.layer]
        lines.append(f"{trunk.skeleton.source}, {len(trunk.kept)} of {len(trunk.skeleton.layers)} layers")
        lines.append(f"entered at {trunk.enter}" if trunk.enter else f"preprocess {trunk.preprocess}")
    if node.kind == "fusion":
        lines.append(view.graph.recipe.nodes[node.layer].op)
    if node.kind == "auxiliary":
        lines.append("training only")
    params = sum(each.params for each in node.weights)
    if params:
        run = view.graph.trunks[node.layer] if node.kind == "trunk" else None
        unknown = uncounted(run.skeleton[name] for name in run.kept) if run else ()
        lines.append(f"{amount(params)} params, {work(node.flops, unknown)}")
    return [*lines, dimensions(node.shape), *_happens(view, node)]


def _happens(view: View, node: Node) -> list[str]:
    """Returns what the phase does to a node's weights, in words."""
    condition = state(node.weights, view.trained)
    if condition == "mixed":
        trained = trainable_params(node.weights, view.trained)
        return [f"{amount(trained)} of {amount(sum(each.params for each in node.weights))} trainable"]
    return [condition] if condition in FILLS else []


def is_shared(view: View, node: Node) -> bool:
    """Returns whether another node runs the same layer, and so the same weights."""
    return sum(other.layer == node.layer and other.kind == node.kind for other in view.graph.nodes) > 1
