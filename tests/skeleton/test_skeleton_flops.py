"""Counts by hand. The totals of real networks are compared with TensorFlow's profiler in tests/keras/backbones."""

import pytest

from fusion.skeleton.flops import flops, uncounted
from fusion.skeleton.layers import Layer


def test_a_convolution_is_two_operations_a_multiplication_and_one_a_bias():
    assert flops("Conv2D", {}, [(8, 8, 3)], (8, 8, 4), [(3, 3, 3, 4), (4,)]) == 8 * 8 * 4 * (2 * 27 + 1)


def test_a_grouped_convolution_reads_only_its_group():
    assert flops("Conv2D", {"groups": 4}, [(8, 8, 16)], (8, 8, 8), [(3, 3, 4, 8)]) == 8 * 8 * 8 * 2 * 9 * 4


def test_a_dilated_convolution_costs_what_its_kernel_costs():
    plain, dilated = (
        flops("Conv2D", {"dilation_rate": (rate, rate)}, [(8, 8, 3)], (8, 8, 4), [(3, 3, 3, 4)])
        for rate in (1, 3)
    )

    assert plain == dilated


@pytest.mark.parametrize(
    ("kind", "config", "inputs", "output", "weights", "expected"),
    [
        ("Conv1D", {}, [(10, 3)], (8, 4), [(3, 3, 4)], 8 * 4 * 2 * 9),
        ("Conv3D", {}, [(4, 4, 4, 2)], (2, 2, 2, 5), [(3, 3, 3, 2, 5)], 8 * 5 * 2 * 54),
        ("DepthwiseConv2D", {}, [(8, 8, 6)], (4, 4, 6), [(3, 3, 6, 1)], 16 * 6 * 2 * 9),
        ("DepthwiseConv2D", {}, [(8, 8, 6)], (4, 4, 12), [(3, 3, 6, 2), (12,)], 16 * 12 * (2 * 9 + 1)),
        (
            "SeparableConv2D",
            {},
            [(8, 8, 6)],
            (4, 4, 10),
            [(3, 3, 6, 2), (1, 1, 12, 10), (10,)],
            16 * 12 * 2 * 9 + 16 * 10 * (2 * 12 + 1),
        ),
        ("Conv2DTranspose", {}, [(4, 4, 6)], (8, 8, 5), [(3, 3, 5, 6), (5,)], 16 * 2 * 9 * 5 * 6 + 8 * 8 * 5),
        ("Dense", {}, [(7,)], (3,), [(7, 3), (3,)], 3 * 15),
        ("Dense", {}, [(5, 5, 7)], (5, 5, 3), [(7, 3)], 25 * 3 * 14),
        ("EinsumDense", {"equation": "abc,cde->abde"}, [(9, 6)], (9, 2, 5), [(6, 2, 5), (2, 5)], 90 * 13),
        ("MaxPooling2D", {"pool_size": (2, 2)}, [(8, 8, 3)], (4, 4, 3), [], 48 * 3),
        ("GlobalAveragePooling2D", {}, [(8, 8, 3)], (3,), [], 192),
        ("Add", {}, [(4, 4, 2)] * 3, (4, 4, 2), [], 64),
        ("Add", {}, [(4, 4, 2)], (4, 4, 2), [], 32),
        ("Multiply", {}, [(4, 4, 2), (1, 1, 2)], (4, 4, 2), [], 32),
        ("ReLU", {}, [(4, 4, 2)], (4, 4, 2), [], 32),
        ("BatchNormalization", {}, [(4, 4, 2)], (4, 4, 2), [(2,)] * 4, 64),
        ("LayerNormalization", {}, [(4, 4, 2)], (4, 4, 2), [(2,)] * 2, 128),
        ("Rescaling", {}, [(4, 4, 2)], (4, 4, 2), [], 64),
        ("Activation", {"activation": "relu"}, [(4, 4, 2)], (4, 4, 2), [], 32),
        ("Activation", {"activation": "silu"}, [(4, 4, 2)], (4, 4, 2), [], 128),
        ("Activation", {"activation": "linear"}, [(4, 4, 2)], (4, 4, 2), [], 0),
        ("Sigmoid", {}, [(4, 4, 2)], (4, 4, 2), [], 128),
        ("ZeroPadding2D", {}, [(4, 4, 2)], (6, 6, 2), [], 0),
        ("Concatenate", {}, [(4, 4, 2)] * 2, (4, 4, 4), [], 0),
    ],
)
def test_each_kind_of_layer_counts_as_the_convention_says(kind, config, inputs, output, weights, expected):
    assert flops(kind, config, inputs, output, weights) == expected


def test_an_activation_inside_a_layer_counts_too():
    assert flops("Dense", {"activation": "relu"}, [(7,)], (3,), [(7, 3)]) == 3 * 14 + 3
    assert flops("Dense", {"activation": "gelu"}, [(7,)], (3,), [(7, 3)]) == 3 * 14 + 12


@pytest.mark.parametrize(
    ("inputs", "output"), [([(None, None, 3)], (None, None, 4)), ([(None, 8, 3)], (8, 8, 4))]
)
def test_an_open_size_counts_nothing(inputs, output):
    assert flops("Conv2D", {}, inputs, output, [(3, 3, 3, 4)]) == 0


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        (Layer("x", "FNetEncoder", ("a",), (8, 4), params=20), ("FNetEncoder",)),
        (Layer("x", "Dense", ("a",), (None, 4), params=20), ("Dense",)),
        (Layer("x", "Dense", ("a",), (8, 4), params=20), ()),
        (Layer("x", "Embedding", ("a",), (None, 4), params=20), ()),
        (Layer("x", "Made", ("a",), (8, 4)), ()),
        (Layer("x", "Made", ("a",), (8, 4), params=20, statistics=20), ()),
        (Layer("x", "Made", ("a",), (8, 4), params=20, flops=7), ()),
    ],
)
def test_a_layer_with_weights_whose_operations_are_not_known_is_told(row, kinds):
    assert uncounted([row, row]) == kinds
