"""The graph of a recipe with its trunks opened: one unit for each row of each call, one for every other node."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from fusion.graph.nodes import FusionGraph, Node
from fusion.recipe.inputs import Image
from fusion.recipe.texts import Words
from fusion.skeleton.layers import Layer, Shape

RANDOM = frozenset(
    {
        "AdditiveAttention",
        "AlphaDropout",
        "Attention",
        "AugMix",
        "AutoContrast",
        "ContrastLimitedAdaptiveHistogramEqualization",
        "CutMix",
        "Dropout",
        "Equalization",
        "FlaxLayer",
        "GaussianDropout",
        "GaussianNoise",
        "JaxLayer",
        "Lambda",
        "MixUp",
        "Pipeline",
        "RandAugment",
        "Solarization",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "StochasticDepth",
        "TFSMLayer",
        "TimeDistributed",
        "TorchModuleWrapper",
    }
)
"""Classes of Keras that may have no weights and yet give something else each time while they train, or hold what does;
beside those called `Random...`."""

AUGMENTED = "augmented"
"""What stands in place of a row's name for an image after it was changed at random."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One call of one layer that is run or not as a whole.

    Args:
        name: Unique: that of the node, and of a row in a trunk `node/row`.
        node: The node of the graph it is, or lies in.
        layer: The row of the trunk it is; `""` for a node that is no trunk.
        address: Where a phase says whether it is active: `backbone/row`, or the name of the node's layer.
        parents: Names of the units it reads.
        shape: Shape of what it gives for one sample.
        dtype: Dtype of that.
        flops: Operations for one sample; a multiply-accumulate is two.
        weights: Addresses of its layers with weights.
        random: Whether it may give something else each time where it is active.
        decoded: Whether it is an image that is read from a file.
        views: How many things it gives of one example, in turn from epoch to epoch.
        stored: The dtype it is stored in, where that holds the same numbers in less room; `""` where it is its own.
    """

    name: str
    node: str
    layer: str
    address: str
    parents: tuple[str, ...]
    shape: Shape
    dtype: str = "float32"
    flops: int = 0
    weights: tuple[str, ...] = ()
    random: bool = False
    decoded: bool = False
    views: int = 1
    stored: str = ""


Units = Mapping[str, Unit]
"""Units by name, each after those it reads."""


def units(graph: FusionGraph) -> Units:
    """Returns the units the output and auxiliary outputs depend on; rows that only another call of their trunk needs are left out.

    The input row of a trunk is what it is called on, and no unit; nor is the row at which it is entered. An input that the training augments is two: the image
    as it is read, and `NAME/augmented`, which everything reads in its place.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> list(units(resolve(one)))
    ['facts', 'facts.normalise', 'output']
    """
    ends: dict[tuple[str, str], str] = {}
    found: dict[str, Unit] = {}
    for node in graph.nodes:
        for unit in _opened(graph, node, ends):
            found[unit.name] = unit
            # What reads an input that is augmented reads what that makes of it, which comes after.
            ends[unit.node, unit.layer if node.kind == "trunk" else ""] = unit.name
    needed = above(found, {"output", *(node.name for node in graph.auxiliary)})
    augmented = {name for name, unit in found.items() if unit.layer == AUGMENTED}
    changed = below(found, {parent for name in augmented for parent in found[name].parents})
    views = (graph.recipe.training.views if graph.recipe.training else None) or 1
    return {
        name: replace(unit, views=views) if name in changed else unit
        for name, unit in found.items()
        if name in needed
    }


def above(units: Units, names: Collection[str]) -> frozenset[str]:
    """Returns the units that some depend on, themselves included.

    >>> chain = {"a": Unit("a", "a", "", "a", (), (2,)), "b": Unit("b", "b", "", "b", ("a",), (2,))}
    >>> sorted(above(chain, ["b"]))
    ['a', 'b']
    """
    needed = set(names)
    for unit in reversed([*units.values()]):
        if unit.name in needed:
            needed.update(unit.parents)
    return frozenset(needed)


def below(units: Units, names: Collection[str]) -> frozenset[str]:
    """Returns the units that depend on some, themselves included.

    >>> chain = {"a": Unit("a", "a", "", "a", (), (2,)), "b": Unit("b", "b", "", "b", ("a",), (2,))}
    >>> sorted(below(chain, ["b"]))
    ['b']
    """
    found = set(names)
    for unit in units.values():
        if found.intersection(unit.parents):
            found.add(unit.name)
    return frozenset(found)


def _opened(graph: FusionGraph, node: Node, ends: dict[tuple[str, str], str]) -> Iterator[Unit]:
    """Yields the units of a node; what stands for the input row of a trunk, or the one entered, is noted in `ends`."""
    order = sorted(graph.digraph.in_edges(node.name, data=True), key=lambda edge: edge[2]["order"])
    parents = tuple(ends[parent, edge["tap"]] for parent, _, edge in order)
    if node.kind != "trunk":
        yield from _whole(graph, node, parents)
        return
    trunk = graph.trunks[node.layer]
    ends[node.name, trunk.enter] = parents[0]
    for row in trunk.skeletons[node.name].layers:
        if row.name not in trunk.kept:
            continue
        if row.parents:
            yield _row(node, row, tuple(ends[node.name, each] for each in row.parents))
        else:
            ends[node.name, row.name] = parents[0]


def _whole(graph: FusionGraph, node: Node, parents: tuple[str, ...]) -> Iterator[Unit]:
    """Yields the unit of a node that is no trunk, and of an input that is augmented what that makes of it."""
    training, declared = graph.recipe.training, graph.recipe.inputs.get(node.name)
    image = declared if node.kind == "input" and isinstance(declared, Image) else None
    yield Unit(
        node.name,
        node.name,
        "",
        node.layer,
        parents,
        node.shape,
        "int32" if _lists_words(graph, node) else "float32",
        flops=node.flops,
        weights=tuple(each.address for each in node.weights),
        # A block may drop values.
        random=node.kind in {"block", "drop"},
        decoded=image is not None,
        # Pixels of files are whole numbers until they are scaled; one that is missing is none.
        stored="uint8" if image and image.range == (0, 255) and not image.optional else "",
    )
    if node.kind == "input" and training and node.name in training.augment:
        name = f"{node.name}/{AUGMENTED}"
        anew = training.views is None
        yield Unit(name, node.name, AUGMENTED, name, (node.name,), node.shape, random=anew)


def _lists_words(graph: FusionGraph, node: Node) -> bool:
    """Returns whether a node gives the numbers of words."""
    read = [graph.recipe.inputs.get(parent.name) for parent in graph.parents(node.name)]
    return node.kind == "prepare" and isinstance(read[0], Words)


def _row(node: Node, row: Layer, parents: tuple[str, ...]) -> Unit:
    address = f"{node.layer}/{row.name}"
    return Unit(
        f"{node.name}/{row.name}",
        node.name,
        row.name,
        address,
        parents,
        row.shape,
        row.dtype,
        row.flops,
        (address,) if row.params else (),
        # What other packages' layers do while they train is not known here.
        row.kind in RANDOM or row.kind.startswith("Random") or row.package != "keras",
    )
