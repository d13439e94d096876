"""Pools as layers of Keras: what turns a feature map into a vector, and how wide that is."""

from math import isqrt, log

from fusion.graph.assembly import Assembly, Inner
from fusion.graph.nodes import size
from fusion.graph.ops import unit
from fusion.recipe.branches import Branch
from fusion.recipe.recipe import Recipe
from fusion.recipe.stitching import root
from fusion.recipe.texts import Listed
from fusion.skeleton.layers import Shape

MAP = "in.map"
"""What the layers of a pool read."""

IDS = "in.ids"
"""What those of a list of tokens read as well: the ids, which say what is padding."""

LEAST = -1e30
"""What stands for padding where the greatest value is sought."""

POWER = 3.0
"""Exponent of generalised-mean pooling, where Radenovic and others (2018) start theirs."""

TINY = 1e-30
"""What stands for a mean of nothing where its root is taken with an exponent that is learned."""

FLOOR = 1e-6
"""What generalised-mean pooling takes all smaller values for, as a power of what is negative is none."""


def pool_layers(branch: Branch, shape: Shape, *, pad: int | None = None) -> tuple[Inner, ...]:
    """Returns the layers that make a vector of a map of some places and channels, or for `none` a list of tokens.

    Args:
        branch: What says how.
        shape: Shape of the map.
        pad: Of a map with a place for each token, the id that stands for padding, which is left out; `None` for others.

    >>> branch = Branch(input="photo", backbone="vgg", features=2048)
    >>> [(layer.kind, layer.shape) for layer in pool_layers(branch, (14, 14, 512))]
    [('AveragePooling2D', (2, 2, 512)), ('Reshape', (2048,))]
    """
    if pad is not None and branch.pool != "first":
        return _masked(branch, shape, pad)
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
        case "first":
            alone = {"cropping": (0, (shape[0] or 1) - 1)}
            made.add("alone", "Cropping1D", [MAP], (1, shape[-1]), alone)
            found = _flat(made, "first", "alone")
        case "gem" | "gem_learned":
            found = _generalised_mean(made, shape, learned=branch.pool == "gem_learned")
        case _:
            names = {"avg": ["Average"], "max": ["Max"], "avg+max": ["Average", "Max"]}[branch.pool]
            parts = [_pooled(made, name, branch.features, len(names)) for name in names]
            width = sum(size(made.shape(part)) for part in parts)
            found = made.add("both", "Concatenate", parts, (width,)) if both else parts[0]
    if branch.normalise:
        unit(made, "unit", found)
    return tuple(made.layers)


def padding(recipe: Recipe, branch: str, shape: Shape) -> int | None:
    """Returns the token that pads a map with a place for each of a branch's tokens; `None` for another map.

    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"words": {"kind": "tokens", "length": 8, "pad": 1}},
    ...     backbones={"bert": {"kerashub": "BertBackbone", "weights": None, "preprocess": "none"}},
    ...     branches={"said": {"input": "words", "backbone": "bert"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> padding(one, "said", (8, 64)), padding(one, "said", (64,))
    (1, None)
    """
    declared = recipe.inputs[root(recipe.branches, branch)]
    aligned = isinstance(declared, Listed) and len(shape) == 2 and shape[0] == declared.length
    return declared.pad if isinstance(declared, Listed) and aligned else None


def padded(recipe: Recipe) -> frozenset[str]:
    """Returns the branches whose maps have a place for each token, with zeros for those that are padding.

    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> padded(one)
    frozenset()
    """
    inputs = {name: recipe.inputs.get(root(recipe.branches, name)) for name in recipe.branches}
    return frozenset(name for name, declared in inputs.items() if isinstance(declared, Listed))


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


def _generalised_mean(made: Assembly, shape: Shape, *, learned: bool) -> str:
    """Adds (mean of x^p)^(1/p) over all places (Radenovic and others, "Fine-tuning CNN image retrieval", 2018)."""
    values, width = size(shape), shape[-1] or 0
    single = {"dtype": "float32"}
    # In half precision the power of a small value would be zero, and its root's slope no number.
    whole = made.add("single", "Identity", [MAP], config=single)
    positive = made.add("positive", "ops.maximum", [whole], config={"x2": FLOOR}, cost=values)
    kind = f"GlobalAveragePooling{len(shape) - 1}D"
    if learned:
        centre = made.add("centre", kind, [positive], (width,), single, cost=values)
        exponent = _exponent(made, centre)
        power = _raised(made, "power", positive, exponent)
        mean = made.add("mean", kind, [power], (width,), single, cost=values)
        return _root(made, mean, exponent)
    power = made.add("power", "ops.power", [positive], config={"x2": POWER}, cost=4 * values)
    mean = made.add("mean", kind, [power], (width,), single, cost=values)
    return made.add("root", "ops.power", [mean], config={"x2": 1 / POWER}, cost=4 * width)


def _exponent(made: Assembly, of: str) -> str:
    """Adds the exponent that is learned, one number for all channels, and returns its name.

    Its logarithm is the kernel of a dense layer on a one: so it is never zero or less.
    """
    one = {"axis": -1, "keepdims": True}
    any_value = made.add("any", "ops.max", [of], (1,), one, cost=made.width(of))
    constant = made.add("one", "ops.ones_like", [any_value], (1,), cost=0)
    start = {"class_name": "Constant", "config": {"value": log(POWER)}}
    config = {"use_bias": False, "kernel_initializer": start, "dtype": "float32"}
    slope = made.dense("exponent", constant, 1, config=config)
    return made.add("positive_exponent", "ops.exp", [slope], cost=4)


def _raised(made: Assembly, name: str, of: str, exponent: str) -> str:
    """Adds a map raised to an exponent, as the exponential of its logarithm times it, and returns its name."""
    shape = made.shape(of)
    values, ones = size(shape), (1,) * len(shape)
    wide = made.add("wide_exponent", "Reshape", [exponent], ones, {"target_shape": ones, "dtype": "float32"})
    logarithm = made.add(f"log_{name}", "ops.log", [of], cost=4 * values)
    times = made.add(f"times_{name}", "ops.multiply", [logarithm, wide], shape, cost=values)
    return made.add(name, "ops.exp", [times], cost=4 * values)


def _root(made: Assembly, mean: str, exponent: str) -> str:
    width = made.width(mean)
    logarithm = made.add("log_mean", "ops.log", [mean], cost=4 * width)
    share = made.add("share", "ops.divide", [logarithm, exponent], cost=width)
    return made.add("root", "ops.exp", [share], cost=4 * width)


def _masked(branch: Branch, shape: Shape, pad: int) -> tuple[Inner, ...]:
    """Returns the layers of a pool over those places of a list of tokens that are no padding."""
    made = Assembly({MAP: shape, IDS: shape[:1]})
    found = unit(made, "unit_tokens", MAP) if branch.normalise and branch.pool == "none" else MAP
    real = made.add("real", "ops.not_equal", [IDS], config={"x2": pad}, cost=shape[0] or 0)
    mask = made.add("mask", "ops.cast", [real], config={"dtype": "float32"})
    match branch.pool:
        case "avg":
            found = _share(made, "avg", found, mask)
        case "max":
            found = _greatest(made, real, mask)
        case "avg+max":
            parts = [_share(made, "avg", found, mask), _greatest(made, real, mask)]
            found = made.add("both", "Concatenate", parts, (2 * made.width(MAP),))
        case "gem" | "gem_learned":
            found = _masked_gem(made, shape, mask, learned=branch.pool == "gem_learned")
        case _:
            column = made.add("column", "Reshape", [mask], (shape[0], 1), {"target_shape": (shape[0], 1)})
            # Attention tells by the zeros which tokens to look away from.
            found = made.add("tokens", "Multiply", [found, column], shape)
            if branch.pool == "flatten":
                found = made.add("flat", "Flatten", [found], (size(shape),))
    if branch.normalise and branch.pool != "none":
        unit(made, "unit", found)
    return tuple(made.layers)


def _share(made: Assembly, name: str, of: str, mask: str) -> str:
    """Adds the mean of the places a mask has, zeros where it has none, and returns its name."""
    places, width = made.shape(of)
    config = {"axis": -1, "order": 1, "epsilon": 0.5}
    share = made.add(f"share_{name}", "ops.normalize", [mask], config=config, cost=2 * (places or 0))
    return made.add(name, "Dot", [share, of], (width,), {"axes": 1}, cost=2 * (places or 0) * (width or 0))


def _greatest(made: Assembly, real: str, mask: str) -> str:
    """Adds the greatest of the places a mask has, zeros where it has none, and returns its name."""
    places, width = made.shape(MAP)
    column = made.add("real_column", "Reshape", [real], (places, 1), {"target_shape": (places, 1)})
    kept = made.add(
        "kept", "ops.where", [column, MAP], (places, width), {"x2": LEAST}, cost=size((places, width))
    )
    top = made.add("top", "GlobalMaxPooling1D", [kept], (width,))
    some = made.add("some", "ops.max", [mask], (1,), {"axis": -1, "keepdims": True}, cost=places or 0)
    return made.add("max", "Multiply", [top, some], (width,))


def _masked_gem(made: Assembly, shape: Shape, mask: str, *, learned: bool) -> str:
    values, width, single = size(shape), shape[-1] or 0, {"dtype": "float32"}
    whole = made.add("single", "Identity", [MAP], config=single)
    positive = made.add("positive", "ops.maximum", [whole], config={"x2": FLOOR}, cost=values)
    if learned:
        exponent = _exponent(made, mask)
        mean = _share(made, "mean", _raised(made, "power", positive, exponent), mask)
        # Of padding alone the mean is zero, and its logarithm would be no number.
        least = made.add("above", "ops.maximum", [mean], config={"x2": TINY}, cost=width)
        return _root(made, least, exponent)
    power = made.add("power", "ops.power", [positive], config={"x2": POWER}, cost=4 * values)
    mean = _share(made, "mean", power, mask)
    least = made.add("above", "ops.maximum", [mean], config={"x2": FLOOR**POWER}, cost=width)
    return made.add("root", "ops.power", [least], config={"x2": 1 / POWER}, cost=4 * width)
