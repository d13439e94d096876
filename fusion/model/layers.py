"""The layers of a model that are not a backbone's: blocks, normalisation and the output, all built into Keras."""

from collections.abc import Sequence
from typing import Any

import keras

from fusion.graph.nodes import Node
from fusion.graph.steps import StepLayer, step_layers
from fusion.recipe.blocks import BatchNorm, Dense, Dropout, LayerNorm, Step
from fusion.recipe.head import Output
from fusion.skeleton.layers import Shape


def block_model(steps: Sequence[Step], width: int, *, name: str) -> keras.Model:
    """Returns a block as a sub-model on vectors of `width` values.

    >>> block_model([Dense(units=3), Dropout(rate=0.5)], 4, name="top").layers[1].name
    'dense'
    """
    inputs = keras.Input((width,), name=f"{name}_input")
    outputs = inputs
    for layer in step_layers(steps, width):
        outputs = _step(layer)(outputs)
    return keras.Model(inputs, outputs, name=name)


def output_layer(output: Output, width: int, *, name: str = "output", predicted: bool = False) -> Any:
    """Returns the layer that predicts from `width` values; of a standardised output a sub-model of it and the way back.

    It computes in float32 under any policy, so that no probability underflows.

    Args:
        output: What is predicted.
        width: How many values it reads.
        name: Its name.
        predicted: Whether these are logits or numbers already, those of late fusion, so that only a softmax, a sigmoid
            or the way back is left.

    >>> output_layer(Output(task="binary"), 4).units
    1
    >>> [layer.name for layer in output_layer(Output(task="regression", standardise=True), 4).layers[1:]]
    ['dense', 'restore']
    """
    if predicted and not output.standardise:
        return keras.layers.Activation(output.activation, dtype="float32", name=name)
    own = "dense" if output.standardise else name
    dense = keras.layers.Dense(output.width, activation=output.activation, dtype="float32", name=own)
    if not output.standardise:
        return dense
    inputs = keras.Input((width,), name=f"{name}_input")
    restore = _normalisation("restore", (output.width,), invert=True)
    return keras.Model(inputs, restore(inputs if predicted else dense(inputs)), name=name)


def normalisation(node: Node) -> keras.Layer:
    """Returns the layer that normalises a table; until it is adapted to training rows it changes nothing.

    >>> normalisation(Node("t.normalise", "prepare", "t.normalise", (3,))).name
    't.normalise'
    """
    return _normalisation(node.layer, node.shape, invert=False)


def _normalisation(name: str, shape: Shape, *, invert: bool) -> keras.Layer:
    # Numbers of a table can be large or close together: half precision would lose them under any policy.
    layer = keras.layers.Normalization(axis=-1, invert=invert, dtype="float32", name=name)
    layer.build((None, *shape))
    layer.finalize_state()
    return layer


def _step(layer: StepLayer) -> Any:
    match layer.step:
        case Dense(units=units, activation=activation, l2=l2):
            regularizer = keras.regularizers.L2(l2) if l2 else None
            return keras.layers.Dense(
                units, activation=activation, kernel_regularizer=regularizer, name=layer.name
            )
        case Dropout(rate=rate):
            return keras.layers.Dropout(rate, name=layer.name)
        case LayerNorm():
            return keras.layers.LayerNormalization(name=layer.name)
        case BatchNorm():
            return keras.layers.BatchNormalization(name=layer.name)
