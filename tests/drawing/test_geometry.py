"""Nothing overlaps, nothing is cut off, no line runs through a box or along another one."""

import random
from collections.abc import Callable, Mapping
from itertools import pairwise
from math import inf
from typing import Any

import pytest

from fusion.checking import draw
from fusion.drawing.display import Drawing, Group, Line, Rect, Text, flattened
from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe

Checks = Mapping[str, Callable[[Drawing], None]]


def test_boxes_lie_apart_and_inside_the_picture(drawing: Drawing, checks: Checks) -> None:
    checks["boxes"](drawing)


def test_text_lies_inside_its_box_and_on_no_other_text(drawing: Drawing, checks: Checks) -> None:
    checks["texts"](drawing)


def test_no_text_is_smaller_than_nine_pixels(drawing: Drawing) -> None:
    assert min(item.size for item, *_ in flattened(drawing.items) if isinstance(item, Text)) >= 9


def test_no_line_of_a_card_runs_through_its_words(drawing: Drawing, checks: Checks) -> None:
    checks["texts and lines"](drawing)


def test_lines_run_through_no_box(drawing: Drawing, checks: Checks) -> None:
    checks["wires"](drawing)


def test_lines_do_not_run_along_each_other(drawing: Drawing, checks: Checks) -> None:
    checks["apart"](drawing)


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
    seed: int, graph_of: Callable[[Recipe], FusionGraph], look: dict[str, Any], checks: Checks
) -> None:
    drawing = draw(graph_of(random_recipe(random.Random(seed))), **look).drawing

    for check in checks.values():
        check(drawing)


@pytest.mark.parametrize(("seed", "look"), [(3, "branch"), (8, "stage"), (102, "layer")])
def test_a_few_recipes_made_at_random_draw_cleanly(
    seed: int, look: str, graph_of: Callable[[Recipe], FusionGraph], checks: Checks
) -> None:
    drawing = draw(graph_of(random_recipe(random.Random(seed))), level=look).drawing

    for check in checks.values():
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
    topology: Callable[[str], FusionGraph], backbones: str, monkeypatch: pytest.MonkeyPatch, checks: Checks
) -> None:
    monkeypatch.setattr("fusion.drawing.pages.BROADEST", inf)

    drawing = draw(topology(backbones), style="slide", level="layer", expand="none").drawing

    for name in ("boxes", "texts", "texts and lines"):
        checks[name](drawing)


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
