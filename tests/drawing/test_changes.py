"""What changed from one recipe to another, outlined in one picture and said in words."""

from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

from fusion.checking import draw
from fusion.drawing.display import Drawing, Group, Line, Rect, Text, flattened
from fusion.drawing.widths import text_width
from fusion.errors import DrawingError
from fusion.figures.figure import save
from fusion.graph.nodes import FusionGraph
from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import to_data

Make = Callable[[Recipe], FusionGraph]


def frames(drawing: Drawing) -> dict[str, tuple[Group, float, float]]:
    return {
        item.name: (item, x, y)
        for item, x, y in flattened(drawing.items)
        if isinstance(item, Group) and item.frame
    }


def said(drawing: Drawing) -> dict[str, str]:
    """What stands below each outlined thing."""
    found = {}
    for name, (box, *_) in frames(drawing).items():
        kinds = [i.name for i, *_ in flattened(box.items) if isinstance(i, Group)]
        if {"added", "removed", "changed"} & set(kinds):
            found[name] = [item.text for item, *_ in flattened(box.items) if isinstance(item, Text)][-1]
    return found


def changed(topology: Callable[[str], FusionGraph], graph_of: Make, *changes: tuple[str, object]) -> Drawing:
    old = topology("two")
    data = to_data(old.recipe)
    for place, value in changes:
        *above, last = place.split("/")[1:]
        inside = data
        for key in above:
            inside = inside[int(key) if isinstance(inside, list) else key]
        inside[last] = value
    return draw(graph_of(from_data(data)), phase=1, against=old).drawing


def test_nothing_is_outlined_where_nothing_changed(
    topology: Callable[[str], FusionGraph], graph_of: Make
) -> None:
    drawing = changed(topology, graph_of)

    texts = [item.text for item, *_ in flattened(drawing.items) if isinstance(item, Text)]
    assert said(drawing) == {}
    assert texts[texts.index("Changes from 'a recipe', phase 2 of 2: step 1") + 1] == "none"


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (
            "/branches/texture/cut",
            "block4_pool",
            {
                "trunk left": "~ cut",
                "texture.pool": "~ width",
                "fusion": "~ width",
                "top": "~ width",
            },
        ),
        ("/branches/texture/pool", "max", {"texture.pool": "~ pool"}),
        ("/blocks/top/0/dense", 65, {"top": "~ layers, width", "output": "~ width"}),
        ("/training/phases/1/train", ["head"], {"trunk left": "~ training", "trunk right": "~ training"}),
        ("/backbones/left/weights", "imagenet", {"trunk left": "~ backbone"}),
        ("/head/output/task", "multilabel", {"output": "~ output", "the prediction": "~ changed"}),
    ],
)
def test_what_changed_is_outlined_and_says_what(
    topology: Callable[[str], FusionGraph],
    graph_of: Make,
    place: str,
    value: object,
    expected: dict[str, str],
) -> None:
    drawing = changed(topology, graph_of, (place, value))

    assert {name.removeprefix("head."): words for name, words in said(drawing).items()} == expected


def test_another_entry_of_a_backbone_is_a_change_of_it(
    topology: Callable[[str], FusionGraph], graph_of: Make
) -> None:
    old = topology("halves")
    data = to_data(old.recipe)
    for name, branch in data["branches"].items():
        if "enter" in branch:
            data["branches"][name]["enter"] = "block2_pool"

    found = said(draw(graph_of(from_data(data)), against=old).drawing)
    assert found["trunk two"].startswith("~ entry")


def test_what_is_added_and_what_is_removed_stand_in_one_picture(
    topology: Callable[[str], FusionGraph], graph_of: Make
) -> None:
    drawing = changed(
        topology,
        graph_of,
        ("/branches/shape/cut", "block2_pool"),
        ("/inputs/facts", {"kind": "tabular", "columns": ["a"]}),
        ("/branches/extra", {"input": "facts"}),
        ("/fusion/from", ["texture", "shape", "extra"]),
    )

    found = said(drawing)
    assert found["facts"] == "+ added"
    assert found["shape.pool.block4_conv1"] == found["shape.taps"] == "\N{MINUS SIGN} removed"
    # The pool that stays is the same thing under another name.
    assert "shape.pool" not in found
    assert found["trunk right"] == "~ cut"
    assert found["fusion"] == "~ inputs, width"
    assert "cut before: block4_conv1" in {
        item.text for item, *_ in flattened(drawing.items) if isinstance(item, Text)
    }
    gone = [i for i, *_ in flattened(drawing.items) if isinstance(i, Line) and i.arrow and i.dash]
    # From the former cut to its pool, from both pools to the stack of taps, from that to the fusion.
    assert len([line for line in gone if line.stroke == "ghost"]) == 4


def test_kinds_of_change_differ_in_border_and_sign_not_in_hue(
    topology: Callable[[str], FusionGraph], graph_of: Make
) -> None:
    drawing = changed(
        topology,
        graph_of,
        ("/branches/shape/cut", "block2_pool"),
        ("/branches/texture/pool", "max"),
        ("/inputs/facts", {"kind": "tabular", "columns": ["a"]}),
        ("/branches/extra", {"input": "facts"}),
        ("/fusion/from", ["texture", "shape", "extra"]),
    )

    borders = {
        item.name: item.items[0]
        for item, *_ in flattened(drawing.items)
        if isinstance(item, Group) and item.name in {"added", "removed", "changed"}
    }
    assert {border.stroke for border in borders.values() if isinstance(border, Rect)} == {"ink"}
    assert len({border.dash for border in borders.values() if isinstance(border, Rect)}) == 3
    words = " ".join(item.text for item, *_ in flattened(drawing.items) if isinstance(item, Text))
    assert all(text in words for text in ("+ added", "\N{MINUS SIGN} removed", "~ changed (a thin border"))


PAIRS = list(
    pairwise(
        ["two", "siamese", "table", "votes", "mixed", "six", "four", "sizes", "block", "ops", "vector", "two"]
    )
)


@pytest.mark.parametrize("style", ["auto", "paper"])
@pytest.mark.parametrize(
    ("before", "after"),
    [pytest.param(*pair, marks=pytest.mark.slow) if n > 2 else pair for n, pair in enumerate(PAIRS)],
)
def test_any_two_recipes_can_be_compared_and_nothing_lies_on_another(
    topologies: dict[str, FusionGraph], drawn: Callable[..., Drawing], before: str, after: str, style: str
) -> None:
    new = topologies[after]

    drawing = draw(new, against=topologies[before], phase=max(len(new.phases) - 1, 0), style=style).drawing
    boxes = [
        (x, y, x + box.frame[0], y + box.frame[1]) for box, x, y in frames(drawing).values() if box.frame
    ]
    for a, b in combinations(boxes, 2):
        assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]
    assert all(x >= 0 and right <= drawing.width + 0.01 for x, _, right, _ in boxes)
    assert frames(drawing).keys() >= frames(drawn(after, style=style)).keys()


def test_many_changes_are_cut_short_and_hostile_names_stay_text(topologies: dict[str, FusionGraph]) -> None:
    figure = draw(topologies["names"], against=topologies["ops"])

    texts = [item.text for item, *_ in flattened(figure.drawing.items) if isinstance(item, Text)]
    assert any(text.startswith("and ") and text.endswith("more, which fusion diff lists") for text in texts)
    assert "<script>" not in figure.svg()
    assert "<script>alert" not in draw(topologies["ops"], against=topologies["names"]).html()


def test_a_comparison_is_written_in_every_format_with_a_layout_and_others_refuse(
    topology: Callable[[str], FusionGraph], tmp_path: Path
) -> None:
    figure = draw(topology("siamese"), against=topology("two"))

    for suffix in (".svg", ".tex", ".html", ".txt"):
        save(figure, tmp_path / f"x{suffix}")
    assert "\nchanges from a recipe, phase 1 of 2: step 0\n  input 'photo' removed\n" in figure.text()
    assert 'id="tab-branch"' in figure.html()
    assert 'id="level-layer"' in figure.html()
    for suffix, what in ((".gv", "DOT"), (".mmd", "Mermaid"), (".json", "Model Explorer's format")):
        with pytest.raises(DrawingError, match=f"{what} has no place for what changed from another recipe"):
            save(figure, tmp_path / f"x{suffix}")


def test_the_phase_compared_is_the_one_of_the_same_name_else_of_the_same_number(
    topology: Callable[[str], FusionGraph], graph_of: Make
) -> None:
    old = topology("two")
    renamed = old.recipe.replace("/training/phases/0/name", "first").replace(
        "/training/phases/1/name", "step 0"
    )

    turned = draw(graph_of(renamed), phase=1, against=old).view.before
    numbered = draw(graph_of(renamed), phase=0, against=old).view.before
    without = draw(old, phase=1, against=topology("vector")).view.before
    assert turned
    assert numbered
    assert without
    assert (turned.phase, numbered.phase, without.phase) == (0, 0, 0)


def inner(drawing: Drawing, ending: str) -> dict[str, str]:
    """What the borders inside of cards say, by the name of what they are around."""
    found = {}
    for box, *_ in flattened(drawing.items):
        if isinstance(box, Group) and box.name.split(" ")[1:2] == [ending]:
            for mark in (item for item in box.items if isinstance(item, Group)):
                if mark.name in {"added", "removed", "changed"}:
                    title = next(item.text for item, *_ in flattened(box.items) if isinstance(item, Text))
                    found[title] = next(item.text for item in mark.items if isinstance(item, Text))
    return found


def with_texture(old: FusionGraph, cut: str, graph_of: Make, train: list[str] | None = None) -> FusionGraph:
    data = to_data(old.recipe)
    data["branches"]["texture"]["cut"] = cut
    if train:
        data["training"]["phases"][1]["train"] = train
    return graph_of(from_data(data))


@pytest.mark.parametrize(("level", "ending"), [("stage", "segment"), ("layer", "part")])
def test_stages_and_parts_that_a_moved_cut_adds_or_removes_are_outlined(
    topology: Callable[[str], FusionGraph], graph_of: Make, level: str, ending: str
) -> None:
    old = topology("two")
    deeper = with_texture(old, "block4_pool", graph_of)
    look: dict[str, Any] = {"phase": 1, "level": level} | ({"expand": "none"} if level == "layer" else {})

    further, back = draw(deeper, against=old, **look).drawing, draw(old, against=deeper, **look).drawing
    assert inner(further, ending) == {"block4": "+ added"}
    assert inner(back, ending) == {"block4": "\N{MINUS SIGN} removed"}
    for drawing in (further, back):
        assert "cut before" in {item.text for item, *_ in flattened(drawing.items) if isinstance(item, Text)}
    assert said(further)["trunk left"] == "~ cut"


def test_layers_that_train_now_are_outlined_down_to_the_operation(
    topology: Callable[[str], FusionGraph], graph_of: Make
) -> None:
    old = topology("two")
    new = with_texture(old, "block3_pool", graph_of, ["head", "left[block3_conv1..]"])
    frozen = with_texture(old, "block3_pool", graph_of, ["head"])

    drawing = draw(new, against=frozen, phase=1, level="layer").drawing
    marked = {
        box.name
        for box, *_ in flattened(drawing.items)
        if isinstance(box, Group) and any(isinstance(i, Group) and i.name == "changed" for i in box.items)
    }
    ops = {f"trainable op block3_bn{number}" for number in (1, 2, 3)}
    assert marked == {*ops, "open part block3_pool", "trunk left"}
    assert inner(draw(new, against=frozen, phase=1, level="stage").drawing, "segment") == {
        "block3": "~ training"
    }


def test_nothing_inside_is_outlined_where_nothing_changed_or_nothing_can_be_compared(
    topology: Callable[[str], FusionGraph],
) -> None:
    for before in ("two", "vector"):
        drawing = draw(topology("two"), against=topology(before), level="stage").drawing
        assert inner(drawing, "segment") == {}


@pytest.mark.parametrize("style", ["auto", "paper"])
@pytest.mark.parametrize(
    ("before", "after"), [PAIRS[0], *(pytest.param(*p, marks=pytest.mark.slow) for p in PAIRS[1:])]
)
@pytest.mark.parametrize("level", ["stage", "layer"])
def test_any_two_recipes_can_be_compared_closer_too(
    topologies: dict[str, FusionGraph], before: str, after: str, style: str, level: str
) -> None:
    drawing = draw(topologies[after], against=topologies[before], style=style, level=level).drawing

    boxes = [(x, y, x + b.frame[0], y + b.frame[1]) for b, x, y in frames(drawing).values() if b.frame]
    for a, b in combinations(boxes, 2):
        assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]
    assert "changes" in {item.name for item, *_ in flattened(drawing.items) if isinstance(item, Group)}


@pytest.mark.parametrize("level", ["branch", "stage"])
@pytest.mark.parametrize("cut", ["block4_pool", "block3_conv2", "block2_pool"])
def test_the_mark_of_a_former_cut_runs_through_no_words(
    topology: Callable[[str], FusionGraph], graph_of: Make, level: str, cut: str
) -> None:
    old = topology("two")
    new = with_texture(old, cut, graph_of, ["head"])

    drawing = draw(new, against=old, phase=1, level=level).drawing
    words = [
        (item.text, x + item.x - half * {"start": 0, "middle": 1, "end": 2}[item.anchor], y + item.y, half)
        for item, x, y in flattened(drawing.items)
        if isinstance(item, Text) and (half := text_width(item.text, item.size, bold=item.bold) / 2)
    ]
    uprights = [
        (x + a[0], *sorted((y + a[1], y + b[1])))
        for item, x, y in flattened(drawing.items)
        if isinstance(item, Line) and item.dash
        for a, b in pairwise(item.points)
        if a[0] == b[0]
    ]
    assert uprights
    for x, top, low in uprights:
        for text, left, base, half in words:
            assert not (left < x < left + 2 * half and top < base - 1 and low > base - 6), text


def test_what_is_added_is_said_as_the_recipe_says_it(
    topology: Callable[[str], FusionGraph], graph_of: Make
) -> None:
    drawing = changed(
        topology,
        graph_of,
        ("/inputs/facts", {"kind": "tabular", "columns": ["a"]}),
        ("/branches/extra", {"input": "facts"}),
        ("/fusion/from", ["texture", "shape", "extra"]),
    )

    texts = [item.text for item, *_ in flattened(drawing.items) if isinstance(item, Text)]
    assert "branch 'extra' added: input facts" in texts
