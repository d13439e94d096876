"""Nothing overlaps, nothing is cut off, no line runs through a box or along another one."""

import random
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from math import inf
from typing import Any

import pytest

from fusion.checking import draw
from fusion.drawing.display import Drawing, Group, Line, Rect, Text, flattened
from fusion.drawing.widths import text_width
from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe

Box = tuple[float, float, float, float]


def frames(drawing: Drawing) -> dict[str, Box]:
    return {
        item.name: (x, y, x + item.frame[0], y + item.frame[1])
        for item, x, y in flattened(drawing.items)
        if isinstance(item, Group) and item.frame
    }


def texts(items: tuple, x: float = 0.0, y: float = 0.0) -> Iterator[tuple[str, Box]]:
    for item, dx, dy in flattened(items, x, y):
        if isinstance(item, Text):
            width = text_width(item.text, item.size, bold=item.bold)
            left = item.x + dx - {"start": 0.0, "middle": width / 2, "end": width}[item.anchor]
            yield (
                item.text,
                (left, item.y + dy - 0.74 * item.size, left + width, item.y + dy + 0.22 * item.size),
            )


def framed(drawing: Drawing) -> Iterator[tuple[Group, float, float]]:
    return ((i, x, y) for i, x, y in flattened(drawing.items) if isinstance(i, Group) and i.frame)


def overlap(a: Box, b: Box, room: float = 0.0) -> bool:
    return a[0] < b[2] - room and b[0] < a[2] - room and a[1] < b[3] - room and b[1] < a[3] - room


def inside(a: Box, b: Box, room: float = 0.5) -> bool:
    return a[0] >= b[0] - room and a[1] >= b[1] - room and a[2] <= b[2] + room and a[3] <= b[3] + room


def wires(drawing: Drawing) -> list[list[tuple[float, float]]]:
    """The lines between boxes; those that lead on to the next row are looked at with the pages."""
    group, left, top = next(
        (i, x, y) for i, x, y in flattened(drawing.items) if isinstance(i, Group) and i.name == "lines"
    )
    return [
        [(px + left, py + top) for px, py in line.points] for line in group.items if isinstance(line, Line)
    ]


def check_boxes(drawing: Drawing) -> None:
    whole = (0.0, 0.0, drawing.width, drawing.height)
    boxes = frames(drawing)
    for (one, a), (two, b) in combinations(boxes.items(), 2):
        assert not overlap(a, b), f"{one} lies on {two}"
    for name, box in boxes.items():
        assert inside(box, whole, 0), f"{name} leaves the picture"


def check_texts(drawing: Drawing) -> None:
    boxes = frames(drawing)
    for group, x, y in framed(drawing):
        found, box = list(texts(group.items, x, y)), boxes[group.name]
        for text, place in found:
            assert inside(place, box), f"{text!r} leaves {group.name}"
        for (one, a), (two, b) in combinations(found, 2):
            assert not overlap(a, b, 0.5), f"{one!r} lies on {two!r} in {group.name}"


def check_texts_and_lines(drawing: Drawing) -> None:
    for group, x, y in framed(drawing):
        words = list(texts(group.items, x, y))
        for item, dx, dy in flattened(group.items, x, y):
            if isinstance(item, Line):
                for (x1, y1), (x2, y2) in pairwise(item.points):
                    ends = (
                        min(x1, x2) + dx,
                        min(y1, y2) + dy,
                        max(x1, x2) + dx + 0.1,
                        max(y1, y2) + dy + 0.1,
                    )
                    for text, place in words:
                        assert not overlap(ends, place), f"a line of {group.name} runs through {text!r}"


def check_wires(drawing: Drawing) -> None:
    boxes = frames(drawing)
    for wire in wires(drawing):
        for a, b in pairwise(wire):
            assert a[0] == b[0] or a[1] == b[1], "a line is not straight"
            run = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]) + 0.1, max(a[1], b[1]) + 0.1)
            for name, box in boxes.items():
                ends = any(inside((*end, *end), box, 1) for end in (wire[0], wire[-1]))
                assert ends or not overlap(run, box, 0.5), f"a line runs through {name}"


def check_apart(drawing: Drawing) -> None:
    runs = [
        (wire[0], sorted((a[1], b[1])), sorted((a[0], b[0])), a[0] == b[0])
        for wire in wires(drawing)
        for a, b in pairwise(wire)
    ]
    for (start, ys, xs, upright), (other, ys2, xs2, upright2) in combinations(runs, 2):
        if start == other or upright != upright2:
            continue
        across, along = ((xs, xs2), (ys, ys2)) if upright else ((ys, ys2), (xs, xs2))
        near = abs(across[0][0] - across[1][0]) < 3
        shared = min(along[0][1], along[1][1]) - max(along[0][0], along[1][0])
        assert not (near and shared > 1), "two lines run along each other"


def test_boxes_lie_apart_and_inside_the_picture(drawing: Drawing) -> None:
    check_boxes(drawing)


def test_text_lies_inside_its_box_and_on_no_other_text(drawing: Drawing) -> None:
    check_texts(drawing)


def test_no_text_is_smaller_than_nine_pixels(drawing: Drawing) -> None:
    assert min(item.size for item, *_ in flattened(drawing.items) if isinstance(item, Text)) >= 9


def test_no_line_of_a_card_runs_through_its_words(drawing: Drawing) -> None:
    check_texts_and_lines(drawing)


def test_lines_run_through_no_box(drawing: Drawing) -> None:
    check_wires(drawing)


def test_lines_do_not_run_along_each_other(drawing: Drawing) -> None:
    check_apart(drawing)


def test_every_link_has_a_line_that_ends_in_an_arrow(topology: Callable[[str], FusionGraph]) -> None:
    drawing = draw(topology("six")).drawing

    lines = [item for item, *_ in flattened(drawing.items) if isinstance(item, Line) and item.arrow]
    # Six cards, six pools, six blocks; ten sources of four fusions; output and prediction.
    assert len(lines) == 6 + 6 + 6 + 10 + 1 + 1


def test_parts_of_a_ruler_are_disjoint_and_in_proportion(topology: Callable[[str], FusionGraph]) -> None:
    drawing = draw(topology("two")).drawing

    parts = [
        (x, x + item.items[0].width)
        for item, x, _ in flattened(drawing.items)
        if isinstance(item, Group) and item.name.endswith("segment") and isinstance(item.items[0], Rect)
    ]
    assert len(parts) == 4 + 5
    assert all(a[1] < b[0] or b[0] < a[0] for a, b in pairwise(parts))


# The latter are those where lines are hardest to keep apart.
@pytest.mark.slow
@pytest.mark.parametrize("seed", [*range(16), 50, 62, 66, 102, 155, 169, 295])
def test_recipes_made_at_random_draw_cleanly(
    seed: int, graph_of: Callable[[Recipe], FusionGraph], look: dict[str, Any]
) -> None:
    drawing = draw(graph_of(random_recipe(random.Random(seed))), **look).drawing

    for check in (check_boxes, check_texts, check_texts_and_lines, check_wires, check_apart):
        check(drawing)


@pytest.mark.parametrize(("seed", "look"), [(3, "branch"), (8, "stage"), (102, "layer")])
def test_a_few_recipes_made_at_random_draw_cleanly(
    seed: int, look: str, graph_of: Callable[[Recipe], FusionGraph]
) -> None:
    drawing = draw(graph_of(random_recipe(random.Random(seed))), level=look).drawing

    for check in (check_boxes, check_texts, check_texts_and_lines, check_wires, check_apart):
        check(drawing)


@pytest.mark.parametrize(
    "backbones",
    [
        "two",
        "table",
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ("siamese", "four", "sizes", "halves", "stitched")
        ),
    ],
)
def test_layers_in_columns_draw_cleanly(
    topology: Callable[[str], FusionGraph], backbones: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fusion.drawing.pages.BROADEST", inf)

    drawing = draw(topology(backbones), style="slide", level="layer", expand="none").drawing

    for check in (check_boxes, check_texts, check_texts_and_lines):
        check(drawing)


def random_recipe(chance: random.Random) -> Recipe:
    """Up to four inputs, six backbones, eight branches, and fusions over fusions."""
    inputs = [f"in{n}" for n in range(chance.randint(1, 3))]
    backbones = [f"b{n}" for n in range(chance.randint(1, 6))]
    layers = [f"block{n}_{name}" for n in range(1, 5) for name in ("conv2", "bn3", "pool")]
    uses = [(name, chance.choice(inputs)) for name in backbones]
    uses += [(chance.choice(backbones), chance.choice(inputs)) for _ in range(chance.randint(0, 2))]
    uses += [(backbones[0], name) for name in inputs if name not in dict(map(reversed, uses))]
    branches = {
        f"v{n}": {
            "input": source,
            "backbone": backbone,
            "cut": chance.sample(layers, chance.choice([1, 1, 2, 3])),
            "pool": chance.choice(["avg", "max", "avg+max"]),
            "blocks": chance.choice([[f"own{n}"], [f"own{n}", "same"]]),
        }
        for n, (backbone, source) in enumerate(uses)
    }
    branches["numbers"] = {"input": "facts", "blocks": ["ownt"]}
    left, fusion = list(branches), {}
    while len(left) > 1:
        chance.shuffle(left)
        count = min(len(left), chance.randint(2, 4))
        name = f"f{len(fusion)}"
        # Widths are equal only where every vector was eight wide, so concatenations end it.
        op = chance.choice(["add", "average", "maximum", "multiply"]) if len(left) > count else "concat"
        fusion[name] = {"op": op, "from": left[:count]}
        left = [*left[count:], name]
    blocks = {f"own{n}": [{"dense": 8, "activation": "relu"}] for n in range(len(uses))}
    blocks |= {"ownt": [{"dense": 8}, {"dropout": 0.2}]}
    if any("same" in branch["blocks"] for branch in branches.values()):
        blocks["same"] = [{"dense": 8}]
    return Recipe(
        name="at random",
        inputs={name: {"kind": "image", "shape": (64, 64, 3)} for name in inputs}
        | {"facts": {"kind": "tabular", "columns": ["a", "b"]}},
        backbones={
            name: {"arch": chance.choice(["Plain", "Residual"]), "weights": None} for name in backbones
        },
        branches=branches,
        blocks=blocks,
        fusion=fusion,
        head={"output": {"task": "binary"}},
        training={"phases": [{"name": "one", "train": [chance.choice(backbones), "head"], "epochs": 1}]},
    )


def test_no_line_bends_by_less_than_the_eye_can_tell(drawing: Drawing) -> None:
    lines = [item for item, *_ in flattened(drawing.items) if isinstance(item, Line) and item.arrow]
    steps = [max(abs(a[0] - b[0]), abs(a[1] - b[1])) for line in lines for a, b in pairwise(line.points)]
    assert min(steps) >= 3
