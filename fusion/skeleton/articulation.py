"""Layers that every path to the output passes through, stages of one resolution, and the cuts these suggest."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from fusion.skeleton.grids import grid_sizes, levels
from fusion.skeleton.kinds import ADJUSTING, FINISHING, PADDING, POOLING
from fusion.skeleton.layers import Shape, Skeleton

WHOLE = ("bool", "int", "uint")
"""What dtypes of whole numbers begin with."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a backbone with one spatial resolution.

    Args:
        number: Its place, from 1.
        stride: Input pixels per step of the grid of `last`.
        first: Its first layer.
        last: The layer to cut at: its last articulation, or where it has none the deepest join.
        layers: All its layers, in Keras's order.
        shape: Output shape of `last`.
    """

    number: int
    stride: int
    first: str
    last: str
    layers: tuple[str, ...]
    shape: Shape


def digraph(skeleton: Skeleton) -> Any:
    """Returns the rows as a `networkx.DiGraph` from parent to child; each node carries its `layer`.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("c", "ReLU", ("x",), (8, 8, 3)))
    >>> sorted(digraph(Skeleton("tiny", (8, 8, 3), rows, "c", "3.15.1")).edges)
    [('x', 'c')]
    """
    # Reading a cached skeleton must stay quick, and networkx takes a quarter of a second.
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from((layer.name, {"layer": layer}) for layer in skeleton.layers)
    graph.add_edges_from((parent, layer.name) for layer in skeleton.layers for parent in layer.parents)
    return graph


@lru_cache(maxsize=64)
def articulations(skeleton: Skeleton) -> tuple[str, ...]:
    """Returns the rows every path from the input to the output passes through, in order, both ends included.

    They are the dominators of the output in the sense of Cooper, Harvey and Kennedy, "A simple, fast dominance
    algorithm" (2006): a cut at one of them drops no branch half-way, and what follows needs nothing else.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 4)), Layer("a", "Conv2D", ("x",), (8, 8, 4)))
    >>> rows += (Layer("add", "Add", ("x", "a"), (8, 8, 4)),)
    >>> articulations(Skeleton("tiny", (8, 8, 4), rows, "add", "3.15.1"))
    ('x', 'add')
    """
    import networkx as nx

    start = skeleton.layers[0].name
    graph = digraph(skeleton)
    # Whole numbers are no features: a mask of tokens that every block reads goes around none of them.
    masks = [name for name in graph if name != start and skeleton[name].dtype.startswith(WHOLE)]
    graph.remove_edges_from([*graph.out_edges(masks)])
    above = nx.immediate_dominators(graph, start)
    chain = [skeleton.output]
    while chain[-1] != start:
        chain.append(above[chain[-1]])
    return tuple(reversed(chain))


@lru_cache(maxsize=64)
def stages(skeleton: Skeleton) -> tuple[Stage, ...]:
    """Returns the stages of a backbone for pictures; none if its input is no picture or has an open size.

    Each layer lies in exactly one. A pooling layer that everything passes through closes the stage it pools, so VGG16's
    first stage ends with `block1_pool`. Padding goes with the layer that reads it, the input and its scaling with the
    first stage, and what a gate computes with the map it pooled.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("conv", "Conv2D", ("x",), (8, 8, 4)))
    >>> rows += (
    ...     Layer("pool", "MaxPooling2D", ("conv",), (4, 4, 4)),
    ...     Layer("top", "Conv2D", ("pool",), (4, 4, 8)),
    ... )
    >>> [
    ...     (stage.number, stage.stride, stage.last)
    ...     for stage in stages(Skeleton("tiny", (8, 8, 3), rows, "top", ""))
    ... ]
    [(1, 2, 'pool'), (2, 2, 'top')]
    """
    sizes = grid_sizes(skeleton)
    if not sizes:
        return ()
    coarse = levels(skeleton, sizes)
    keys = _keys(skeleton, coarse)
    parts = [tuple(name for name in keys if keys[name] == key) for key in sorted(set(keys.values()))]
    ends = [_end(skeleton, part, sizes) for part in parts]
    return tuple(
        Stage(number, coarse[end], part[0], end, part, skeleton[end].shape)
        for number, (part, end) in enumerate(zip(parts, ends, strict=True), start=1)
    )


def natural_cuts(skeleton: Skeleton) -> tuple[str, ...]:
    """Returns the rows at which a block or a stage ends, in order.

    The rule: an articulation is a natural cut if it is not the input, its scaling or a padding; the next articulation
    does not merely finish it (normalise, activate, drop); and it does not lie inside a nested model, unless it gives
    that model's output. So of convolution, batch normalisation and activation only the last counts. Ends of stages
    are natural cuts too; only NASNet has such that are no articulations.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("conv", "Conv2D", ("x",), (8, 8, 4)))
    >>> rows += (
    ...     Layer("bn", "BatchNormalization", ("conv",), (8, 8, 4)),
    ...     Layer("act", "ReLU", ("bn",), (8, 8, 4)),
    ... )
    >>> rows += (Layer("pool", "MaxPooling2D", ("act",), (4, 4, 4)),)
    >>> natural_cuts(Skeleton("tiny", (8, 8, 3), rows, "pool", "3.15.1"))
    ('act', 'pool')
    """
    chain = articulations(skeleton)
    finished = {name for name, after in pairwise(chain) if skeleton[after].kind in FINISHING}
    found = {name for name in chain if name not in finished and _may_end(skeleton, name)}
    found |= {stage.last for stage in stages(skeleton)}
    return tuple(layer.name for layer in skeleton.layers if layer.name in found)


def _may_end(skeleton: Skeleton, name: str) -> bool:
    """Returns whether a row is more than padding or scaling, and not in the middle of a nested model."""
    layer = skeleton[name]
    inside = layer.container and skeleton.containers[layer.container] != name
    return layer.kind not in PADDING | ADJUSTING and not inside


def _keys(skeleton: Skeleton, strides: Mapping[str, int]) -> dict[str, int]:
    """Returns for each row a number that is equal within a stage and grows with depth."""
    passed = set(articulations(skeleton))
    keys: dict[str, int] = {}
    for layer in skeleton.layers:
        closes = layer.kind in POOLING and layer.name in passed and layer.parents
        keys[layer.name] = strides[layer.parents[0] if closes else layer.name]
    for layer in reversed(skeleton.layers):
        for parent in layer.parents:
            if skeleton[parent].kind in PADDING:
                keys[parent] = keys[layer.name]
    # The input and its scaling alone are no stage.
    worked = {key for name, key in keys.items() if skeleton[name].kind not in PADDING | ADJUSTING}
    return {name: key if key in worked else min(worked, default=key) for name, key in keys.items()}


def _end(skeleton: Skeleton, part: tuple[str, ...], sizes: Mapping[str, int]) -> str:
    """Returns the layer of a stage to cut at."""
    gridded = [name for name in part if name in sizes and _may_end(skeleton, name)]
    passed = set(articulations(skeleton))
    whole = [name for name in gridded if name in passed]
    joined = [name for name in gridded if len(skeleton[name].parents) > 1]
    if whole or not joined:
        return (whole or gridded or part)[-1]
    # NASNet's cells also join what they adapt from the cell before last: the deepest join ends the last cell.
    depths = _depths(skeleton)
    return max(reversed(joined), key=lambda name: depths[name])


def _depths(skeleton: Skeleton) -> dict[str, int]:
    """Returns the number of layers on the longest path from the input to each row."""
    depths: dict[str, int] = {}
    for layer in skeleton.layers:
        depths[layer.name] = 1 + max((depths[name] for name in layer.parents), default=0)
    return depths
