"""SVG: well-formed whatever names say, coloured as the phase trains, apart from other pictures of the page."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from fusion.checking import draw
from fusion.drawing.display import Drawing, Line, Rect, Text
from fusion.drawing.palette import DARK, LIGHT
from fusion.figures.svg import to_svg
from fusion.graph.costs import costs
from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe
from fusion.wording import TIMES, amount

SVG = "{http://www.w3.org/2000/svg}"


def groups(text: str, ending: str) -> list[ElementTree.Element]:
    found = ElementTree.fromstring(text).iter(f"{SVG}g")
    return [group for group in found if group.get("data-name", "").endswith(ending)]


def groups_named(text: str, beginning: str) -> list[ElementTree.Element]:
    found = ElementTree.fromstring(text).iter(f"{SVG}g")
    return [group for group in found if group.get("data-name", "").startswith(beginning)]


def test_every_picture_is_well_formed_and_for_readers_of_screens(case: tuple[FusionGraph, int]) -> None:
    root = ElementTree.fromstring(draw(case[0], phase=case[1]).svg())

    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert {child.tag for child in root.iter()} <= {
        SVG + tag
        for tag in (
            "svg",
            "title",
            "desc",
            "style",
            "defs",
            "pattern",
            "line",
            "rect",
            "g",
            "text",
            "path",
            "circle",
        )
    }


def test_hostile_names_stay_text(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("names")).svg()

    root = ElementTree.fromstring(text)
    assert "<script" not in text
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)
    assert root.find(f"{SVG}title").text.startswith("<script>alert(\"1\")</script> & 'q' ]]> \u05e9")
    shown = [element.text for element in root.iter(f"{SVG}text")]
    assert any(word.startswith("<script>alert") and word.endswith("…") for word in shown)


def test_without_training_nothing_is_coloured(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("table")).svg()

    body = text.split("</style>")[1]
    assert "no training declared" in body
    coloured = [LIGHT[name] for name in ("frozen", "frozen_fill", "trainable", "trainable_fill")]
    assert not any(colour in body for colour in coloured)


@pytest.mark.parametrize("phase", [0, 1])
def test_the_bar_shares_out_what_the_phase_trains(topology: Callable[[str], FusionGraph], phase: int) -> None:
    graph = topology("two")

    frozen, trainable = (
        next(element.text for element in group.iter(f"{SVG}text"))
        for group in groups(draw(graph, phase=phase).svg(), " share")
    )
    found = costs(graph)
    assert trainable == f"{amount(found.phases[phase].trainable)} trainable"
    assert frozen == f"{amount(found.params - found.phases[phase].trainable)} frozen"


@pytest.mark.parametrize("name", ["two", "siamese", "six", "votes"])
def test_the_bar_is_in_proportion_and_words_that_do_not_fit_stand_behind_it(
    topology: Callable[[str], FusionGraph], name: str
) -> None:
    graph = topology(name)
    phase = len(graph.phases) - 1
    drawn = draw(graph, phase=phase).svg()

    sizes = [costs(graph).params - costs(graph).phases[phase].trainable, costs(graph).phases[phase].trainable]
    widths = [float(group.find(f"{SVG}rect").get("width")) for group in groups(drawn, " share")]
    assert widths[0] / sum(widths) == pytest.approx(sizes[0] / sum(sizes), abs=0.01)
    for group, width in zip(groups(drawn, " share"), widths, strict=True):
        words = group.find(f"{SVG}text")
        inside = float(words.get("x")) < width
        assert words.get("fill") == LIGHT["page" if inside else "ink"]


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (0, ["frozen"] * 3 + ["discarded"] + ["frozen"] * 4 + ["discarded"]),
        (
            1,
            ["frozen"] * 2
            + ["trainable", "discarded"]
            + ["frozen", "frozen", "trainable", "trainable", "trainable", "discarded"],
        ),
    ],
)
def test_segments_are_coloured_as_the_phase_trains(
    topology: Callable[[str], FusionGraph], phase: int, expected: list[str]
) -> None:
    graph = topology("two")

    found = groups(draw(graph, phase=phase).svg(), " segment")
    assert [group.get("data-name") for group in found] == [f"{word} segment" for word in expected]
    fills = {"frozen": "frozen_fill", "trainable": "trainable_fill", "discarded": "ghost_fill"}
    assert [group.find(f"{SVG}rect").get("fill") for group in found] == [
        LIGHT[fills[word]] for word in expected
    ]


def test_blocks_are_coloured_as_the_phase_trains(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("six")).svg()

    fills = {
        group.get("data-name"): group.find(f"{SVG}rect").get("fill")
        for group in ElementTree.fromstring(text).iter(f"{SVG}g")
        if group.get("data-name", "").endswith((".p0", "output"))
    }
    assert fills == {"v0.p0": LIGHT["frozen_fill"], "output": LIGHT["trainable_fill"]}


def test_a_segment_of_both_kinds_shows_the_share_of_each(topology: Callable[[str], FusionGraph]) -> None:
    figure = draw(topology("mixed"), phase=1)

    mixed = groups(figure.svg(), "mixed segment")
    fills = [rect.get("fill") for rect in mixed[0].iter(f"{SVG}rect")]
    assert fills == [LIGHT["frozen_fill"], LIGHT["trainable_fill"], "none"]
    assert "some of each, by share of weights" in figure.svg()


def test_taps_are_stacked_as_their_lines_leave_the_card(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("two")

    stack = groups(draw(graph).svg(), "shape.taps")[0]
    widths = [
        (float(text.get("y")), int(text.text))
        for text in list(stack.iter(f"{SVG}text"))[2:]  # after its name and its width
    ]
    assert [parent.name for parent in graph.parents("shape.taps")] == [
        "shape.pool.block2_pool",
        "shape.pool.block4_conv1",
    ]
    assert [width for _, width in sorted(widths)] == [128, 32]


def test_vectors_are_stacked_as_the_recipe_lists_them(topology: Callable[[str], FusionGraph]) -> None:
    stack = groups(draw(topology("table")).svg(), "fusion")[0]

    widths = [
        (float(text.get("y")), int(text.text))
        for text in list(stack.iter(f"{SVG}text"))[2:]  # after its name and its width
    ]
    assert [width for _, width in sorted(widths)] == [16, 64, 2]


def test_scissors_stand_only_where_something_is_cut_off(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("two")).svg()
    everything = draw(topology("six")).svg()

    cuts = [len(groups(ElementTree.tostring(card, "unicode"), "cut")) for card in groups_named(text, "trunk")]
    # Of the second backbone's two taps the deeper one alone ends it.
    assert cuts == [1, 1]
    assert "discarded, never built" in text
    assert not groups(everything, "cut")
    assert ">cut<" not in everything


def test_a_tap_is_a_cut_where_one_of_two_that_read_it_is_left_out(
    graph_of: Callable[[Recipe], FusionGraph], topology: Callable[[str], FusionGraph]
) -> None:
    recipe = topology("two").recipe.replace("/branches/shape/cut", ["block2_bn1", "block2_conv2"])
    graph = graph_of(recipe.replace("/training", None))

    # The convolution that reads block2_bn1 is kept, the addition that reads it too is not.
    card = groups_named(draw(graph).svg(), "trunk right")[0]
    assert len(groups(ElementTree.tostring(card, "unicode"), "cut")) == 2


@pytest.mark.parametrize(
    ("backbone", "words"),
    [
        ("left", f"32{TIMES}32{TIMES}3, resized, preprocess caffe"),
        ("right", f"64{TIMES}64{TIMES}3, preprocess torch"),
    ],
)
def test_a_card_says_what_is_done_to_images(
    topology: Callable[[str], FusionGraph], backbone: str, words: str
) -> None:
    figure = draw(topology("two"))

    card = groups(figure.svg(), f"trunk {backbone}")[0]
    assert any(element.text.endswith(f"reads {words}") for element in card.iter(f"{SVG}text"))
    assert f"preprocess {words.split()[-1]}" in figure.dot()


def test_shared_backbones_have_two_borders_and_a_letter_for_each_stream(
    topology: Callable[[str], FusionGraph],
) -> None:
    text = draw(topology("siamese")).svg()

    card = groups(text, "trunk eye")[0]
    borders = [rect for rect in card.findall(f"{SVG}rect") if rect.get("stroke") == LIGHT["ink"]]
    words = [element.text for element in card.iter(f"{SVG}text")]
    assert len(borders) == 2
    assert {"A", "B"} <= set(words)
    assert any(word.startswith("shared ×2 ·") for word in words)  # noqa: RUF001 - the sign the picture has
    assert LIGHT["second"] in text


def test_the_dark_is_a_media_query_with_literal_colours(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("two")).svg()

    style = ElementTree.fromstring(text).find(f"{SVG}style").text
    assert style.startswith("@media screen and (prefers-color-scheme:dark){")
    written = {DARK[colour] for colour, value in LIGHT.items() if value in text.split("</style>")[1]}
    assert written <= set(re.findall("#[0-9A-F]{6}", style))
    assert DARK["shade6"] not in style
    assert "var(" not in text
    used = set(re.findall(r"f[0-9a-f]{8}-[fs]-\w+", text.split("</style>")[1]))
    assert used <= set(re.findall(r"\.(f[0-9a-f]{8}-[fs]-\w+)", style))


@pytest.mark.parametrize(("style", "used", "unused"), [("light", LIGHT, DARK), ("dark", DARK, LIGHT)])
def test_a_style_has_its_own_colours_only(
    topology: Callable[[str], FusionGraph], style: str, used: dict[str, str], unused: dict[str, str]
) -> None:
    text = draw(topology("two"), style=style).svg()

    found = set(re.findall("#[0-9A-F]{6}", text))
    assert found <= set(used.values())
    assert found & set(used.values()) - set(unused.values())
    assert "<style" not in text
    assert "class=" not in text


def test_one_picture_in_three_styles_has_three_patterns(topology: Callable[[str], FusionGraph]) -> None:
    texts = [draw(topology("two"), style=style).svg() for style in ("auto", "light", "dark")]

    assert len({re.search('pattern id="(.*?)"', text)[1] for text in texts}) == 3


def test_two_pictures_share_no_class_and_no_id(topology: Callable[[str], FusionGraph]) -> None:
    one, two = draw(topology("two")).svg(), draw(topology("two"), phase=1).svg()

    names = [set(re.findall(r"f[0-9a-f]{8}-[\w-]+", text)) for text in (one, two)]
    assert names[0]
    assert not names[0] & names[1]


def test_numbers_are_short_and_never_minus_zero() -> None:
    items = (
        Rect(-0.01, 1.25, 3, 4, "ink"),
        Line(((0, 0), (10, 0), (10, 10)), arrow=True),
        Text(0, 0, "x", 9),
    )

    text = to_svg(Drawing(20, 20, "numbers", "", items))

    assert '<rect x="0" y="1.2" width="3" height="4"' in text
    assert "-0 " not in text
    assert " Q10 0 10 " in text
