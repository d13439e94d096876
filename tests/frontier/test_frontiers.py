"""Frontiers of recipes: which tensors are stored, and that no other choice takes less."""

import itertools
import random
from math import prod

import pytest

from fusion.errors import TrainingError
from fusion.frontier.frontiers import frontier
from fusion.frontier.phases import varying
from fusion.frontier.rates import Rates
from fusion.frontier.tensors import tensor
from fusion.frontier.units import above, units

SLOW = Rates(read=1e12, compute=1e9, decode=0.001)
"""A machine on which everything is read rather than computed."""


def names(found):
    return [each.name for each in found.tensors]


def test_with_the_backbone_frozen_the_pooled_vector_is_stored(phase_graph):
    found = frontier(phase_graph("Residual", ["head"]), 0)

    (tensor,) = found.tensors
    assert (tensor.node, tensor.layer, tensor.shape, tensor.dtype) == ("all.pool", "", (16,), "float32")
    assert tensor.bytes == found.stored_bytes == 64
    assert found.inputs == found.frozen == ()
    assert found.prefix[0] == "photo"
    assert found.suffix == ("head.top", "output")


def test_several_tensors_are_stored_inside_a_residual_block(phase_graph):
    found = frontier(phase_graph("Residual", ["head", "net[b]"]), 0, SLOW)

    assert names(found) == ["net/short", "net/a_bn"]


def test_several_tensors_are_stored_inside_an_inception_block(phase_graph):
    found = frontier(phase_graph("Inception", ["head", "net[m2]"]), 0, SLOW)

    assert names(found) == ["net/m1", "net/l2", "net/r2"]


def test_in_a_dense_block_what_is_joined_is_stored_once(phase_graph):
    found = frontier(phase_graph("Dense", ["head", "net[two..]"]), 0, SLOW)

    assert names(found) == ["net/cat1"]
    assert found.frozen == ()


def test_what_is_cheap_to_compute_is_not_read_beside_what_it_comes_of(phase_graph):
    rates = Rates(read=1e9, compute=1e9, decode=1)

    found = frontier(phase_graph("Dense", ["head", "net[three..]"]), 0, rates)

    assert names(found) == ["net/cat2"]
    assert found.frozen == ("net/bn",)


def test_every_call_of_shared_weights_that_train_runs_anew(graph_of, data_of, with_phases):
    found = frontier(graph_of(with_phases(siamese(data_of), ["head", "net[conv3..]"])), 0)

    assert names(found) == ["net@photo/drop", "net@other/drop"]
    assert {"net@photo/conv3", "net@other/conv3", "fusion"} <= set(found.suffix)


def test_a_siamese_net_whose_weights_are_frozen_stores_what_the_fusion_gives(graph_of, data_of, with_phases):
    found = frontier(graph_of(with_phases(siamese(data_of), ["head"])), 0)

    assert names(found) == ["fusion"]


def siamese(data_of):
    data = data_of("Chain", "pool3")
    data["inputs"]["other"] = {"kind": "image", "shape": [16, 16, 3]}
    data["branches"]["twin"] = {"input": "other", "backbone": "net", "cut": "pool3"}
    data["fusion"] = {"op": "maximum", "from": ["all", "twin"]}
    return data


def test_taps_of_one_trunk_are_stored_apart(graph_of, data_of, with_phases):
    data = data_of("Chain", "pool3")
    data["branches"]["low"] = {"input": "photo", "backbone": "net", "cut": "pool1"}
    data["fusion"] = {"op": "concat", "from": ["all", "low"]}
    graph = graph_of(with_phases(data, ["head"], ["head", "net[conv3..]"]))

    assert names(frontier(graph, 0)) == ["fusion"]
    assert names(frontier(graph, 1)) == ["net/drop", "low.pool"]


def nested(data_of):
    data = data_of("Chain", "pool3")
    data["inputs"]["facts"] = {"kind": "tabular", "columns": ["a", "b"]}
    data["backbones"]["res"] = {"arch": "Residual", "weights": None}
    data["branches"]["right"] = {"input": "photo", "backbone": "res"}
    data["branches"]["table"] = {"input": "facts", "blocks": ["mlp"]}
    data["blocks"]["mlp"] = [{"dense": 8}]
    data["fusion"] = {
        "both": {"op": "concat", "from": ["all", "right"]},
        "told": {"op": "film", "from": ["both", "table"]},
    }
    return data


def test_fusions_of_fusions_are_stored_as_far_as_they_are_frozen(graph_of, data_of, with_phases):
    data = with_phases(nested(data_of), ["fusion:told", "head"], ["head", "block:mlp"], ["head", "res[b..]"])
    graph = graph_of(data)

    first, second, third = (frontier(graph, number, SLOW) for number in range(3))

    assert set(names(first)) == {"table.mlp", "both"}
    assert set(names(second)) == {"facts.normalise", "both"}
    assert {"all.pool", "table.mlp", "res/short"} <= set(names(third))


def test_an_image_that_one_branch_trains_on_is_decoded_while_the_other_is_stored(
    graph_of, data_of, with_phases
):
    graph = graph_of(with_phases(nested(data_of), ["head", "net"]))

    found = frontier(graph, 0, Rates(decode=1e-7))

    assert found.inputs == ("photo", "facts")
    assert "right.pool" in names(found)
    assert "photo" in found.frozen

    assert "photo" in names(frontier(graph, 0, Rates(decode=0.01)))


@pytest.mark.parametrize(
    ("changes", "bytes"),
    [({}, 768), ({"range": [0, 1]}, 4 * 768), ({"optional": {"missing": "zeros"}}, 4 * 768)],
)
def test_decoded_pixels_take_a_byte_each_where_all_are_whole_numbers(
    graph_of, data_of, with_phases, changes, bytes
):
    data = with_phases(nested(data_of), ["head", "net", "res"])
    data["inputs"]["photo"] |= changes

    assert tensor(units(graph_of(data))["photo"]).bytes == bytes


def test_augmentation_moves_the_frontier_to_the_input(graph_of, data_of, with_phases):
    augment = {"photo": [{"flip": "horizontal"}]}
    data = with_phases(siamese(data_of), ["head"], augment=augment)

    found = frontier(graph_of(data), 0, Rates(decode=0))

    assert names(found) == ["twin.pool"]
    assert found.inputs == ("photo",)
    assert found.suffix[:3] == ("photo", "photo/augmented", "net@photo/conv1")


def test_for_a_single_epoch_nothing_is_stored(phase_graph):
    graph = phase_graph("Chain", ["head"], epochs=1)

    found = frontier(graph, 0)

    assert found.tensors == found.prefix == ()
    assert (found.stored_bytes, found.prefix_flops, found.once_seconds) == (0, 0, 0)
    assert found.suffix_flops == found.whole_flops
    assert found.epoch_seconds == found.whole_seconds
    assert names(frontier(graph, 0, epochs=10)) == ["all.pool"]


def test_a_map_of_open_size_is_not_stored_and_one_of_half_precision_takes_half(phase_graph):
    found = frontier(phase_graph("Odd", ["head", "net[turn..]"]), 0, SLOW)

    (tensor,) = found.tensors
    assert (tensor.name, tensor.dtype, tensor.bytes) == ("net/half", "float16", 2 * 16 * 16 * 8)
    assert found.frozen == ("net/open",)


def test_what_is_stored_is_written_once_and_read_in_every_epoch(phase_graph):
    graph = phase_graph("Chain", ["head"])
    known = frontier(graph, 0)
    saved = 4 * (known.prefix_flops / 1e9)

    for share, stores in ((0.99, True), (1.01, False)):
        found = frontier(graph, 0, Rates(6 * known.stored_bytes / (share * saved), 1e9, 0), epochs=5)

        assert (names(found) == ["all.pool"]) is stores


def test_amounts_are_those_of_the_units(phase_graph):
    graph = phase_graph("Chain", ["head", "net[conv3..]"])
    opened = units(graph)

    found = frontier(graph, 0, Rates(read=1e7, compute=1e9, decode=0.5))

    flops = {name: unit.flops for name, unit in opened.items()}
    assert names(found) == ["net/drop"]
    once = sum(flops[f"net/{name}"] for name in ("conv1", "pool1", "conv2", "pool2", "drop"))
    steps = 2 * flops["net/conv3"] + 2 * flops["net/pool3"] + 2 * flops["all.pool"]
    steps += 3 * flops["head.top"] + 3 * flops["output"]
    assert found.prefix_flops == once
    assert found.suffix_flops == steps
    assert found.whole_flops == once + steps
    assert found.stored_bytes == 4 * 4 * 4 * 16
    assert found.once_seconds == pytest.approx(0.5 + once / 1e9 + 1024 / 1e7)
    assert found.epoch_seconds == pytest.approx(steps / 1e9 + 1024 / 1e7)
    assert found.whole_seconds == pytest.approx(0.5 + (once + steps) / 1e9)


PHASES = {
    "Chain": (["head"], ["head", "net[conv2..]"], ["head", "net[conv1]"], ["head", "net[drop..]"]),
    "Residual": (["head"], ["head", "net[b]"], ["head", "net[short]"], ["head", "net[a..b]"]),
    "Inception": (["head"], ["head", "net[m2]"], ["head", "net[l1]"], ["head", "net[r2]"]),
    "Dense": (["head"], ["head", "net[two]"], ["head", "net[three..]"], ["head", "net[one]"]),
}


@pytest.mark.parametrize("arch", PHASES)
def test_no_choice_of_stored_tensors_takes_less_time(phase_graph, arch):
    graph = phase_graph(arch, *PHASES[arch])
    source = random.Random(0)

    for number, _ in itertools.product(range(len(PHASES[arch])), range(5)):
        rates = Rates(10 ** source.uniform(7, 9), 10 ** source.uniform(8, 10), 10 ** source.uniform(-6, -3))
        epochs = source.choice([2, 3, 10, 100])

        found = frontier(graph, number, rates, epochs=epochs)

        taken = found.once_seconds + epochs * found.epoch_seconds
        assert taken <= least(graph, number, rates, epochs) * (1 + 1e-9) + again(graph, found, rates)


def again(graph, found, rates):
    """What the extraction computes besides, for layers that also run in every epoch."""
    opened = units(graph)
    both = set(found.prefix) & set(found.frozen)
    return sum(opened[name].flops / rates.compute + opened[name].decoded * rates.decode for name in both)


def least(graph, number, rates, epochs):
    """The least time over all sets of frozen units that run in every epoch, extraction included."""
    opened = units(graph)
    moving = varying(opened, graph.phases[number])
    frozen = [name for name in opened if name not in moving]
    trained = frontier(graph, number, rates, epochs=1).whole_flops
    frozen_flops = sum(opened[name].flops for name in frozen)

    def seconds(names):
        return sum(opened[name].flops / rates.compute + opened[name].decoded * rates.decode for name in names)

    best = float("inf")
    for choice in itertools.product((False, True), repeat=len(frozen)):
        runs = {name for name, chosen in zip(frozen, choice, strict=True) if chosen}
        read = {parent for name in runs | moving for parent in opened[name].parents} - runs - moving
        stored = sum((1 if name == "photo" else 4) * prod(opened[name].shape) for name in read)
        epoch = seconds(runs) + (trained - frozen_flops) / rates.compute + stored / rates.read
        once = seconds(above(opened, read)) + stored / rates.read
        best = min(best, once + epochs * epoch)
    return best


def test_a_phase_that_is_not_there_is_refused(phase_graph):
    graph = phase_graph("Chain", ["head"])

    for number in (1, -1):
        with pytest.raises(TrainingError, match=f"'one' has no phase {number}; it has 1, counted from 0"):
            frontier(graph, number)


def test_fewer_epochs_than_one_are_refused(phase_graph):
    with pytest.raises(TrainingError, match="1 epoch or more, got epochs=0"):
        frontier(phase_graph("Chain", ["head"]), 0, epochs=0)


@pytest.mark.parametrize("name", ["read", "compute", "decode"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_rates_that_are_none_are_refused(name, value):
    with pytest.raises(TrainingError, match=f"The rate '{name}' is .*, got {value}"):
        Rates(**{name: value})


@pytest.mark.parametrize("name", ["read", "compute"])
def test_a_rate_of_nothing_is_refused(name):
    with pytest.raises(TrainingError, match="more than 0, got 0"):
        Rates(**{name: 0.0})


def optional_graph(graph_of, with_phases, data_of, absence, *phases):
    data = data_of()
    data["inputs"]["photo"]["optional"] = absence
    data["inputs"]["facts"] = {"kind": "tabular", "columns": ["area"]}
    data["branches"]["numbers"] = {"input": "facts"}
    data["fusion"] = {"op": "concat", "from": ["all", "numbers"]}
    return graph_of(with_phases(data, *phases))


def test_where_inputs_are_taken_away_vectors_and_presence_are_stored(graph_of, with_phases, data_of):
    absence = {"missing": "zeros", "dropout": 0.5}
    graph = optional_graph(graph_of, with_phases, data_of, absence, ["head"])

    found = frontier(graph, 0, SLOW)

    assert set(names(found)) == {"all.pool", "photo.optional.present", "facts.normalise"}
    assert found.suffix[0] == "photo.optional.drop"
    assert "all.missing" in found.suffix


def test_where_nothing_is_taken_away_what_stands_in_for_missing_inputs_is_stored_too(
    graph_of, with_phases, data_of
):
    graph = optional_graph(graph_of, with_phases, data_of, {"missing": "zeros"}, ["head"])

    found = frontier(graph, 0, SLOW)

    assert names(found) == ["fusion"]


def test_a_vector_that_is_learned_for_missing_inputs_is_not_stored(graph_of, with_phases, data_of):
    graph = optional_graph(graph_of, with_phases, data_of, {"missing": "learned"}, ["head"])

    found = frontier(graph, 0, SLOW)

    assert "all.missing" in found.suffix
    assert "photo.optional.present" in names(found)
