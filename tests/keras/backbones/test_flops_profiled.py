"""Multiply-accumulates against TensorFlow's own profiler.

Exactly equal: convolutions, depthwise convolutions and dense layers, counted without bias and activation. Left out on
both sides: everything else, for which the profiler has no formula (batch normalisation, most activations) or counts
each primitive operation that a layer happens to be made of; and convolutions in groups (ConvNeXt's 7x7), which Keras
hands to XLA on a processor, where the profiler sees none. Those are counted by hand in tests/skeleton.
"""

import pytest
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from fusion.backbones.building import construct, dry_build
from fusion.backbones.tracing import operations
from fusion.skeleton.flops import flops

COUNTED = {"Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2", "Einsum"}
WEIGHTED = {"Conv2D": 1, "DepthwiseConv2D": 1, "SeparableConv2D": 2, "Dense": 1}
"""Layers to compare, and how many of their weights are kernels."""


def profiled(model, shape):
    concrete = tf.function(model).get_concrete_function(tf.TensorSpec((1, *shape), tf.float32))
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=False)
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    report = tf.compat.v1.profiler.profile(frozen.graph, cmd="op", options=options)
    return sum(node.float_ops for node in walk(report) if node.name in COUNTED)


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def counted(model):
    total = 0
    for layer in operations(model).values():
        kernels = WEIGHTED.get(type(layer).__name__)
        if kernels and layer.get_config().get("groups", 1) == 1:
            shapes = [tuple(weight.shape) for weight in layer.weights[:kernels]]
            total += flops(type(layer).__name__, {}, [layer.input.shape[1:]], layer.output.shape[1:], shapes)
    return total


@pytest.mark.parametrize(
    "arch",
    [
        "TinyResNet",
        "MobileNetV2",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("VGG16", "ResNet50", "InceptionV3", "Xception", "EfficientNetB0", "ConvNeXtTiny")
        ),
    ],
)
def test_multiply_accumulates_equal_those_of_tensorflows_profiler(arch):
    shape = (80, 96, 3)
    model = construct(arch, shape=shape, weights=None, options={})

    assert counted(model) == profiled(model, shape) > 10**7


def test_what_is_no_multiply_accumulate_is_a_few_percent():
    skeleton = dry_build("ResNet50", shape=(224, 224, 3), options={})

    total = sum(layer.flops for layer in skeleton.layers)
    # He and others (2016), table 1: 3.8e9 multiply-accumulates for ResNet-50 as they stride it; 4.1e9 with the classifier
    # as most libraries count; Keras strides like the paper.
    assert 2 * 3.8e9 < total < 2 * 3.9e9
