"""Late fusion as Keras builds it, against averages in NumPy; sound where probabilities are as good as zero."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fusion.graph.ops import SOURCE, op_layers
from fusion.model.assembling import assembled
from fusion.model.layers import output_layer
from fusion.recipe.head import Output
from fusion.recipe.weighing import Late
from fusion.training.objectives import loss

SHAPES = {"a": (3,), "b": (5,), "c": (2,)}
OUTPUTS = [
    Output(task="classification", classes=4),
    Output(task="binary"),
    Output(task="multilabel", classes=3),
    Output(task="regression", units=2),
]
WEIGHTS = [None, (0.5, 0.3, 0.2), "learned"]


def made(op, output, scale=1.0):
    """The model of late fusion up to its output on random vectors, its weights all random."""
    layers = op_layers(op, SHAPES, output)
    fused = assembled(layers, {f"{SOURCE}{name}": shape for name, shape in SHAPES.items()}, name="fusion")
    model = keras.Model(fused.inputs, output_layer(output, output.width, predicted=True)(fused.outputs[0]))
    random = np.random.default_rng(0)
    model.set_weights([scale * random.normal(size=each.shape) for each in model.get_weights()])
    read = [random.normal(size=(6, *shape)).astype("float32") for shape in SHAPES.values()]
    assert model.count_params() == sum(layer.params for layer in layers)
    return model, read


def linked(output, values):
    if output.link == "softmax":
        powers = np.exp(values - values.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)
    return 1 / (1 + np.exp(-values)) if output.link == "sigmoid" else values


def averaged(op, output, model, read):
    layers = {each.name: each.get_weights() for each in model.layers if each.weights}
    each = [
        linked(output, values @ layers[f"output_{name}"][0] + layers[f"output_{name}"][1])
        for name, values in zip(SHAPES, read, strict=True)
    ]
    numbers = layers["weigh"][0][0] if "weigh" in layers else None
    shares = op.shares if numbers is None else np.exp(numbers) / np.exp(numbers).sum()
    return sum(share * one for share, one in zip(shares, each, strict=True))


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.task)
def test_late_fusion_is_the_average_of_what_each_source_predicts(output, weights):
    op = Late(of=tuple(SHAPES), weights=weights)

    model, read = made(op, output)

    np.testing.assert_allclose(model(read), averaged(op, output, model, read), atol=1e-6)


@pytest.mark.parametrize("output", OUTPUTS[:3], ids=lambda output: output.task)
def test_logits_are_those_of_the_averaged_probabilities(output):
    op = Late(of=tuple(SHAPES), weights="learned")
    plain, read = made(op, output)

    logits, _ = made(op, output.replaced(logits=True))

    np.testing.assert_allclose(linked(output, np.array(logits(read))), plain(read), atol=1e-6)


def test_learned_weights_start_alike():
    op = Late(of=tuple(SHAPES), weights="learned")
    (weigh,) = [layer for layer in op_layers(op, SHAPES, OUTPUTS[1]) if layer.name == "weigh"]

    assert (weigh.params, weigh.config["kernel_initializer"]) == (3, "zeros")


@pytest.mark.parametrize("weights", [None, "learned"])
@pytest.mark.parametrize("output", OUTPUTS[:2], ids=lambda output: output.task)
def test_sources_that_are_all_sure_of_what_is_wrong_still_learn(output, weights):
    model, read = made(Late(of=tuple(SHAPES), weights=weights), output, scale=0.0)
    for layer in model.layers:
        if layer.name.startswith("output_"):
            # The first class, or "yes", is as good as impossible.
            layer.bias.assign([-1000.0] + [0.0] * (output.width - 1))
    targets = np.zeros(6, int) if output.task == "classification" else np.ones((6, 1))

    @tf.function
    def learn():
        with tf.GradientTape() as tape:
            value = loss(output)(targets, model(read, training=True))
        return value, tape.gradient(value, [model.get_layer(f"output_{name}").bias for name in SHAPES])

    value, gradients = learn()

    assert value > 999
    assert [float(each[0]) for each in gradients] == pytest.approx([-1 / 3] * 3, abs=1e-4)


def test_under_a_policy_of_half_precision_predictions_are_averaged_in_single():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model, read = made(Late(of=tuple(SHAPES), weights="learned"), OUTPUTS[1])
        given = np.array(model(read))
        kinds = {each.compute_dtype for each in model.layers if not isinstance(each, keras.layers.InputLayer)}
    finally:
        keras.config.set_dtype_policy("float32")

    plain, _ = made(Late(of=tuple(SHAPES), weights="learned"), OUTPUTS[1])
    assert kinds == {"float32"}
    np.testing.assert_allclose(given, plain(read), atol=1e-7)
