"""Tensors at a frontier: where they come out and what they take."""

from dataclasses import dataclass

from fusion.frontier.units import Unit
from fusion.graph.nodes import size
from fusion.skeleton.layers import Shape

WIDTHS = {"float64": 8, "int64": 8, "float16": 2, "bfloat16": 2, "int8": 1, "uint8": 1, "bool": 1}
"""Bytes of one number by dtype; 4 where it is not here."""


@dataclass(frozen=True, slots=True)
class NodeTensor:
    """A tensor at the frontier.

    Args:
        node: The node of the graph that gives it.
        layer: The row of a trunk it comes out of; `""` for a node that is no trunk.
        shape: Its shape for one sample.
        dtype: The dtype it is stored in.
        bytes: What it takes for one sample, all its views together.
        views: How many there are of one example, in turn from epoch to epoch.
    """

    node: str
    layer: str
    shape: Shape
    dtype: str
    bytes: int
    views: int = 1

    @property
    def name(self) -> str:
        """Name of the unit that gives it."""
        return f"{self.node}/{self.layer}" if self.layer else self.node


def tensor(unit: Unit) -> NodeTensor:
    """Returns what a unit gives as it is stored; where a size is open, its bytes are those of size 1 there.

    >>> tensor(Unit("all.pool", "all.pool", "", "all.pool", (), (2, 4))).bytes
    32
    """
    dtype = unit.stored or unit.dtype
    bytes = unit.views * WIDTHS.get(dtype, 4) * size(unit.shape)
    return NodeTensor(unit.node, unit.layer, unit.shape, dtype, bytes, unit.views)
