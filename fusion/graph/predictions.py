"""Late fusion as layers of Keras: an output layer for each source, and the average of what they predict.

It is reckoned with logarithms: a logarithm of averaged probabilities is exact where all of them are tiny, and it is
what a softmax gives back as the average. So the loss reads it like the logits of any other output.
"""

from collections.abc import Mapping
from math import log

from fusion.graph.assembly import Assembly
from fusion.recipe.head import Output
from fusion.recipe.weighing import Late

SINGLE = {"dtype": "float32"}
"""Of every layer here, whatever the policy: in half precision probabilities underflow."""


def average_predictions(op: Late, made: Assembly, read: Mapping[str, str], output: Output) -> str:
    """Adds what predicts from each source and averages, and returns its name: logits, or numbers of a regression.

    >>> from fusion.graph.assembly import Assembly
    >>> made, op = Assembly({"in.a": (4,), "in.b": (3,)}), Late(of=("a", "b"))
    >>> average_predictions(op, made, {"a": "in.a", "b": "in.b"}, Output(task="regression"))
    'sum'
    >>> [(layer.name, layer.params) for layer in made.layers if layer.params]
    [('output_a', 5), ('output_b', 4)]
    """
    found = {
        name: made.dense(f"output_{name}", source, output.width, config=SINGLE)
        for name, source in read.items()
    }
    if output.link == "linear":
        return _averaged(op, made, found, "", logs=False)
    if output.link == "softmax":
        logs = {name: _log(made, f"log_{name}", each, "log_softmax", axis=-1) for name, each in found.items()}
        return _averaged(op, made, logs, "", logs=True)
    yes = {name: _log(made, f"yes_{name}", each, "log_sigmoid") for name, each in found.items()}
    # The logarithm of 1 - p, as that of p less the logit.
    no = {
        name: made.add(f"no_{name}", "Subtract", [yes[name], each], config=SINGLE)
        for name, each in found.items()
    }
    sides = [_averaged(op, made, each, side, logs=True) for each, side in ((yes, "_yes"), (no, "_no"))]
    return made.add("logit", "Subtract", sides, config=SINGLE)


def _log(made: Assembly, name: str, of: str, function: str, **config: int) -> str:
    return made.add(name, f"ops.{function}", [of], config=config, cost=4 * made.width(of))


def _averaged(op: Late, made: Assembly, found: Mapping[str, str], side: str, *, logs: bool) -> str:
    """Adds the average of values, or of what values are the logarithms of, and returns its name."""
    units, count = made.width(next(iter(found.values()))), len(found)
    if op.shares is not None:
        found = {
            name: _times(made, f"part{side}_{name}", each, share, logs=logs)
            for (name, each), share in zip(found.items(), op.shares, strict=True)
        }
    column = {"target_shape": (units, 1), **SINGLE}
    columns = [
        made.add(f"column{side}_{name}", "Reshape", [each], (units, 1), column)
        for name, each in found.items()
    ]
    table = made.add(f"table{side}", "Concatenate", columns, (units, count), {"axis": -1, **SINGLE})
    if op.shares is None:
        kind, learned = "Add" if logs else "Multiply", _learned(op, made, logs=logs)
        table = made.add(f"parts{side}", kind, [table, learned], (units, count), SINGLE)
    function, cost = ("logsumexp", 4) if logs else ("sum", 1)
    return made.add(
        f"sum{side}", f"ops.{function}", [table], (units,), {"axis": -1}, cost=cost * units * count
    )


def _times(made: Assembly, name: str, of: str, share: float, *, logs: bool) -> str:
    if logs:
        return made.add(name, "ops.add", [of], config={"x2": log(share)}, cost=made.width(of))
    return made.add(name, "Rescaling", [of], config={"scale": share, **SINGLE})


def _learned(op: Late, made: Assembly, *, logs: bool) -> str:
    """Adds a softmax, or its logarithm, over one learned number a source, once for all that ask, and returns its name."""
    if any(layer.name == "shares" for layer in made.layers):
        return "shares"
    # A layer owns the numbers only if it reads something: a one for each example.
    some = made.add("some", "ops.max", [f"output_{op.of[0]}"], (1,), {"axis": -1, "keepdims": True})
    one = made.add("one", "ops.ones_like", [some])
    config = {"use_bias": False, "kernel_initializer": "zeros", **SINGLE}
    weigh = made.dense("weigh", one, len(op.of), "log_softmax" if logs else "softmax", config)
    row = {"target_shape": (1, len(op.of)), **SINGLE}
    return made.add("shares", "Reshape", [weigh], (1, len(op.of)), row)
