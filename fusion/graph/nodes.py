"""The graph of a recipe as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Literal

import networkx as nx

from fusion.errors import Problem
from fusion.recipe.preprocessing import Preprocess
from fusion.recipe.recipe import Recipe
from fusion.skeleton.layers import Shape, Skeleton

Kind = Literal[
    "input",
    "prepare",
    "trunk",
    "stitch",
    "pool",
    "join",
    "block",
    "fusion",
    "output",
    "auxiliary",
    "present",
    "drop",
    "keep",
    "fill",
    "missing",
]
"""What a node does: it is fed, prepares an image or a table, runs a backbone, leads a map from one backbone into another,
turns a map into a vector, joins the vectors of several taps, is a block, fuses branches, predicts, or does so in training only. For
inputs that an example may lack: it tells whether one is there, takes it away at random while training, keeps the last one,
puts something harmless in its place, or gives something else than a branch does."""

AUXILIARY = ".auxiliary"
"""What the name of an auxiliary output ends in, after that of the branch or fusion node it reads."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of one layer.

    Args:
        address: Where the layer is: `owner/layer`, such as `vgg/block1_conv1`, or its name alone.
        kind: Its Keras class.
        params: Number of its weights, counted as `count_params` does.
        statistics: How many of those no gradient changes.
    """

    address: str
    kind: str
    params: int
    statistics: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One call of one layer of the model.

    Args:
        name: Unique in the graph.
        kind: What it does.
        layer: Name of the Keras layer or sub-model; calls that share weights have it in common.
        shape: Shape of what it gives for one sample; of a trunk, that of its last tap.
        weights: Layers with weights in it; the same for every call of one layer.
        flops: Floating point operations of this call for one sample; a multiply-accumulate is two.
        activations: Numbers all its layers give for one sample.
        branch: The branch it alone belongs to; `""` for what branches may share and for what comes after them.
    """

    name: str
    kind: Kind
    layer: str
    shape: Shape
    weights: tuple[Weights, ...] = ()
    flops: int = 0
    activations: int = 0
    branch: str = ""

    @property
    def is_head(self) -> bool:
        """Whether it is a block of the head or the output."""
        return self.kind == "output" or (self.kind == "block" and not self.branch)

    @property
    def can_train(self) -> bool:
        """Whether it has weights that gradients could change; the output that reads late fusion has none."""
        return any(each.params > each.statistics for each in self.weights)


@dataclass(frozen=True, slots=True)
class Trunk:
    """The part of a backbone that is kept: one sub-model with an output per tap, called once per input.

    Args:
        backbone: Name of the backbone in the recipe.
        skeleton: The whole backbone, at the size of the first call.
        skeletons: The same by call, at the size of each.
        taps: Layers that are read, in the backbone's order.
        kept: Layers that are needed for them, themselves included.
        shape: Shape of the images it is made for; sizes on which its calls differ are `None`.
        preprocess: What its weights want images turned into; never `"auto"`.
        enter: Layer whose place the map takes that it is called on; `""` if it is called on images.
    """

    backbone: str
    skeleton: Skeleton
    taps: tuple[str, ...]
    kept: frozenset[str]
    skeletons: Mapping[str, Skeleton]
    shape: Shape
    preprocess: Preprocess
    enter: str = ""

    @property
    def calls(self) -> tuple[str, ...]:
        """Names of the nodes that call it."""
        return tuple(self.skeletons)


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """What one phase trains.

    Args:
        name: The phase.
        rates: Learning rate by address of each layer with weights that trains; all others are frozen.
        active: Addresses of what was selected, with and without weights, and of what takes inputs away; an owner selected
            whole by its name.
            All else is in inference mode: also its dropout is off.
        reset: The same of what begins with fresh weights.
    """

    name: str
    rates: Mapping[str, float]
    active: frozenset[str]
    reset: frozenset[str] = frozenset()

    def is_active(self, address: str) -> bool:
        """Returns whether the layer at an address was selected.

        >>> PhasePlan("all", {}, frozenset({"top", "vgg/conv1"})).is_active("top/dropout")
        True
        """
        return _holds(self.active, address)

    def is_reset(self, address: str) -> bool:
        """Returns whether the layer at an address begins with fresh weights.

        >>> PhasePlan("all", {}, frozenset(), reset=frozenset({"vgg/conv2"})).is_reset("vgg/conv1")
        False
        """
        return _holds(self.reset, address)


def _holds(picked: frozenset[str], address: str) -> bool:
    return address in picked or address.partition("/")[0] in picked


@dataclass(frozen=True)
class FusionGraph:
    """A recipe, resolved: what is called on what, with which shapes, weights and costs.

    Args:
        recipe: What was declared.
        digraph: Node names, each with its `Node` under `"node"`; an edge has the `order` of the argument and, out
            of a trunk, the `tap` and its `shape`.
        trunks: The kept part of each backbone, by its name.
        ends: For each branch and fusion node, the name of the node that gives its vector; of a branch that only a stitch
            reads, that of its trunk.
        phases: What each phase of the training trains.
        remarks: What is allowed and may not be meant.
        misfits: For each fusion node that cannot join what it reads, why. Only what is drawn has any; what comes after has
            no size.
    """

    recipe: Recipe
    digraph: nx.DiGraph
    trunks: Mapping[str, Trunk]
    ends: Mapping[str, str]
    phases: tuple[PhasePlan, ...] = ()
    remarks: tuple[Problem, ...] = field(default=())
    misfits: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, each after those it reads, always in the same order."""
        order = {name: place for place, name in enumerate(self.digraph)}
        names = nx.lexicographical_topological_sort(self.digraph, key=order.__getitem__)
        return tuple(self.digraph.nodes[name]["node"] for name in names)

    @cached_property
    def weights(self) -> Mapping[str, Weights]:
        """The layers with weights by address, each once however often it is called."""
        return {each.address: each for node in self.nodes for each in node.weights}

    @cached_property
    def auxiliary(self) -> tuple[Node, ...]:
        """The auxiliary outputs, which are there in training only."""
        return tuple(node for node in self.nodes if node.kind == "auxiliary")

    @cached_property
    def kept_weights(self) -> Mapping[str, Weights]:
        """Those of the weights that the finished model has: all but those of auxiliary outputs."""
        left = {each.address for node in self.auxiliary for each in node.weights}
        return {address: each for address, each in self.weights.items() if address not in left}

    def vocabulary(self, name: str) -> int | None:
        """Returns how many tokens the backbones know that read an input; `None` if none does, or none says it."""
        read = [self[call] for trunk in self.trunks.values() for call in trunk.calls]
        calls = [node for node in read if name in (parent.name for parent in self.parents(node.name))]
        known = [self.trunks[node.layer].skeleton.vocabulary for node in calls]
        return min((each for each in known if each is not None), default=None)

    def __getitem__(self, name: str) -> Node:
        node: Node = self.digraph.nodes[name]["node"]
        return node

    def parents(self, name: str) -> tuple[Node, ...]:
        """Returns what a node reads, in the order of its arguments."""
        edges = sorted(self.digraph.in_edges(name, data="order"), key=lambda edge: edge[2])
        return tuple(self[source] for source, _, _ in edges)


def size(shape: Shape) -> int:
    """Returns the number of values in one sample of a shape; an open size counts as one.

    >>> size((7, 7, 512))
    25088
    """
    return prod(each or 1 for each in shape)
