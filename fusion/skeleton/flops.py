"""Floating point operations of one layer for one sample, counted from its configuration and shapes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from fusion.skeleton.layers import Layer, Shape


@dataclass(frozen=True, slots=True)
class _Call:
    """What a layer is called with: its configuration, and shapes without the batch axis."""

    config: Mapping[str, Any]
    inputs: Sequence[Shape]
    output: Shape
    weights: Sequence[Sequence[int]]


def flops(
    kind: str,
    config: Mapping[str, Any],
    inputs: Sequence[Shape],
    output: Shape,
    weights: Sequence[Sequence[int]],
) -> int:
    """Returns the floating point operations of one layer for one sample; 0 where a size is open.

    A multiply-accumulate is two operations and an added bias one an element, as in TensorFlow's own profiler
    (`tensorflow/python/profiler/internal/flops_registry.py`). The rest is by convention, for each element of the output:
    one for each input that is joined beyond the first; one for a ReLU, four for another activation or gate, which costs
    about an `exp` and a few multiplications; two for a normalisation at inference, a factor and a summand, and four
    for one that finds mean and variance of its input first; a pooling, its window less one, and a global one, one for
    each element of its *input*. What only moves, pads, reshapes or drops values counts nothing, and so does a class that
    is not known here: `uncounted` tells those with weights.

    Args:
        kind: Keras class of the layer.
        config: What its `get_config` gives.
        inputs: Shapes it reads, without the batch axis.
        output: Shape it gives, without the batch axis.
        weights: Shapes of its weights, in Keras's order.

    >>> flops("Conv2D", {}, [(8, 8, 3)], (8, 8, 4), [(3, 3, 3, 4), (4,)])
    14080
    """
    count = _COUNTS.get(kind)
    if count is None or any(None in shape for shape in (*inputs, output)):
        return 0
    call = _Call(config, inputs, output, weights)
    return count(call) + _activation(config, output)


def uncounted(rows: Iterable[Layer]) -> tuple[str, ...]:
    """Returns the kinds of those layers whose operations are not known, so that no sum with them is true.

    >>> uncounted([Layer("block", "FNetEncoder", ("x",), (8, 16), params=1200)])
    ('FNetEncoder',)
    """
    return tuple(sorted({row.kind for row in rows if not _is_counted(row)}))


def _is_counted(row: Layer) -> bool:
    if row.kind == _PROGRAM:
        return False
    if row.flops or row.params <= row.statistics or row.kind in _LOOKED_UP:
        return True
    return row.kind in _COUNTS and None not in row.shape


_PROGRAM = "TFSMLayer"
"""A SavedModel: what it computes nobody knows, also where none of its weights trains."""

_LOOKED_UP = frozenset({"Embedding", "ReversibleEmbedding", "PositionEmbedding", "TokenAndPositionEmbedding"})
"""Classes that look their weights up: at most a sum is left out."""


def _elements(shape: Sequence[int | None]) -> int:
    return prod(size or 0 for size in shape)


def _activation(config: Mapping[str, Any], output: Shape) -> int:
    """Returns the operations of the activation a layer applies to its output."""
    name = config.get("activation")
    if name in (None, "linear"):
        return 0
    return _elements(output) * (1 if name in ("relu", "relu6") else 4)


def _convolution(call: _Call) -> int:
    """Counts a kernel (*window, inputs of a group, filters): each output element is one dot product."""
    *window, depth, _ = call.weights[0]
    return _elements(call.output) * (2 * prod(window) * depth + len(call.weights) - 1)


def _depthwise(call: _Call) -> int:
    """Counts a kernel (*window, inputs, multiplier): each output element reads one channel."""
    *window, _, _ = call.weights[0]
    return _elements(call.output) * (2 * prod(window) + len(call.weights) - 1)


def _separable(call: _Call) -> int:
    """Counts a depthwise convolution that already has the strides, then a 1x1 convolution."""
    depthwise, pointwise = call.weights[0], call.weights[1]
    *window, depth, multiplier = depthwise
    points = _elements(call.output[:-1])
    middle = points * depth * multiplier * 2 * prod(window)
    return middle + _elements(call.output) * (2 * prod(pointwise[:-1]) + len(call.weights) - 2)


def _transposed(call: _Call) -> int:
    """Counts a kernel (*window, filters, inputs): each *input* element is multiplied with the whole window."""
    bias = _elements(call.output) * (len(call.weights) - 1)
    return 2 * _elements(call.inputs[0][:-1]) * prod(call.weights[0]) + bias


def _dense(call: _Call) -> int:
    return _elements(call.output) * (2 * call.weights[0][0] + len(call.weights) - 1)


def _einsum(call: _Call) -> int:
    """Counts an einsum over a kernel: each output element sums over the kernel's letters that the output lacks."""
    operands, result = str(call.config["equation"]).split("->")
    kernel = operands.split(",")[1]
    summed = prod(
        int(size) for letter, size in zip(kernel, call.weights[0], strict=True) if letter not in result
    )
    return _elements(call.output) * (2 * summed + len(call.weights) - 1)


def _transformer(call: _Call) -> int:
    """Counts KerasHub's block for tokens: four projections, attention, two dense layers, their sums and normalisations.

    A kernel is what has more numbers than a token; each token is multiplied with each. Attention multiplies queries
    with keys and what comes of it with values, and takes four operations for each number of its softmax.
    """
    tokens, width = (size or 0 for size in call.output)
    kernels = [shape for shape in call.weights if len(shape) > 1 and prod(shape) > width]
    heads = next((shape[1] for shape in kernels if len(shape) == 3), 1)
    biases = sum(prod(shape) for shape in call.weights) - sum(map(prod, kernels)) - 4 * width
    hidden = max((shape[-1] for shape in kernels if len(shape) == 2), default=0)
    attention = 4 * tokens * tokens * (width + heads)
    return tokens * (2 * sum(map(prod, kernels)) + biases + 4 * hidden + 10 * width) + attention


def _pooling(call: _Call) -> int:
    return _elements(call.output) * (prod(int(size) for size in call.config["pool_size"]) - 1)


def _global_pooling(call: _Call) -> int:
    return _elements(call.inputs[0])


def _joining(call: _Call) -> int:
    return _elements(call.output) * max(len(call.inputs) - 1, 1)


def _positions(call: _Call) -> int:
    """Counts the sum of what stands for a token and for its place; looking them up is none."""
    return _elements(call.output) if len(call.weights) > 1 else 0


def _one(call: _Call) -> int:
    return _elements(call.output)


def _two(call: _Call) -> int:
    return 2 * _elements(call.output)


def _four(call: _Call) -> int:
    return 4 * _elements(call.output)


def _fused(_: _Call) -> int:
    """Leaves it all to the activation in the configuration."""
    return 0


_COUNTS: dict[str, Callable[[_Call], int]] = {
    **dict.fromkeys(["Conv1D", "Conv2D", "Conv3D"], _convolution),
    **dict.fromkeys(["DepthwiseConv1D", "DepthwiseConv2D"], _depthwise),
    **dict.fromkeys(["SeparableConv1D", "SeparableConv2D"], _separable),
    **dict.fromkeys(["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"], _transposed),
    "Dense": _dense,
    "EinsumDense": _einsum,
    **dict.fromkeys(["TransformerEncoder", "TransformerDecoder"], _transformer),
    **dict.fromkeys(["PositionEmbedding", "TokenAndPositionEmbedding"], _positions),
    **dict.fromkeys([f"{name}Pooling{n}D" for name in ("Max", "Average") for n in (1, 2, 3)], _pooling),
    **dict.fromkeys(
        [f"Global{name}Pooling{n}D" for name in ("Max", "Average") for n in (1, 2, 3)], _global_pooling
    ),
    **dict.fromkeys(["Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract", "Divide"], _joining),
    **dict.fromkeys(["ReLU", "Relu", "Relu6", "LayerScale"], _one),
    **dict.fromkeys(["BatchNormalization", "Normalization", "Rescaling", "CustomScaleLayer"], _two),
    **dict.fromkeys(["LayerNormalization", "GroupNormalization"], _four),
    **dict.fromkeys(["Silu", "Gelu", "HardSigmoid", "HardSilu", "Sigmoid", "Tanh", "Softmax", "ELU"], _four),
    "Activation": _fused,
}
