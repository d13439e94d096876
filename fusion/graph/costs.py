"""What a model costs: weights, operations and memory, in all and by branch, before anything is built."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import networkx as nx

from fusion.graph.nodes import FusionGraph, Node, Trunk, size
from fusion.skeleton.cuts import Discarded, discarded, kept, resolve
from fusion.skeleton.flops import uncounted
from fusion.skeleton.layers import Layer, Skeleton

BYTES = 4
"""Bytes of a float32."""


@dataclass(frozen=True, slots=True)
class PhaseCost:
    """What one phase trains: its name and how many weights its gradients change."""

    name: str
    trainable: int


@dataclass(frozen=True, slots=True)
class PartCost:
    """What one branch, the fusion or the head costs.

    Args:
        name: The branch, or `fusion`, or `head`.
        params: Weights it uses; weights that branches share count in each of them.
        flops: Operations for one sample, a multiply-accumulate being two; a shared call counts in each branch, up to
            that branch's own cut.
        activation_bytes: Memory of all its layers' outputs for one sample in float32, an upper bound.
        width: Values it gives.
        discarded: What its cuts throw away of the backbone, with what its entrance does; `None` without a backbone.
        skipped: What of that lies before its entrance; `None` if it is not entered at an inner layer.
        uncounted: Kinds of layers whose operations are not known and not in `flops`.
    """

    name: str
    params: int
    flops: int
    activation_bytes: int
    width: int
    discarded: Discarded | None = None
    skipped: Discarded | None = None
    uncounted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Costs:
    """What a whole model costs; shared weights count once, every call's operations count.

    Args:
        parts: Branches in order, then `fusion` where there is one, then `head`.
        params: All weights.
        statistics: Those of them no gradient ever changes.
        flops: Operations for one sample, a multiply-accumulate being two.
        activation_bytes: Memory of all layers' outputs for one sample in float32, an upper bound.
        phases: What each phase trains, auxiliary outputs included.
        discarded: What the cuts throw away of all backbones together; operations in every call.
        auxiliary: Outputs that are there in training only; they are no part of the sums above.
        uncounted: Kinds of layers whose operations are not known and not in `flops`.
        unsaved: Such kinds among what is discarded.
    """

    parts: tuple[PartCost, ...]
    params: int
    statistics: int
    flops: int
    activation_bytes: int
    phases: tuple[PhaseCost, ...]
    discarded: Discarded
    auxiliary: tuple[PartCost, ...] = ()
    uncounted: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = ()

    @property
    def known_flops(self) -> int | None:
        """Operations for one sample; `None` where those of some layers are not known."""
        return None if self.uncounted else self.flops


def costs(graph: FusionGraph) -> Costs:
    """Returns what the model of `graph` costs, equal to Keras's `count_params` once it is built.

    FLOPs follow the convention of `fusion.skeleton.flops`.
    """
    branches = tuple(_branch(graph, name) for name in graph.recipe.branches)
    fused = [node for node in graph.nodes if node.kind == "fusion"]
    head = [node for node in graph.nodes if node.is_head]
    parts = [*branches, *([_part("fusion", fused)] if fused else []), _part("head", head)]
    weights = graph.kept_weights.values()
    kept = [node for node in graph.nodes if node not in graph.auxiliary]
    lost = [discarded(trunk.skeleton, trunk.taps, trunk.enter) for trunk in graph.trunks.values()]
    saved = [
        discarded(table, trunk.taps, trunk.enter).flops
        for trunk in graph.trunks.values()
        for table in trunk.skeletons.values()
    ]
    return Costs(
        parts=tuple(parts),
        params=sum(each.params for each in weights),
        statistics=sum(each.statistics for each in weights),
        flops=sum(node.flops for node in kept),
        activation_bytes=BYTES * sum(node.activations for node in kept),
        phases=tuple(PhaseCost(plan.name, trainable(graph, plan.rates)) for plan in graph.phases),
        discarded=Discarded(
            sum(each.layers for each in lost),
            sum(each.params for each in lost),
            sum(saved),
        ),
        auxiliary=tuple(_part(node.name, [node]) for node in graph.auxiliary),
        uncounted=uncounted(row for trunk in graph.trunks.values() for row in _rows(trunk)),
        unsaved=uncounted(
            row
            for trunk in graph.trunks.values()
            for row in trunk.skeletons[trunk.calls[0]].layers
            if row.name not in trunk.kept
        ),
    )


def _rows(trunk: Trunk) -> Iterator[Layer]:
    """Yields what is kept of a backbone, for each call: its operations may be known at one size and not at another."""
    return (table[name] for table in trunk.skeletons.values() for name in sorted(trunk.kept))


def trainable(graph: FusionGraph, addresses: Iterable[str]) -> int:
    """Returns how many weights gradients change when the layers at `addresses` train."""
    return sum(graph.weights[address].params - graph.weights[address].statistics for address in addresses)


def branch_nodes(graph: FusionGraph, branch: str) -> tuple[Node, ...]:
    """Returns the nodes a branch runs through, from its input to the one that gives its vector."""
    end = graph.ends[branch]
    # Whether the last input of an example is kept depends on all others, which the branch does not run through.
    own = nx.subgraph_view(
        graph.digraph, filter_edge=lambda a, b: graph[b].kind != "keep" or _is_of_one(a, b)
    )
    above = nx.ancestors(own, end) | {end}
    return tuple(node for node in graph.nodes if node.name in above)


def _is_of_one(source: str, target: str) -> bool:
    return source.partition(".")[0] == target.partition(".")[0]


def _branch(graph: FusionGraph, name: str) -> PartCost:
    nodes, branch = branch_nodes(graph, name), graph.recipe.branches[name]
    if branch.backbone is None:
        return _part(name, nodes)
    trunk = graph.trunks[branch.backbone]
    call = next(node.name for node in nodes if node.kind == "trunk" and node.layer == branch.backbone)
    table = trunk.skeletons[call]
    taps = {call: [resolve(table, cut) for cut in branch.cuts]}
    names = {node.name for node in nodes}
    for source, target, tap in graph.digraph.edges(data="tap"):
        if tap and {source, target} <= names:
            taps.setdefault(source, []).append(tap)
    lost = discarded(table, taps[call], trunk.enter)
    part = _part(name, [_alone(graph, node, taps.get(node.name, ())) for node in nodes], lost)
    through = [graph.trunks[node.layer] for node in nodes if node.kind == "trunk"]
    part = replace(part, uncounted=uncounted(row for each in through for row in _rows(each)))
    return replace(part, skipped=_skipped(table, taps[call], trunk.enter)) if trunk.enter else part


def _skipped(table: Skeleton, taps: Sequence[str], enter: str) -> Discarded:
    """Returns what is needed for the taps of a whole backbone, and not of one that is entered."""
    whole, left = discarded(table, taps), discarded(table, taps, enter)
    return Discarded(left.layers - whole.layers, left.params - whole.params, left.flops - whole.flops)


def _alone(graph: FusionGraph, node: Node, taps: Sequence[str]) -> Node:
    """Returns the call of a trunk as it would be if nothing deeper than `taps` were read of it."""
    if node.kind != "trunk":
        return node
    trunk = graph.trunks[node.layer]
    table = trunk.skeletons[node.name]
    rows = [table[name] for name in kept(table, taps, trunk.enter)]
    addresses = {f"{node.layer}/{row.name}" for row in rows}
    return replace(
        node,
        weights=tuple(each for each in node.weights if each.address in addresses),
        flops=sum(row.flops for row in rows),
        activations=sum(size(row.shape) for row in rows),
    )


def _part(name: str, nodes: Iterable[Node], lost: Discarded | None = None) -> PartCost:
    nodes = list(nodes)
    weights = {each.address: each.params for node in nodes for each in node.weights}
    return PartCost(
        name,
        sum(weights.values()),
        sum(node.flops for node in nodes),
        BYTES * sum(node.activations for node in nodes),
        nodes[-1].shape[-1] or 0,
        lost,
    )
