"""Fusion ops as layers of Keras: what each is made of, how wide it is and what it takes."""

from collections.abc import Callable, Collection, Mapping

from fusion.graph.assembly import Assembly, Inner
from fusion.graph.nodes import size
from fusion.graph.predictions import average_predictions
from fusion.recipe.head import Output
from fusion.recipe.joining import Add, Average, Compare, Concat, Maximum, Multiply
from fusion.recipe.ops import Op
from fusion.recipe.weighing import (
    Attention,
    Bilinear,
    CrossAttention,
    Film,
    Gated,
    Late,
    LowRank,
    Tensor,
    WeightedSum,
)
from fusion.skeleton.layers import Shape

SOURCE = "in."
"""In front of the name of a branch or node, what an op's layers read of it."""

SMALLEST = 1e-3
"""Vectors shorter than this are not made unit vectors but divided by it, so that no gradient exceeds its inverse."""


def op_layers(
    op: Op, sources: Mapping[str, Shape], output: Output, *, padded: Collection[str] = ()
) -> tuple[Inner, ...]:
    """Returns the layers an op becomes on what it joins, which fits: `fusion.graph.fitting` finds nothing.

    Args:
        op: The op.
        sources: For each branch or node it names, the shape it gives.
        output: What the model predicts, as the op `late` predicts it itself.
        padded: Which of these give maps of tokens, with zeros for padding: attention does not look at those.

    >>> from fusion.recipe.joining import Add
    >>> made = op_layers(Add(of=("a", "b"), project=2), {"a": (4,), "b": (3,)}, Output(task="binary"))
    >>> [(layer.name, layer.shape, layer.params) for layer in made]
    [('project_a', (2,), 10), ('project_b', (2,), 8), ('add', (2,), 0)]
    """
    # A dot no name has: a branch may be called like a layer here.
    made = Assembly({f"{SOURCE}{name}": shape for name, shape in sources.items()})
    read = {name: f"{SOURCE}{name}" for name in op.of}
    for name in op.of:
        if name in padded and len(sources[name]) > 1:
            read[name] = made.add(f"masked_{name}", "Masking", [read[name]], config={"mask_value": 0.0})
    if op.project:
        read = {name: made.dense(f"project_{name}", source, op.project) for name, source in read.items()}
    _join(op, made, read, output)
    return tuple(made.layers)


def _join(op: Op, made: Assembly, read: Mapping[str, str], output: Output) -> None:
    """Adds the layers of an op on what it reads: for the name of each branch or node, what gives its vector or map."""
    names = list(read.values())
    match op:
        case Concat():
            _concat(made, names)
        case Add() | Average() | Maximum() | Multiply():
            made.add(op.op, op.op.capitalize(), names)
        case Compare():
            _compare(op, made, names)
        case WeightedSum():
            _weighted_sum(made, read)
        case Gated():
            _gated(op, made, read)
        case Film():
            _film(made, names)
        case Bilinear():
            outer = _outer(made, "product", names[0], names[1])
            made.dense("weigh", outer, op.units)
        case LowRank():
            _low_rank(op, made, read)
        case Tensor():
            made.dense("weigh", _products(made, names), op.units)
        case Attention():
            together = _together(made, [_token(made, name, source) for name, source in read.items()])
            _attend(made, together, together, op.heads)
        case CrossAttention():
            asks = _token(made, op.of[0], names[0])
            _attend(made, asks, _together(made, names[1:]), op.heads)
        case Late():
            average_predictions(op, made, read, output)


def _concat(made: Assembly, names: list[str], name: str = "concat") -> str:
    return made.add(name, "Concatenate", names, (sum(made.width(each) for each in names),))


def _compare(op: Compare, made: Assembly, names: list[str]) -> None:
    found = [_TERMS[term](made, names) for term in op.terms]
    if len(found) > 1:
        _concat(made, found)


def _abs_diff(made: Assembly, names: list[str]) -> str:
    first, second = names
    there = made.add("difference", "Subtract", [first, second])
    return made.add("abs_diff", "ops.abs", [there], cost=made.width(first))


def _product(made: Assembly, names: list[str]) -> str:
    return made.add("product", "Multiply", names)


def _cosine(made: Assembly, names: list[str]) -> str:
    units = [unit(made, f"unit_{number}", name) for number, name in enumerate(names, start=1)]
    return made.add("cosine", "Dot", units, (1,), {"axes": -1}, cost=2 * made.width(names[0]))


_TERMS: Mapping[str, Callable[[Assembly, list[str]], str]] = {
    "abs_diff": _abs_diff,
    "product": _product,
    "cosine": _cosine,
}


def unit(made: Assembly, name: str, of: str) -> str:
    """Adds the division of a vector by its length, a square, a sum and a division each, and returns its name."""
    config = {"axis": -1, "order": 2, "epsilon": SMALLEST}
    return made.add(name, "ops.normalize", [of], config=config, cost=3 * size(made.shape(of)))


def _weighted_sum(made: Assembly, read: Mapping[str, str]) -> None:
    width = made.width(next(iter(read.values())))
    columns = [_reshaped(made, f"column_{name}", source, (width, 1)) for name, source in read.items()]
    table = made.add("stacked", "Concatenate", columns, (width, len(columns)), {"axis": -1})
    start = {"class_name": "Constant", "config": {"value": 1 / len(columns)}}
    total = made.dense("weigh", table, 1, config={"use_bias": False, "kernel_initializer": start})
    _reshaped(made, "sum", total, (width,))


def _gated(op: Gated, made: Assembly, read: Mapping[str, str]) -> None:
    units = op.units or made.width(next(iter(read.values())))
    hidden = {name: made.dense(f"hidden_{name}", source, units, "tanh") for name, source in read.items()}
    every = _concat(made, list(read.values()), "seen")
    if len(read) == 2:
        gate = made.dense("gate", every, units, "sigmoid")
        # z * a + (1 - z) * b, with one product less.
        apart = made.add("apart", "Subtract", list(hidden.values()))
        part = made.add("part", "Multiply", [gate, apart])
        made.add("sum", "Add", [part, list(hidden.values())[1]])
        return
    parts = []
    for name, own in hidden.items():
        gate = made.dense(f"gate_{name}", every, units, "sigmoid")
        parts.append(made.add(f"part_{name}", "Multiply", [gate, own]))
    made.add("sum", "Add", parts)


def _film(made: Assembly, names: list[str]) -> None:
    first, second = names
    width = made.width(first)
    scale = made.dense("scale", second, width, config={"bias_initializer": "ones"})
    shift = made.dense("shift", second, width)
    made.add("shifted", "Add", [made.add("scaled", "Multiply", [first, scale]), shift])


def _low_rank(op: LowRank, made: Assembly, read: Mapping[str, str]) -> None:
    values = op.rank * op.units
    factors = [made.dense(f"factor_{name}", source, values) for name, source in read.items()]
    ranks = _reshaped(made, "ranks", made.add("product", "Multiply", factors), (op.rank, op.units))
    mean = made.add("mean", "GlobalAveragePooling1D", [ranks], (op.units,))
    made.add("sum", "Rescaling", [mean], config={"scale": float(op.rank)}, cost=op.units)


def _reshaped(made: Assembly, name: str, of: str, shape: Shape) -> str:
    return made.add(name, "Reshape", [of], shape, {"target_shape": shape})


def _outer(made: Assembly, name: str, first: str, second: str) -> str:
    a, b = made.width(first), made.width(second)
    column = _reshaped(made, f"{name}_column", first, (a, 1))
    row = _reshaped(made, f"{name}_row", second, (1, b))
    every = made.add(f"{name}_table", "Multiply", [column, row], (a, b), cost=a * b)
    return _reshaped(made, name, every, (a * b,))


def _products(made: Assembly, names: list[str]) -> str:
    """Adds all products of components, one of each vector or none, but for the empty one, and returns their name."""
    found = names[0]
    for number, name in enumerate(names[1:], start=2):
        outer = _outer(made, f"products_{number}", found, name)
        found = _concat(made, [outer, found, name], f"up_to_{number}")
    return found


def _token(made: Assembly, name: str, source: str) -> str:
    """Adds what makes a vector one token, and returns its name; the places of a map are tokens already."""
    shape = made.shape(source)
    return _reshaped(made, f"token_{name}", source, (1, *shape)) if len(shape) == 1 else source


def _together(made: Assembly, names: list[str]) -> str:
    """Adds the tokens of several after each other, and returns their name."""
    shapes = [made.shape(name) for name in names]
    count = sum(size(shape[:-1]) for shape in shapes)
    together = (count, shapes[0][-1])
    return made.add("tokens", "Concatenate", names, together, {"axis": 1}) if len(names) > 1 else names[0]


def _attend(made: Assembly, asks: str, answers: str, heads: int) -> None:
    seen = made.attend("attention", asks, answers, heads)
    whole = made.norm("norm", made.add("residual", "Add", [asks, seen]))
    made.add("mean", "GlobalAveragePooling1D", [whole], (made.shape(whole)[-1],))
