"""Optional inputs in a graph: nodes that tell whether one is there, and that give something else where it is not."""

from collections.abc import Sequence

from fusion.graph.absences import absence_layers, absence_of, is_lone, node_name
from fusion.graph.assembly import numbers_of, weights_of
from fusion.graph.draft import Draft
from fusion.graph.nodes import Kind, Node
from fusion.recipe.inputs import Image
from fusion.recipe.stitching import root

KINDS_OF_PRESENCE: tuple[Kind, ...] = ("keep", "drop", "present")
"""What tells whether an input is there, the last word first."""


def add_presence(draft: Draft, name: str, source: Node) -> None:
    """Adds what tells whether an optional input is there, and, of an image, what backbones read in its place."""
    _add(draft, "present", name, [source])
    if isinstance(draft.recipe.inputs[name], Image):
        filled(draft, name, source)


def filled(draft: Draft, name: str, source: Node) -> Node:
    """Returns the node that gives an optional input as it is where it is present, and else something harmless."""
    return _add(draft, "fill", name, [source])


def fed(draft: Draft, name: str) -> Node:
    """Returns the node whose image backbones read: the input, or what is read in its place where it is missing."""
    filled = node_name(name, "fill")
    return draft[filled if filled in draft.digraph else name]


def add_drops(draft: Draft) -> None:
    """Adds what takes optional inputs away while training; where all are optional, not the last one of an example."""
    recipe = draft.recipe
    dropped = [name for name, spec in recipe.inputs.items() if spec.optional and spec.optional.dropout]
    for name in dropped:
        _add(draft, "drop", name, [_presence(draft, name)])
    if is_lone(recipe):
        drawn = {name: _presence(draft, name) for name in recipe.inputs}
        for name in dropped:
            others = [drawn[other] for other in drawn if other != name]
            _add(draft, "keep", name, [draft[node_name(name, "present")], drawn[name], *others])


def or_missing(draft: Draft, branch: str, end: Node) -> Node:
    """Returns the node that gives a branch's vector where its input is present, and else what it gives in its place."""
    if absence_of(draft.recipe, branch) is None:
        return end
    presence = _presence(draft, root(draft.recipe.branches, branch))
    return _add(draft, "missing", branch, [end, presence], branch=branch)


def _presence(draft: Draft, name: str) -> Node:
    """Returns the last of the nodes that tell whether an input is there."""
    names = (node_name(name, kind) for kind in KINDS_OF_PRESENCE)
    return next(draft[each] for each in names if each in draft.digraph)


def _add(draft: Draft, kind: Kind, owner: str, parents: Sequence[Node], *, branch: str = "") -> Node:
    name = node_name(owner, kind)
    layers = absence_layers(draft.recipe, kind, name, [parent.shape for parent in parents])
    flops, numbers = sum(layer.flops for layer in layers), numbers_of(layers)
    weights = weights_of(layers, name)
    node = Node(name, kind, name, layers[-1].shape, weights, flops, numbers, branch)
    return draft.add(node, parents)
