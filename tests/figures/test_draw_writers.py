"""DOT source and PNG."""

import io
import re
import shutil
import subprocess
from collections.abc import Callable

import pytest
from PIL import Image

from fusion.checking import draw
from fusion.drawing.display import Drawing, Rect
from fusion.drawing.palette import LIGHT
from fusion.errors import DrawingError
from fusion.figures.png import to_png
from fusion.graph.nodes import FusionGraph


def test_dot_has_every_node_and_every_edge(case: tuple[FusionGraph, int]) -> None:
    graph, phase = case

    lines = draw(graph, phase=phase).dot().splitlines()
    assert sum("->" in line for line in lines) == graph.digraph.number_of_edges()
    assert sum(line.startswith("\tn") and "[label=" in line and "->" not in line for line in lines) == len(
        graph.nodes
    )


def test_dot_marks_what_trains_and_what_is_shared(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("siamese")).dot()

    assert text.count("peripheries=2") == 4
    assert text.count(LIGHT["trainable_fill"]) == 3


def test_dot_says_the_phase_and_what_it_does_to_weights_in_words_too(
    topology: Callable[[str], FusionGraph],
) -> None:
    text = draw(topology("two"), phase=1).dot()

    assert r"a recipe\nphase 2 of 2: step 1" in text
    found = [line.rpartition(r"\n")[2].partition('"')[0] for line in text.splitlines() if "[label=" in line]
    assert "trainable" in found
    assert any(re.fullmatch(r"[0-9.]+ k of [0-9.]+ k trainable", words) for words in found)


def test_dot_takes_hostile_names_as_text(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("names")).dot()

    assert r'label="<script>alert(\"1\")</script>' in text
    assert "\x00" not in text


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_the_source(case: tuple[FusionGraph, int]) -> None:
    source = draw(case[0], phase=case[1]).dot()

    done = subprocess.run(
        ["dot", "-Tplain"], input=source.encode(), capture_output=True, timeout=30, check=True
    )
    assert done.stderr == b""


def test_a_png_is_twice_as_fine_as_the_picture(topology: Callable[[str], FusionGraph]) -> None:
    figure = draw(topology("vector"))

    image = Image.open(io.BytesIO(to_png(figure.drawing)))
    assert image.width == pytest.approx(2 * figure.drawing.width, abs=1)
    assert image.height == pytest.approx(2 * figure.drawing.height, abs=1)


def test_a_png_has_the_colours_of_the_picture() -> None:
    drawing = Drawing(20, 20, "box", "", (Rect(5, 5, 10, 10, "trainable_fill", "trainable", 6),))

    image = Image.open(io.BytesIO(to_png(drawing)))
    found = [
        f"#{''.join(f'{part:02X}' for part in image.getpixel(at))}" for at in ((1, 1), (10, 20), (20, 20))
    ]
    assert found == [LIGHT["page"], LIGHT["trainable"], LIGHT["trainable_fill"]]


def test_a_png_that_would_be_too_large_is_refused() -> None:
    with pytest.raises(
        DrawingError, match=r"would have 20000x6000 pixels, too many for a PNG; write \.svg or \.pdf instead"
    ):
        to_png(Drawing(10_000, 3_000, "wide", "", ()))


def test_dashes_in_a_png_go_around_corners() -> None:
    box = Rect(10, 10, 60, 30, "paper", "ink", 2.0, 13.0, 6.0)
    image = Image.open(io.BytesIO(to_png(Drawing(80, 50, "one", "", (box,)))))

    dark = {(x, y) for x in range(160) for y in range(100) if sum(image.getpixel((x, y))[:3]) < 200}
    assert not [place for place in dark if place[0] < 24 and place[1] < 24]
    assert 3 < sum((x, 20) in dark for x in range(46, 114)) < 64
