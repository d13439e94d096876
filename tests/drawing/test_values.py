"""Numbers laid over a picture: where they stand, how dark they are, and which addresses there are."""

import re
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

from fusion.checking import draw
from fusion.drawing.display import Drawing, Group, Rect, Text, flattened
from fusion.drawing.palette import DARK, LIGHT, SHADES
from fusion.drawing.values import read_values, values_of
from fusion.errors import DrawingError, RecipeError
from fusion.figures.figure import Figure, save
from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe

LAYERS = {f"left/block{n}_pool": n / 10 for n in (1, 2, 3, 4)}


def cells(drawing: Drawing) -> dict[str, tuple[str, Rect, str]]:
    """For each tip its words, its plate, and the colour of the words."""
    found = {}
    for item, *_ in flattened(drawing.items):
        if isinstance(item, Group) and item.name == "value":
            texts = [each for each in item.items if isinstance(each, Text)]
            plate = item.items[0]
            assert isinstance(plate, Rect)
            found[item.tip] = (texts[0].text if texts else "", plate, texts[0].colour if texts else "")
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("level", ["branch", "stage", "layer"])
def test_every_value_is_shown_once_at_every_level(topology: Callable[[str], FusionGraph], level: str) -> None:
    values = LAYERS | {"texture": 0.5, "shape/block2_pool": 0.6, "shape": 0.7, "fusion": 0.8}

    drawing = draw(topology("two"), level=level, values=values, values_name="accuracy").drawing
    assert {tip: words for tip, (words, *_) in cells(drawing).items()} == {
        f"{address}: accuracy {value:.3g}": f"{value:.3g}" for address, value in values.items()
    }
    shown = [item.text for item, *_ in flattened(drawing.items) if isinstance(item, Text)]
    assert {"0.1", "0.8"} <= set(shown)
    assert any(text.startswith("accuracy, below what it is of") for text in shown)


def test_the_darker_a_cell_the_greater_its_value(topology: Callable[[str], FusionGraph]) -> None:
    values = {f"left/block{n}_{kind}{n % 2 + 1}": n * 3.0 for n in (1, 2, 3, 4) for kind in ("conv", "bn")}

    found = cells(draw(topology("two"), level="stage", values=values).drawing)
    shades = [SHADES.index(plate.fill) for _, plate, _ in found.values() if plate.fill]  # type: ignore[arg-type]  # those without a fill are left out
    assert shades == sorted(shades)
    assert {shades[0], shades[-1]} == {0, len(SHADES) - 1}
    assert all((colour == "ink") == (SHADES.index(plate.fill) < 4) for _, plate, colour in found.values())


def test_equal_values_have_the_shade_in_the_middle(topology: Callable[[str], FusionGraph]) -> None:
    found = cells(draw(topology("two"), values={"texture": 2, "shape": 2}).drawing)

    assert {plate.fill for _, plate, _ in found.values()} == {"shade3"}


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_numbers_can_be_read_on_every_shade_and_shades_grow_evenly(palette: dict[Any, str]) -> None:
    lights = [luminance(palette[shade]) for shade in SHADES]

    for number, light in enumerate(lights):
        low, high = sorted((light, luminance(palette["ink" if number < 4 else "page"])))
        assert (high + 0.05) / (low + 0.05) > 4.5
    steps = [b ** (1 / 3) - a ** (1 / 3) for a, b in pairwise(lights)]
    assert len({step > 0 for step in steps}) == 1
    assert max(map(abs, steps)) < 2.5 * min(map(abs, steps))


def test_a_value_of_a_layer_ends_where_the_layer_lies_on_the_ruler(
    topology: Callable[[str], FusionGraph],
) -> None:
    graph = topology("two")

    drawing = draw(graph, values=LAYERS | {"right/block2_pool": 0.3}).drawing
    ends = [
        (item.tip.partition(":")[0], x + item.items[0].width + 1)
        for item, x, _ in flattened(drawing.items)
        if isinstance(item, Group) and item.name == "value" and isinstance(item.items[0], Rect)
    ]
    segments = [
        (item.tip.partition(":")[0], x + item.items[0].x + item.items[0].width + 1)
        for item, x, _ in flattened(drawing.items)
        if isinstance(item, Group) and item.name.endswith(" segment") and isinstance(item.items[0], Rect)
    ]
    # Stages end with their pools; the last one is thrown away and has a value all the same.
    for number, (address, x) in enumerate(ends[:4]):
        assert address == f"left/block{number + 1}_pool"
        assert x == pytest.approx(segments[number][1], abs=1.01)


def test_narrow_cells_leave_their_number_to_the_tip(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("two")
    values = {f"left/{name}": 0.1234 + n / 100 for n, name in enumerate(graph.trunks["left"].skeleton.rows)}

    found = cells(draw(graph, values=values).drawing)
    assert len(found) == len(values)
    assert {words for words, *_ in found.values()} == {""}
    # At layer level there is room for each.
    found = cells(draw(graph, values=values, level="layer", expand="left").drawing)
    assert all(words for words, *_ in found.values())


@pytest.mark.parametrize("style", ["auto", "paper", "slide"])
def test_cells_lie_on_nothing_else(topology: Callable[[str], FusionGraph], style: str) -> None:
    values = LAYERS | {"texture": 0.5, "shape/block2_pool": 0.6, "shape/block4_conv1": 0.1, "shape": 0.7}

    drawing = draw(topology("two"), values=values, style=style).drawing
    frames = [
        (item.name, x, y, x + item.frame[0], y + item.frame[1])
        for item, x, y in flattened(drawing.items)
        if isinstance(item, Group) and item.frame
    ]
    for (one, *a), (two, *b) in combinations(frames, 2):
        assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3], f"{one} lies on {two}"


def test_every_format_that_shows_layout_shows_values_and_others_refuse(
    topology: Callable[[str], FusionGraph], tmp_path: Path
) -> None:
    figure = draw(topology("two"), values=LAYERS, values_name="held-out & <b>")

    assert figure.svg().count('data-name="value"') == 4
    assert figure.html().count("held-out &amp; &lt;b&gt; 0.4") == 4
    assert "shade6" in figure.tikz()
    assert "values: held-out & <b>\n  left/block1_pool: 0.1\n" in figure.text()
    for suffix, what in ((".gv", "DOT"), (".mmd", "Mermaid"), (".json", "Model Explorer's format")):
        with pytest.raises(DrawingError, match=f"{what} has no place for values laid over a picture; write "):
            save(figure, tmp_path / f"x{suffix}")


@pytest.mark.parametrize(
    ("values", "match"),
    [
        (
            {"shape/block2_pol": 1.0, "x": 2.0},
            r"nothing at 'shape/block2_pol' .* Did you mean 'shape/block2_pool'\? Nor of 1 more\. Values are of texture",
        ),
        ({"left/block9": 1.0}, r"nothing at 'left/block9' to lay a value over\."),
        ({"texture": float("nan")}, r"The value of 'texture' is nan; expected a finite number\."),
        ({"texture": "high"}, r"The value of 'texture' is 'high'; expected"),
        ({"texture": True}, r"The value of 'texture' is True; expected"),
    ],
)
def test_a_value_of_nothing_or_that_is_no_number_is_refused(
    topology: Callable[[str], FusionGraph], values: dict[str, Any], match: str
) -> None:
    with pytest.raises(DrawingError, match=match):
        draw(topology("two"), values=values)


def test_an_address_of_two_things_is_refused(graph_of: Callable[[Recipe], FusionGraph]) -> None:
    image = {"kind": "image", "shape": (64, 64, 3)}
    crossed = Recipe(
        name="crossed",
        inputs={"photo": image},
        backbones={"a": {"arch": "Plain", "weights": None}, "b": {"arch": "Residual", "weights": None}},
        branches={
            "a": {"input": "photo", "backbone": "b", "cut": "block2_pool"},
            "b": {"input": "photo", "backbone": "a", "cut": "block3_pool"},
        },
        fusion={"op": "concat", "from": ["a", "b"]},
        head={"output": {"task": "binary"}},
    )

    with pytest.raises(DrawingError, match=r"'a/block2_pool' is a tap of a branch and a layer of another"):
        draw(graph_of(crossed), values={"a/block2_pool": 1.0})


def test_no_values_are_no_values(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("two")

    assert values_of(graph, {}, "accuracy") is None
    assert draw(graph, values={}).svg() == draw(graph).svg()


def test_values_are_read_from_json(tmp_path: Path, topology: Callable[[str], FusionGraph]) -> None:
    path = tmp_path / "values.json"
    path.write_text('{"texture": 0.5, "left/block1_pool": 1}')

    found = read_values(path)
    assert found == {"texture": 0.5, "left/block1_pool": 1}
    assert isinstance(draw(topology("two"), values=found), Figure)
    path.write_text("[1]")
    with pytest.raises(
        DrawingError, match=re.escape('holds [1]; expected an object such as {"shape/mixed7": 0.83}')
    ):
        read_values(path)
    path.write_text('{"texture": 1, "texture": 2}')
    with pytest.raises(RecipeError, match="stands more than once"):
        read_values(path)


@pytest.mark.parametrize("level", ["branch", "layer"])
def test_every_branch_and_fusion_can_have_a_value(topologies: dict[str, FusionGraph], level: str) -> None:
    for graph in (topologies[name] for name in ("table", "votes", "mixed", "vector")):
        values = {name: float(number) for number, name in enumerate(graph.ends)}

        assert len(cells(draw(graph, values=values, level=level).drawing)) == len(values)


def test_an_input_that_may_be_missing_has_the_value_of_its_branch(
    graph_of: Callable[[Recipe], FusionGraph],
) -> None:
    facts = {"kind": "tabular", "columns": ["area"], "optional": {"missing": "zeros"}}
    recipe = Recipe(
        name="optional",
        inputs={"a": facts, "b": facts | {"columns": ["rooms"], "optional": {"missing": "learned"}}},
        branches={"left": {"input": "a"}, "right": {"input": "b"}},
        fusion={"op": "concat", "from": ["left", "right"]},
        head={"output": {"task": "regression"}},
    )

    found = cells(draw(graph_of(recipe), values={"left": 1.0, "right": 2.0}).drawing)
    assert [words for words, *_ in found.values()] == ["1", "2"]


def test_a_value_is_no_wider_than_the_bar_it_is_of(topology: Callable[[str], FusionGraph]) -> None:
    drawing = draw(topology("two"), level="layer", values={"fusion": 0.8, "shape": 0.5}).drawing

    for name in ("fusion", "shape.taps"):
        (box,) = (i for i, *_ in flattened(drawing.items) if isinstance(i, Group) and i.name == name)
        inner = [(i, x) for i, x, _ in flattened(box.items)]
        (cell,) = [x for i, x in inner if isinstance(i, Group) and i.name == "value"]
        bars = [(x + i.x, x + i.x + i.width) for i, x in inner if isinstance(i, Rect) and i.height == 26]
        assert min(left for left, _ in bars) <= cell
        assert cell + 110 <= max(right for _, right in bars) + 0.01
