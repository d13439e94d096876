"""The layers of a block and of the output: their names, shapes, weights and costs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fusion.recipe.blocks import KINDS, BatchNorm, Dense, Dropout, LayerNorm, Step
from fusion.skeleton.flops import flops


@dataclass(frozen=True, slots=True)
class StepLayer:
    """One layer of a block.

    Args:
        name: Its name inside the block: its kind, numbered from 1 where the block has several of it.
        step: What was declared.
        kind: Its Keras class.
        width: Number of values it gives.
        params: Number of its weights.
        statistics: How many of those no gradient changes.
        flops: Floating point operations for one sample.
    """

    name: str
    step: Step
    kind: str
    width: int
    params: int
    statistics: int
    flops: int


def step_layers(steps: Sequence[Step], width: int) -> tuple[StepLayer, ...]:
    """Returns the layers that `steps` become on vectors of `width` values.

    >>> [
    ...     (layer.name, layer.width, layer.params)
    ...     for layer in step_layers([Dense(units=3), Dropout(rate=0.5)], 4)
    ... ]
    [('dense', 3, 15), ('dropout', 3, 0)]
    """
    return tuple(_layers(steps, width))


def _layers(steps: Sequence[Step], width: int) -> Iterator[StepLayer]:
    total, seen = Counter(type(step) for step in steps), Counter[type]()
    for step in steps:
        seen[type(step)] += 1
        name = KINDS[type(step)]
        if total[type(step)] > 1:
            name += f"_{seen[type(step)]}"
        layer = _layer(name, step, width)
        width = layer.width
        yield layer


def _layer(name: str, step: Step, width: int) -> StepLayer:
    match step:
        case Dense():
            return StepLayer(
                name, step, "Dense", step.units, *dense_costs(width, step.units, step.activation)
            )
        case Dropout():
            return StepLayer(name, step, "Dropout", width, 0, 0, 0)
        case LayerNorm():
            cost = flops("LayerNormalization", {}, [(width,)], (width,), [(width,), (width,)])
            return StepLayer(name, step, "LayerNormalization", width, 2 * width, 0, cost)
        case BatchNorm():
            cost = flops("BatchNormalization", {}, [(width,)], (width,), [(width,)] * 4)
            return StepLayer(name, step, "BatchNormalization", width, 4 * width, 2 * width, cost)


def dense_costs(inputs: int, units: int, activation: str) -> tuple[int, int, int]:
    """Returns params, statistics and FLOPs of a fully connected layer with bias.

    >>> dense_costs(4, 3, "linear")[:2]
    (15, 0)
    """
    shapes = [(inputs, units), (units,)]
    cost = flops(
        "Dense", {"units": units, "activation": activation, "use_bias": True}, [(inputs,)], (units,), shapes
    )
    return (inputs + 1) * units, 0, cost


def activation_cost(width: int, activation: str) -> int:
    """Returns the FLOPs of an activation alone.

    >>> activation_cost(3, "softmax"), activation_cost(3, "linear")
    (12, 0)
    """
    return flops("Activation", {"activation": activation}, [(width,)], (width,), [])
