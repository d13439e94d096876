"""Pictures in words: everything a picture says, by indentation alone."""

import re
from collections.abc import Callable
from itertools import pairwise

from fusion.checking import draw
from fusion.drawing.display import Text, flattened
from fusion.graph.nodes import FusionGraph
from fusion.wording import TIMES


def lines(graph: FusionGraph, phase: int = 0) -> list[str]:
    return draw(graph, phase=phase).text().splitlines()


def test_each_thing_of_a_recipe_has_a_line_of_its_own(case: tuple[FusionGraph, int]) -> None:
    graph, phase = case
    recipe = graph.recipe

    found = [line.strip() for line in lines(graph, phase)]
    for name in (*recipe.inputs, *recipe.backbones, *recipe.branches, *recipe.head.blocks, "output"):
        assert any(line.startswith(f"{name}: ") for line in found)
    assert sum(" gives " in line for line in found) == len(recipe.nodes)
    assert found[-1].startswith("prediction: ")


def test_indentation_goes_one_level_deeper_at_a_time(case: tuple[FusionGraph, int]) -> None:
    depths = [len(re.match(" *", line)[0]) for line in lines(*case)]

    assert all(depth % 2 == 0 for depth in depths)
    assert all(after - before <= 2 for before, after in pairwise(depths))


def test_it_says_what_a_phase_trains(topology: Callable[[str], FusionGraph]) -> None:
    found = lines(topology("two"), 1)

    block = "block3: 7 layers, 2,496 params, 1,728 trainable, 27.6 kFLOP"
    assert "phase 2 of 2: step 1" in found
    assert found[2].endswith(" frozen")
    assert found[3].endswith(" trainable")
    assert f"      {block}, ends at 4{TIMES}4{TIMES}64, trainable" in found
    assert f"      block3_pool: 4{TIMES}4{TIMES}64, cut" in found
    assert f"      block2_pool: 16{TIMES}16{TIMES}32" in found


def test_without_training_nothing_is_said_to_train(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("table")).text()

    assert "no training declared" in text
    assert not re.search(r"(, trainable|, frozen)$", text, re.MULTILINE)


def test_it_says_what_the_picture_says_of_blocks(topology: Callable[[str], FusionGraph]) -> None:
    figure = draw(topology("siamese"))

    words = {item.text for item, *_ in flattened(figure.drawing.items) if isinstance(item, Text)}
    said = next(line for line in figure.text().splitlines() if line.strip().startswith("embed: "))
    parts = said.strip().removeprefix("embed: ").split(", ")
    assert {"dense 32 linear", "batch norm", "trainable"} <= set(parts)
    assert {"dense 32 linear", "batch norm", "trainable"} <= words


def test_hostile_names_stay_on_their_line(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("names")).text()

    assert text.startswith("<script>alert(\"1\")</script> & 'q' ]]> \u05e9")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert max(map(len, text.splitlines())) < 420


def test_it_says_where_a_map_enters_and_through_what(topology: Callable[[str], FusionGraph]) -> None:
    found = [line.strip() for line in lines(topology("stitched"))]

    place = found.index("back: map of middle through three from block1_pool on up to block2_conv2 and last")
    assert found[place + 1].startswith(f"stitch: resize to 32{TIMES}32, convolution 1{TIMES}1, 64")
    assert f"entered at block1_pool, 32{TIMES}32{TIMES}16" in found
