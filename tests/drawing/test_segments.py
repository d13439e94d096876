"""A backbone along its depth: what is before each cut, what freezes, what trains, what is thrown away."""

from collections.abc import Callable

from fusion.drawing.segments import segments
from fusion.drawing.states import view
from fusion.graph.nodes import FusionGraph
from fusion.skeleton.cuts import discarded


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
