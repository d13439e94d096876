"""A backbone along its depth: what is before each cut, what freezes, what trains, what is thrown away."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fusion.drawing.segments import segments
from fusion.drawing.states import view
from fusion.drawing.titles import part_title
from fusion.graph.nodes import FusionGraph
from fusion.skeleton.cuts import discarded
from fusion.skeleton.layers import Layer, Skeleton
from fusion.wording import DASH


def test_segments_hold_every_layer_and_weight_once(case: tuple[FusionGraph, int]) -> None:
    graph, phase = case

    for trunk in graph.trunks.values():
        found = segments(trunk, view(graph, phase))
        assert sum(each.layers for each in found) == len(trunk.skeleton.layers)
        assert sum(each.params for each in found) == trunk.skeleton.params


def test_what_is_discarded_is_what_the_cuts_discard(case: tuple[FusionGraph, int]) -> None:
    graph, phase = case

    for trunk in graph.trunks.values():
        lost = [each for each in segments(trunk, view(graph, phase)) if each.discarded]
        expected = discarded(trunk.skeleton, trunk.taps, trunk.enter)
        assert sum(each.layers for each in lost) == expected.layers
        assert sum(each.params for each in lost) == expected.params


def test_what_trains_is_what_the_phase_trains(case: tuple[FusionGraph, int]) -> None:
    graph, phase = case

    for trunk in graph.trunks.values():
        rates = graph.phases[phase].rates if graph.phases else {}
        own = [graph.weights[address] for address in rates if address.startswith(f"{trunk.backbone}/")]
        found = sum(each.trainable for each in segments(trunk, view(graph, phase)))
        assert found == sum(each.params - each.statistics for each in own)


def test_a_cut_inside_a_stage_splits_it(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("two")

    found = segments(graph.trunks["right"], view(graph, 0))
    assert [(each.title, each.zone, each.discarded) for each in found] == [
        ("block1", 0, False),
        ("block2", 0, False),
        ("block3", 1, False),
        ("block4", 1, False),
        ("block4", 2, True),
    ]


def test_a_stage_splits_where_training_begins_and_batch_norm_in_inference_does_not_split_it(
    topology: Callable[[str], FusionGraph],
) -> None:
    graph = topology("two")

    found = segments(graph.trunks["right"], view(graph, 1))
    assert [(each.title, each.state) for each in found[:4]] == [
        ("block1", "frozen"),
        ("block2", "frozen"),
        ("block2", "trainable"),
        ("block3", "trainable"),
    ]


def test_memory_of_segments_is_that_of_the_backbone(case: tuple[FusionGraph, int]) -> None:
    graph, phase = case

    for trunk in graph.trunks.values():
        if None not in trunk.shape and not trunk.enter:
            kept = [each for each in segments(trunk, view(graph, phase)) if not each.discarded]
            assert {graph[call].activations for call in trunk.calls} == {sum(each.outputs for each in kept)}


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["conv_dw_2", "conv_dw_2_relu", "conv_pw_2", "conv_pw_2_relu"], "conv_pw_2"),
        (["conv2d", "batch_normalization", "mixed8"], "mixed8"),
    ],
)
def test_a_part_is_called_after_the_layer_that_others_only_finish(names: list[str], told: str) -> None:
    kinds = {"conv2d": "Conv2D", "batch_normalization": "BatchNormalization", "mixed8": "Concatenate"}
    rows = [Layer(name, kinds.get(name, "ReLU"), ("x",), (8, 8, 4)) for name in names]

    assert part_title(rows, "") == told


def test_stages_without_a_name_of_their_own_are_called_as_the_parts_a_closer_look_shows(
    topology: Callable[[str], FusionGraph],
) -> None:
    graph = topology("mixed")
    names = {
        1: ("conv1", "conv_dw_1", "conv_pw_1"),
        2: ("conv_dw_2", "conv_pw_2"),
        3: ("conv_dw_3", "conv_pw_3"),
    }
    rows = [Layer("x", "InputLayer", (), (8, 8, 3))]
    for number, each in names.items():
        size = 8 if number == 1 else 4
        for name in each:
            rows.append(Layer(name, "Conv2D", (rows[-1].name,), (size, size, 4), 9))
    skeleton = Skeleton("net", (8, 8, 3), tuple(rows), "conv_pw_3", "3.15.1")
    kept = {"taps": ("conv_pw_3",), "kept": frozenset(skeleton.rows)}
    trunk = replace(graph.trunks["eye"], skeleton=skeleton, **kept)

    found = segments(trunk, view(graph, 0))
    assert [each.title for each in found] == ["stem", f"pw_2{DASH}3"]


def test_layers_that_no_resolution_tells_apart_are_called_after_the_last(
    topology: Callable[[str], FusionGraph],
) -> None:
    graph = topology("mixed")
    names = ("embedding", "encoder_0", "encoder_1", "encoder_2")
    rows = [Layer("x", "InputLayer", (), (6,))]
    for name in names:
        rows.append(Layer(name, "TransformerEncoder", (rows[-1].name,), (6, 8), 9))
    skeleton = Skeleton("net", (6,), tuple(rows), names[-1], "3.15.1")
    kept = {"taps": ("encoder_1",), "kept": frozenset(("x", *names[:3]))}
    trunk = replace(graph.trunks["eye"], skeleton=skeleton, shape=(6,), **kept)

    found = segments(trunk, view(graph, 0))
    assert [each.title for each in found] == ["to encoder_1", "encoder_2"]
    whole = replace(trunk, taps=(names[-1],), kept=frozenset(skeleton.rows))
    assert [each.title for each in segments(whole, view(graph, 0))] == ["all layers"]


def test_shapes_stand_at_the_ends_of_stages_only(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("two")

    found = segments(graph.trunks["right"], view(graph, 1))
    assert [each.shape for each in found] == [(32, 32, 16), (), (16, 16, 32), (8, 8, 64), (), (4, 4, 128)]


def test_what_lies_before_an_entrance_is_discarded_and_parted_from_what_runs(
    topology: Callable[[str], FusionGraph],
) -> None:
    graph = topology("stitched")

    found = segments(graph.trunks["two"], view(graph, 0))

    assert [(each.title, each.zone, each.discarded) for each in found] == [
        ("block1", -1, True),
        ("block2", -1, True),
        ("block3", -1, True),
        ("block3", 0, False),
        ("block4", 1, True),
    ]
