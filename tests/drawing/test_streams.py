"""Streams: what runs through shared weights keeps its letter until it meets another."""

from collections.abc import Callable

from fusion.drawing.streams import streams
from fusion.graph.nodes import FusionGraph


def letters(graph: FusionGraph) -> dict[str, str]:
    return {name: badge.letter for name, badge in streams(graph).items()}


def test_without_shared_weights_there_are_no_streams(topology: Callable[[str], FusionGraph]) -> None:
    assert letters(topology("two")) == {}


def test_a_stream_runs_from_its_input_to_the_fusion(topology: Callable[[str], FusionGraph]) -> None:
    found = letters(topology("siamese"))

    assert [name for name, letter in found.items() if letter == "A"] == [
        "eye@left", "left.pool", "left.embed", "eye@left.prepare", "left"
    ]  # fmt: skip
    assert found["right"] == found["right.embed"] == "B"
    assert "fusion" not in found


def test_calls_of_one_input_at_two_sizes_are_two_streams(topology: Callable[[str], FusionGraph]) -> None:
    found = letters(topology("sizes"))

    assert (found["big.pool"], found["small.pool"]) == ("A", "B")
    assert "photo" not in found


def test_two_shared_backbones_agree_on_the_letters_of_inputs(topology: Callable[[str], FusionGraph]) -> None:
    found = letters(topology("four"))

    assert [found[name] for name in ("north", "east", "south", "west")] == ["A", "B", "C", "D"]
    assert found["ee.pool"] == found["e.pool"] == "B"


def test_calls_of_a_shared_block_are_streams(topology: Callable[[str], FusionGraph]) -> None:
    found = letters(topology("block"))

    assert found["one.same"] != found["two.same"]
