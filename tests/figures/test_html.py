"""Pages of HTML: every level in one file, parts that open without a script, names that stay text and can be found."""

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fusion.checking import draw
from fusion.drawing.parts import parts
from fusion.figures.figure import save
from fusion.graph.making import make_graph
from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe
from fusion.skeleton.layers import Layer, Shape, Skeleton

EMPTY = {"meta", "input"}
TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "nav",
        "label",
        "input",
        "main",
        "div",
        "section",
        "details",
    ),
    *(
        "summary",
        "span",
        "i",
        "svg",
        "desc",
        "defs",
        "pattern",
        "line",
        "rect",
        "g",
        "text",
        "path",
        "circle",
        "script",
        "output",
        "pre",
    ),
}


class Reader(HTMLParser):
    """Notes every element and every attribute, and that all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.waiting: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.waiting.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.waiting.pop() == tag

    def count(self, tag: str, **attributes: str | None) -> int:
        return sum(found == tag and all(key in given for key in attributes) for found, given in self.tags)


@pytest.fixture(scope="session")
def pages(topologies: dict[str, FusionGraph]) -> Callable[[str], str]:
    """The page of each topology in its last phase."""
    return cache(lambda name: draw(topologies[name], phase=max(len(topologies[name].phases) - 1, 0)).html())


@pytest.fixture(scope="session")
def readers(pages: Callable[[str], str]) -> Callable[[str], Reader]:
    """What is in these pages."""
    return cache(lambda name: Reader(pages(name)))


def test_every_page_is_whole_and_runs_but_the_script_it_is_known_by(
    pages: Callable[[str], str], readers: Callable[[str], Reader], name: str
) -> None:
    text, page = pages(name), readers(name)

    assert not page.waiting
    assert {tag for tag, _ in page.tags} <= TAGS
    assert not [
        key for _, given in page.tags for key in given if key.startswith("on") or key in {"href", "src"}
    ]
    assert page.count("script") == 1
    script = text.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert any(
        given.get("content") == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
        for _, given in page.tags
    )


def test_hostile_names_stay_text_in_a_page(pages: Callable[[str], str]) -> None:
    text = pages("names")

    assert text.count("<script") == 1
    assert text.count("&lt;script&gt;alert") > 3
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)


def test_every_layer_that_is_kept_can_be_found(
    pages: Callable[[str], str], topology: Callable[[str], FusionGraph]
) -> None:
    text = pages("two")
    # What the script looks through: the tips of things that have a name.
    tips = re.findall(r'<g[^>]* data-name="[^"]*">\s*<title>([^<]*)</title>', text)

    words = {word.strip(" ,.:") for tip in tips for word in tip.split()}
    for trunk in topology("two").trunks.values():
        assert trunk.kept <= words


class Foreign:
    """A catalogue whose one backbone, as a file may, has layers with names that are markup."""

    name = '"><script>alert(1)</script>&\x00\u202e'

    def skeleton(self, _: object, shape: Shape) -> Skeleton:
        rows = [Layer(f"x{self.name}", "InputLayer", (), shape)]
        for number in range(8):
            kind = f"Conv2D{self.name}" if number % 2 else "Conv2D"
            rows.append(Layer(f"{number}{self.name}", kind, (rows[-1].name,), (*shape[:2], 8), 30))
        return Skeleton("foreign", shape, tuple(rows), rows[-1].name, "")

    def preprocess(self, _: object) -> str:
        return "none"

    def needs_preparation(self, *_: object) -> bool:
        return False


@pytest.mark.parametrize("expand", ["all", pytest.param("cut", marks=pytest.mark.slow)])
def test_hostile_layers_stay_text(expand: str) -> None:
    recipe = Recipe(
        name="foreign",
        inputs={"photo": {"kind": "image", "shape": (8, 8, 3)}},
        backbones={"eye": {"arch": "VGG16", "weights": None}},
        branches={"all": {"input": "photo", "backbone": "eye", "cut": "after:3" + Foreign.name}},
        head={"output": {"task": "binary"}},
    )
    figure = draw(make_graph(recipe, Foreign()), level="layer", expand=expand)

    for text in (figure.html(), figure.svg()):
        assert "<script>alert" not in text
        assert not re.search("[\x00\u202e]", text)
    ElementTree.fromstring(figure.svg())
    assert not Reader(figure.html()).waiting


def test_every_part_of_a_backbone_opens(
    readers: Callable[[str], Reader], topology: Callable[[str], FusionGraph], name: str
) -> None:
    page = readers(name)
    labels = [given["aria-label"] or "" for tag, given in page.tags if tag == "summary"]

    for trunk in topology(name).trunks.values():
        for part in parts(trunk):
            assert any(label.startswith(f"{part.title}: {len(part.rows)} layer") for label in labels)


def test_a_page_says_it_all_in_words_too(
    pages: Callable[[str], str], topology: Callable[[str], FusionGraph]
) -> None:
    figure = draw(topology("siamese"))

    words = unescape(pages("siamese").partition("<pre>")[2].partition("</pre>")[0])
    assert words == figure.text()


def test_what_a_figure_shows_open_is_open_at_first(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("siamese")
    counts = {
        expand: Reader(draw(graph, level="layer", expand=expand).html()).count("details", open=None)
        for expand in ("none", "cut", "eye/block1")
    }

    assert counts == {"none": 0, "cut": 1, "eye/block1": 1}


@pytest.mark.parametrize("level", ["branch", "stage", "layer"])
def test_the_level_of_a_figure_is_in_front(level: str, topology: Callable[[str], FusionGraph]) -> None:
    page = Reader(draw(topology("vector"), level=level).html())

    assert [given["id"] for tag, given in page.tags if tag == "input" and "checked" in given] == [
        f"tab-{level}"
    ]


def test_a_page_follows_the_screen_unless_its_style_is_fixed(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("vector")

    assert "prefers-color-scheme" in draw(graph).html()
    assert "prefers-color-scheme" not in draw(graph, style="dark").html()
    assert "body{background:#0D1117" in draw(graph, style="dark").html()


def test_a_line_that_passes_cards_is_as_long_as_they_are(readers: Callable[[str], Reader]) -> None:
    def wires(name: str) -> int:
        return readers(name).count("i")

    # Of each cut's calls, and of what runs past the cards: a table's two branches.
    assert wires("siamese") == 2
    assert wires("table") > 1


@pytest.mark.parametrize(("name", "rows"), [("two", 1), ("halves", 2), ("stitched", 3), ("vector", 0)])
def test_a_backbone_that_reads_another_has_a_row_of_its_own(
    readers: Callable[[str], Reader], name: str, rows: int
) -> None:
    found = [given.get("class") for tag, given in readers(name).tags if tag == "div"]

    assert found.count("row") == rows


def test_a_page_is_saved_the_same_each_time(
    pages: Callable[[str], str], topology: Callable[[str], FusionGraph], tmp_path: Path
) -> None:
    save(draw(topology("table")), tmp_path / "one.html")

    assert (tmp_path / "one.html").read_text(encoding="utf-8") == pages("table")
