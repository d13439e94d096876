"""Pools as layers of Keras: what turns a feature map into a vector, and how wide that is."""

from math import isqrt

from fusion.graph.assembly import Assembly, Inner
from fusion.graph.nodes import size
from fusion.graph.ops import unit
from fusion.recipe.branches import Branch
from fusion.skeleton.layers import Shape

MAP = "in.map"
"""What the layers of a pool read."""

POWER = 3.0
"""Exponent of generalised-mean pooling, where Radenovic and others (2018) start theirs."""

FLOOR = 1e-6
"""What generalised-mean pooling takes all smaller values for, as a power of what is negative is none."""


def pool_layers(branch: Branch, shape: Shape) -> tuple[Inner, ...]:
    """Returns the layers that make a vector of a map of some places and channels, or for `none` a list of tokens.

    >>> branch = Branch(input="photo", backbone="vgg", features=2048)
    >>> [(layer.kind, layer.shape) for layer in pool_layers(branch, (14, 14, 512))]
    [('AveragePooling2D', (2, 2, 512)), ('Reshape', (2048,))]
    """
    made = Assembly({MAP: shape})
    both = branch.pool == "avg+max"
    match branch.pool:
        case "flatten":
            found = made.add("flat", "Flatten", [MAP], (size(shape),))
        case "none" if len(shape) == 1:
            found = made.add("same", "Identity", [MAP])
        case "none":
            tokens = (size(shape[:-1]), shape[-1])
            found = made.add("tokens", "Reshape", [MAP], tokens, {"target_shape": tokens})
        case "gem":
            found = _generalised_mean(made, shape)
        case _:
            names = {"avg": ["Average"], "max": ["Max"], "avg+max": ["Average", "Max"]}[branch.pool]
            parts = [_pooled(made, name, branch.features, len(names)) for name in names]
            width = sum(size(made.shape(part)) for part in parts)
            found = made.add("both", "Concatenate", parts, (width,)) if both else parts[0]
    if branch.normalise:
        unit(made, "unit", found)
    return tuple(made.layers)


def grid(shape: Shape, values: int) -> tuple[int, ...]:
    """Returns the finest square grid of places over a map that holds at most `values`, one place at least.

    Places in a row, as of tokens, are not made a square. Where the map has fewer it keeps its own.

    >>> grid((14, 14, 512), 2048), grid((7, 7, 512), 100), grid((49, 64), 640)
    ((2, 2), (1, 1), (10,))
    """
    places = max(values // (shape[-1] or 1), 1)
    side = isqrt(places) if len(shape) == 3 else places
    return tuple(min(side, each or 1) for each in shape[:-1])


def _flat(made: Assembly, name: str, of: str) -> str:
    width = size(made.shape(of))
    return made.add(name, "Reshape", [of], (width,), {"target_shape": (width,)})


def _pooled(made: Assembly, name: str, features: int | None, parts: int) -> str:
    """Adds a pooling of all places, or of those in each cell of a grid, and returns its name."""
    shape = made.shape(MAP)
    rank = len(shape) - 1
    label = "avg" if name == "Average" else "max"
    if features is None:
        return made.add(label, f"Global{name}Pooling{rank}D", [MAP], (shape[-1],), cost=size(shape))
    cells = grid(shape, features // parts)
    steps = [(each or 1) // cell for each, cell in zip(shape, cells, strict=False)]
    # Cells of one size, the last ending at the border; where the grid does not divide the map they overlap.
    windows = [(each or 1) - (cell - 1) * step for each, cell, step in zip(shape, cells, steps, strict=False)]
    config = {"pool_size": tuple(windows), "strides": tuple(steps)}
    made.add(f"{label}_cells", f"{name}Pooling{rank}D", [MAP], (*cells, shape[-1]), config)
    return _flat(made, label, f"{label}_cells")


def _generalised_mean(made: Assembly, shape: Shape) -> str:
    """Adds (mean of x^p)^(1/p) over all places (Radenovic and others, "Fine-tuning CNN image retrieval", 2018)."""
    values, width = size(shape), shape[-1] or 0
    single = {"dtype": "float32"}
    # In half precision the power of a small value would be zero, and its root's slope no number.
    whole = made.add("single", "Identity", [MAP], config=single)
    positive = made.add("positive", "ops.maximum", [whole], config={"x2": FLOOR}, cost=values)
    power = made.add("power", "ops.power", [positive], config={"x2": POWER}, cost=4 * values)
    kind = f"GlobalAveragePooling{len(shape) - 1}D"
    mean = made.add("mean", kind, [power], (width,), single, cost=values)
    return made.add("root", "ops.power", [mean], config={"x2": 1 / POWER}, cost=4 * width)
