"""Trunks opened: which units there are and what they read."""

import pytest

from fusion.frontier.phases import training_flops, varying
from fusion.frontier.units import RANDOM, units


def test_the_rows_of_a_trunk_are_units_and_its_input_row_is_what_it_is_called_on(phase_graph):
    found = units(phase_graph("Residual", ["head"]))

    assert list(found)[:3] == ["photo", "net/stem", "net/short"]
    assert found["net/stem"].parents == ("photo",)
    assert found["net/add"].parents == ("net/short", "net/b")
    assert found["all.pool"].parents == ("net/out",)
    assert found["net/b"].weights == ("net/b",)
    assert list(found)[-3:] == ["all.pool", "head.top", "output"]


def test_what_a_call_does_not_need_is_no_unit(graph_of, data_of, with_phases):
    data = data_of("Chain", "pool3")
    data["inputs"]["other"] = {"kind": "image", "shape": [16, 16, 3]}
    data["branches"]["low"] = {"input": "other", "backbone": "net", "cut": "pool1"}
    data["fusion"] = {"op": "concat", "from": ["all", "low"]}

    found = units(graph_of(with_phases(data, ["head"])))

    assert "net@photo/pool3" in found
    assert "net@other/pool1" in found
    assert "net@other/conv2" not in found


def test_several_taps_are_read_where_they_come_out(graph_of, data_of, with_phases):
    found = units(graph_of(with_phases(data_of("Chain", ["pool1", "pool3"]), ["head"])))

    assert found["all.pool.pool1"].parents == ("net/pool1",)
    assert found["all.pool.pool3"].parents == ("net/pool3",)
    assert found["all.taps"].parents == ("all.pool.pool1", "all.pool.pool3")


def test_an_input_that_is_prepared_is_read_prepared(graph_of, data_of, with_phases):
    data = data_of()
    data["branches"]["all"]["resize"] = [8, 8]

    found = units(graph_of(with_phases(data, ["head"])))

    assert found["net/conv1"].parents == ("net.prepare",)
    assert found["net/conv1"].shape == (8, 8, 8)


def test_an_augmented_input_is_read_augmented(phase_graph):
    found = units(phase_graph("Chain", ["head"], augment={"photo": [{"flip": "horizontal"}]}))

    assert found["photo/augmented"].parents == ("photo",)
    assert found["net/conv1"].parents == ("photo/augmented",)


def test_what_comes_after_something_trained_varies(phase_graph):
    graph = phase_graph("Residual", ["head", "net[b]"])

    found = varying(units(graph), graph.phases[0])

    assert found == {"net/b", "net/add", "net/out", "all.pool", "head.top", "output"}


def test_batch_normalisation_left_in_inference_does_not_vary(phase_graph):
    for batchnorm, moves in (("inference", False), ("train", True)):
        graph = phase_graph("Residual", ["head", "net[a_bn..]"], batchnorm=batchnorm)

        assert ("net/a_bn" in varying(units(graph), graph.phases[0])) is moves


def test_a_dropout_varies_only_where_it_is_selected(phase_graph):
    for selector, moves in (("net[drop..]", True), ("net[conv3..]", False)):
        graph = phase_graph("Chain", ["head", selector])

        assert ("net/drop" in varying(units(graph), graph.phases[0])) is moves


def test_layers_that_may_be_random_vary_only_where_they_are_selected(phase_graph):
    graph = phase_graph("Odd", ["head", "net[turn..]"], ["head", "net[own..]"], ["head", "net[conv2]"])
    opened = units(graph)

    moving = [varying(opened, plan) for plan in graph.phases]

    first = [next(name for name in opened if name in each) for each in moving]
    assert first == ["net/turn", "net/own", "net/conv2"]


def test_a_block_of_a_dropout_alone_varies_only_where_it_is_selected(graph_of, data_of, with_phases):
    data = data_of()
    data["blocks"]["noise"] = [{"dropout": 0.5}]
    data["branches"]["all"]["blocks"] = ["noise"]
    graph = graph_of(with_phases(data, ["head"], ["head", "net[conv3..]"]))

    assert "all.noise" not in varying(units(graph), graph.phases[0])

    data["head"]["blocks"] = ["noise", "top"]
    data["branches"]["all"]["blocks"] = []
    graph = graph_of(with_phases(data, ["head"]))

    assert "head.noise" in varying(units(graph), graph.phases[0])


def test_gradients_go_to_what_trains_and_no_further_back(phase_graph):
    graph = phase_graph("Residual", ["head", "net[b]"])
    opened = units(graph)

    found = training_flops(opened, graph.phases[0])

    times = {name: found[name] / unit.flops for name, unit in opened.items() if unit.flops}
    assert times["net/stem"] == times["net/short"] == times["net/a"] == 1
    assert times["net/b"] == 2
    assert times["net/add"] == times["net/out"] == times["all.pool"] == 2
    assert times["head.top"] == times["output"] == 3


ALIKE = frozenset(
    {
        "BatchNormalization",
        "Bidirectional",
        "CenterCrop",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "Dense",
        "EinsumDense",
        "GRU",
        "GRUCell",
        "GroupedQueryAttention",
        "LSTM",
        "LSTMCell",
        "MaxNumBoundingBoxes",
        "MultiHeadAttention",
        "RNN",
        "Resizing",
        "SimpleRNN",
        "SimpleRNNCell",
        "SpectralNormalization",
        "StackedRNNCells",
    }
)
"""Layers that are told whether they train, and have weights, or give the same whatever they are told."""


@pytest.mark.slow
def test_every_layer_of_keras_that_is_told_whether_it_trains_is_known():
    import inspect

    import keras

    layers = [
        each for _, each in inspect.getmembers(keras.layers, inspect.isclass) if issubclass(each, keras.Layer)
    ]
    told = {each.__name__ for each in layers if "training" in inspect.signature(each.call).parameters}

    assert {name for name in told - ALIKE if not name.startswith("Random")} <= RANDOM
    assert "Dropout" in told
