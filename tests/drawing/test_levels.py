"""Stages and layers: what is open, what is folded, and that each weight has the colour of what the phase does to it."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from fusion.checking import draw
from fusion.drawing.display import Group, Line, Text, flattened
from fusion.drawing.folding import fold
from fusion.drawing.parts import parts
from fusion.drawing.runs import opened, runs
from fusion.drawing.segments import segments
from fusion.drawing.states import view
from fusion.drawing.titles import part_title
from fusion.errors import DrawingError
from fusion.figures.figure import Figure
from fusion.graph.nodes import FusionGraph
from fusion.skeleton.layers import Layer, Skeleton
from fusion.wording import TIMES

Case = tuple[FusionGraph, int]


def names(figure: Figure) -> Counter[str]:
    return Counter(
        item.name for item, *_ in flattened(figure.drawing.items) if isinstance(item, Group) and item.name
    )


def states_of(figure: Figure, backbone: str) -> dict[str, str]:
    """The state of each op of a backbone by the layer that leaves it."""
    card = next(
        item
        for item, *_ in flattened(figure.drawing.items)
        if isinstance(item, Group) and item.name == f"trunk {backbone}"
    )
    inside = (item.name for item, *_ in flattened(card.items) if isinstance(item, Group))
    return {layer: state for state, _, layer in (name.partition(" op ") for name in inside) if layer}


def test_parts_hold_every_layer_once_and_end_at_every_cut(case: Case) -> None:
    for trunk in case[0].trunks.values():
        found = parts(trunk)
        held = [row.name for part in found for row in part.rows]

        assert sorted(held) == sorted(trunk.skeleton.rows)
        assert {part.exit.name for part in found if -1 < part.zone < len(trunk.taps)} >= set(trunk.taps)
        assert {row.name for p in found if -1 < p.zone < len(trunk.taps) for row in p.rows} == trunk.kept


def test_layers_of_parts_stand_behind_those_they_read(case: Case) -> None:
    for trunk in case[0].trunks.values():
        seen: set[str] = set()
        for part in parts(trunk):
            for row in part.rows:
                assert seen.issuperset(row.parents)
                seen.add(row.name)


def test_ops_hold_every_layer_of_a_part_once(case: Case) -> None:
    for trunk in case[0].trunks.values():
        for part in parts(trunk):
            ops = fold(trunk.skeleton, part.rows, {*part.read, *trunk.taps})

            assert sorted(row.name for op in ops for row in op.rows) == sorted(row.name for row in part.rows)
            assert ops[-1].exit == part.exit


def test_ops_have_the_state_of_their_weights(case: Case) -> None:
    graph, phase = case
    rates = graph.phases[phase].rates if graph.phases else None
    figure = draw(graph, phase=phase, level="layer", expand="all")

    for trunk in graph.trunks.values():
        found = states_of(figure, trunk.backbone)
        for part in parts(trunk):
            for op in fold(trunk.skeleton, part.rows, {*part.read, *trunk.taps}):
                if part.zone in {-1, len(trunk.taps)}:
                    assert op.exit.name not in found
                    continue
                weighed = [row for row in op.rows if row.params]
                # Batch normalisation that is left in inference tells nothing.
                telling = [row for row in weighed if row.kind == "Conv2D"] or weighed
                trains = {rates is not None and f"{trunk.backbone}/{row.name}" in rates for row in telling}
                known = (
                    {"undeclared"} if rates is None else {("frozen", "trainable")[each] for each in trains}
                )
                assert found[op.exit.name] in (known | {"mixed"} if weighed else {"none"}), op.title


def test_weights_of_runs_and_stages_are_those_of_the_backbone(case: Case) -> None:
    graph, phase = case
    seen = view(graph, phase)

    for name, trunk in graph.trunks.items():
        for expand in ("cut", "all", "none"):
            found = runs(trunk, seen, opened(seen, expand)[name])
            assert sum(run.facts.params for run in found) == trunk.skeleton.params
            assert sum(run.facts.trainable for run in found) == sum(
                each.trainable for each in segments(trunk, seen)
            )


def test_the_parts_that_end_at_a_cut_are_open_unless_told_otherwise(
    topology: Callable[[str], FusionGraph],
) -> None:
    graph = topology("two")

    assert [n for n in names(draw(graph, level="layer")) if n.startswith("open part")] == [
        "open part block3_pool", "open part block2_pool", "open part block4_conv1"
    ]  # fmt: skip
    assert not any(n.startswith("open part") for n in names(draw(graph, level="layer", expand="none")))


def test_parts_open_by_the_name_of_a_layer_a_part_or_a_backbone(
    topology: Callable[[str], FusionGraph],
) -> None:
    seen = view(topology("two"), 0)

    assert opened(seen, "left/block1")["left"] == {"block1_pool"}
    assert opened(seen, "left/block1")["right"] == set()
    assert opened(seen, ["block1_conv2"])["left"] == {"block1_pool"}
    assert opened(seen, "left")["left"] == {"block1_pool", "block2_pool", "block3_pool"}
    assert opened(seen, ["cut", "block4_pool"])["left"] == {"block3_pool", "block4_pool"}


def test_what_is_discarded_opens_by_its_name_only(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("two")

    every = states_of(draw(graph, level="layer", expand="all"), "left")
    named = states_of(draw(graph, level="layer", expand="left/block4"), "left")
    assert "discarded" not in every.values()
    assert set(named.values()) == {"discarded"}


def test_every_op_and_every_link_is_drawn(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("two")
    drawing = draw(graph, level="layer", expand="right").drawing

    ops = sum(isinstance(item, Group) and " op " in item.name for item, *_ in flattened(drawing.items))
    inner = [
        item
        for group, *_ in flattened(drawing.items)
        if isinstance(group, Group) and group.name.startswith("open part")
        for item, *_ in flattened(group.items)
        if isinstance(item, Line) and item.arrow
    ]
    # The input, three convolutions and three of block4's first cut, each with its normalisation, two sums, pools.
    assert ops == 1 + 3 * (3 + 2 + 1) + 1
    assert len(inner) == ops + 3 * 2


def test_a_row_of_stages_has_one_box_for_each_segment(case: Case) -> None:
    graph, phase = case
    found = names(draw(graph, phase=phase, level="stage"))

    expected = sum(len(segments(trunk, view(graph, phase))) for trunk in graph.trunks.values())
    assert sum(count for name, count in found.items() if name.endswith(" segment")) == expected


def test_every_shape_between_stages_has_a_sign_of_its_map_that_the_legend_explains(
    topology: Callable[[str], FusionGraph],
) -> None:
    drawing = draw(topology("two"), level="stage").drawing

    signs = [i for i, *_ in flattened(drawing.items) if isinstance(i, Group) and i.name == "feature map"]
    said = [i for i, *_ in flattened(drawing.items) if isinstance(i, Text)]
    shapes = [text for text in said if TIMES in text.text and text.anchor == "middle" and text.size == 9.0]
    # One more is in the legend.
    assert len(signs) == 1 + len(shapes) > 3
    assert "feature map: height ~ log H, width ~ log C" in {text.text for text in said}


def test_backbones_that_stand_one_below_the_other_are_as_high_as_they_need(
    topology: Callable[[str], FusionGraph],
) -> None:
    drawing = draw(topology("stitched"), level="layer").drawing

    heights = {i.name: i.frame[1] for i, *_ in flattened(drawing.items) if isinstance(i, Group) and i.frame}
    assert len({heights[f"trunk {name}"] for name in ("one", "two", "three")}) == 3


def test_operations_are_named_by_their_window_their_step_and_their_activation() -> None:
    rows = (
        Layer("x", "InputLayer", (), (8, 8, 3)),
        Layer("pad", "ZeroPadding2D", ("x",), (10, 10, 3)),
        Layer("c", "Conv2D", ("pad",), (4, 4, 4), 112, kernel=(3, 3)),
        Layer("r", "ReLU", ("c",), (4, 4, 4)),
        Layer("long", "Conv2D", ("r",), (4, 4, 5), 140, activation="relu", kernel=(1, 7)),
        Layer("d", "DepthwiseConv2D", ("long",), (4, 4, 5), 45, activation="linear", kernel=(3, 3)),
        Layer("a", "Activation", ("d",), (4, 4, 5), activation="swish"),
        Layer("s", "SeparableConv2D", ("a",), (4, 4, 6), 155, kernel=(5, 5)),
        Layer("p", "MaxPooling2D", ("s",), (2, 2, 6), kernel=(2, 2)),
        Layer("add", "Add", ("p", "p"), (2, 2, 6)),
    )
    found = fold(Skeleton("tiny", (8, 8, 3), rows, "add", ""), rows, ())

    assert [re.sub("\N{MULTIPLICATION SIGN}", "x", op.title) for op in found] == [
        "input",
        "conv 3x3 /2 + relu",
        "conv 1x7 + relu",
        "depthwise conv 3x3 + swish",
        "separable conv 5x5",
        "max pool 2x2 /2",
        "add",
    ]
    assert [row.name for row in found[1].rows] == ["pad", "c", "r"]


def test_nothing_is_folded_beyond_a_tap_or_a_layer_that_several_read() -> None:
    rows = (
        Layer("x", "InputLayer", (), (8, 8, 3)),
        Layer("a", "Conv2D", ("x",), (8, 8, 4), 12),
        Layer("b", "ReLU", ("a",), (8, 8, 4)),
        Layer("c", "Dropout", ("b",), (8, 8, 4)),
        Layer("sum", "Add", ("b", "c"), (8, 8, 4)),
    )
    skeleton = Skeleton("tiny", (8, 8, 3), rows, "sum", "")

    assert [op.exit.name for op in fold(skeleton, rows, ())] == ["x", "b", "c", "sum"]
    assert [op.exit.name for op in fold(skeleton, rows, {"a"})] == ["x", "a", "b", "c", "sum"]


def test_a_level_or_a_part_that_is_not_there_is_refused_with_those_that_are(
    topology: Callable[[str], FusionGraph],
) -> None:
    with pytest.raises(
        DrawingError, match=r"no level 'layers'; levels are branch, stage, layer\. .*'layer'\?"
    ):
        draw(topology("two"), level="layers")
    with pytest.raises(
        DrawingError, match=r"no backbone, part or layer 'block3_pol' to open\. .*'block3_pool'\?"
    ):
        draw(topology("two"), level="layer", expand="block3_pol")
    with pytest.raises(DrawingError, match="nothing to open by 'block1': the recipe has no backbone"):
        draw(topology("vector"), level="layer", expand="block1")
    with pytest.raises(DrawingError, match="At the level 'stage' there is nothing to open"):
        draw(topology("two"), level="stage", expand="all")


def test_hostile_names_stay_text_at_every_level(
    topology: Callable[[str], FusionGraph], look: dict[str, Any]
) -> None:
    text = draw(topology("names"), **look).svg()

    ElementTree.fromstring(text)
    assert "<script" not in text
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)


def test_every_level_has_the_same_bytes_each_time(
    topology: Callable[[str], FusionGraph], look: dict[str, Any]
) -> None:
    assert draw(topology("table"), **look).svg() == draw(topology("table"), **look).svg()


def cells(count: int) -> Skeleton:
    """Cells that read the two before them, as NASNet's do: nothing but the last carries everything."""
    rows = [
        Layer("input", "InputLayer", (), (8, 8, 3)),
        Layer("cell_0", "Conv2D", ("input",), (8, 8, 4), 112),
    ]
    before = "cell_0"
    for cell in range(1, count + 1):
        last = f"cell_{cell - 1}"
        # What is taken from the cell before the last takes longer than the cell itself.
        adjusted = [before]
        for step in range(20):
            rows.append(Layer(f"adjust_{cell}_{step}", "ReLU", (adjusted[-1],), (8, 8, 4)))
            adjusted.append(f"adjust_{cell}_{step}")
        steps = [last]
        for step in range(16):
            rows.append(Layer(f"sum_{cell}_{step}", "Conv2D", (steps[-1],), (8, 8, 4), 148))
            steps.append(f"sum_{cell}_{step}")
        rows.append(Layer(f"cell_{cell}", "Add", (steps[-1], adjusted[-1]), (8, 8, 4)))
        before = last
    return Skeleton("cells", (8, 8, 3), tuple(rows), f"cell_{count}", "")


def test_cells_that_read_two_before_them_are_parts(topology: Callable[[str], FusionGraph]) -> None:
    skeleton = cells(5)
    trunk = replace(
        topology("two").trunks["left"],
        skeleton=skeleton,
        taps=(skeleton.output,),
        kept=frozenset(skeleton.rows),
    )

    found = [[row.name for row in part.rows] for part in parts(trunk)]
    assert [part[-1] for part in found][-5:] == [f"cell_{number}" for number in range(1, 6)]
    # What a cell adapts stands with it, though the list has it earlier.
    assert all(f"adjust_{number}_0" in part for number, part in enumerate(found[-5:], start=1))


def test_parts_are_called_what_their_layers_have_in_common() -> None:
    def rows(*names: str) -> list[Layer]:
        return [Layer(name, "Conv2D", ("x",), ()) for name in names]

    assert part_title(rows("conv2_block1_1_conv", "conv2_block1_out"), "") == "conv2_block1"
    assert part_title(rows("net_stage_1_a", "net_stage_1_b"), "net_") == "stage_1"
    assert part_title(rows("conv2d_7", "mixed0"), "") == "mixed0"
    assert part_title(rows("down_1.norm", "down_1.conv"), "") == "down_1"
    assert part_title(rows("conv_dw", "conv_pw"), "") == "conv_pw"
