"""The spatial grid each row lies on: its size, and by how much it is coarser than the input's."""

from collections.abc import Mapping
from math import log2

from fusion.skeleton.kinds import PADDING
from fusion.skeleton.layers import Skeleton


def grid_sizes(skeleton: Skeleton) -> dict[str, int]:
    """Returns the grid size, along the longer side of the input, of each row that lies on a grid of known size.

    What a gate pools to one point, and computes from that, lies on no grid. None does if the input is no picture or
    has an open size.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("p", "GlobalAveragePooling2D", ("x",), (3,)))
    >>> grid_sizes(Skeleton("tiny", (8, 8, 3), rows, "p", "3.15.1"))
    {'x': 8}
    """
    if len(skeleton.input_shape) != 3 or None in skeleton.input_shape[:2]:
        return {}
    height, width = (size or 0 for size in skeleton.input_shape[:2])
    sizes: dict[str, int] = {}
    for layer in skeleton.layers:
        size = layer.shape[0 if height >= width else 1] if len(layer.shape) == 3 else None
        off = layer.kind.startswith("Global") or (layer.parents and sizes.keys().isdisjoint(layer.parents))
        if size is not None and not off:
            sizes[layer.name] = size
    return sizes


def strides(skeleton: Skeleton) -> dict[str, int]:
    """Returns the input pixels per step of the grid of each row that lies on a grid of known size.

    It is a product of powers of two, one for each layer that coarsens the grid. The quotient of the sizes would not
    do: InceptionV3 pads nothing, so its 12x12 map out of 224x224 has a quotient of 18.7, and its stride is 16.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (224, 224, 3)), Layer("c", "Conv2D", ("x",), (111, 111, 32)))
    >>> strides(Skeleton("tiny", (224, 224, 3), rows, "c", "3.15.1"))
    {'x': 1, 'c': 2}
    """
    sizes = grid_sizes(skeleton)
    return {name: level for name, level in levels(skeleton, sizes).items() if name in sizes}


def levels(skeleton: Skeleton, sizes: Mapping[str, int]) -> dict[str, int]:
    """Returns the stride of every row: that of its own grid, else that of what it came from.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("c", "Conv2D", ("x",), (4, 4, 2)))
    >>> rows += (Layer("p", "GlobalAveragePooling2D", ("c",), (2,)),)
    >>> tiny = Skeleton("tiny", (8, 8, 3), rows, "p", "3.15.1")
    >>> levels(tiny, grid_sizes(tiny))
    {'x': 1, 'c': 2, 'p': 2}
    """
    found: dict[str, int] = {}
    # What is padded is no finer grid: its reader steps over what lay there before.
    bare = dict(sizes)
    for layer in skeleton.layers:
        readable = [name for name in layer.parents if name in sizes and layer.name in sizes]
        if layer.kind in PADDING and readable:
            bare[layer.name] = bare[readable[0]]
        if readable:
            found[layer.name] = max(found[name] * _step(bare[name], bare[layer.name]) for name in readable)
        else:
            found[layer.name] = found[layer.parents[0]] if layer.parents else 1
    return found


def _step(before: int, after: int) -> int:
    """Returns by which power of two a layer coarsens a grid; a border that is not padded does not count."""
    quotient = before / after
    # From 3 points to 1 is a step of 2 with a window of 3.
    return 1 if quotient < 1.5 else 2 if quotient <= 3 else 2 ** round(log2(quotient))
