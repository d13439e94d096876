"""Figures: their bytes, what they refuse, and how they show themselves."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fusion.checking import draw
from fusion.errors import DrawingError
from fusion.figures.figure import save
from fusion.graph.nodes import FusionGraph


def test_two_drawings_have_the_same_bytes(case: tuple[FusionGraph, int]) -> None:
    graph, phase = case

    assert draw(graph, phase=phase).svg() == draw(graph, phase=phase).svg()


def test_a_process_with_another_hash_seed_draws_the_same_bytes(
    fresh: Any, topologies: Mapping[str, FusionGraph]
) -> None:
    assert fresh.drawn == [draw(graph).svg() for graph in topologies.values()]


def test_a_phase_that_is_not_there_is_refused_with_those_that_are(
    topology: Callable[[str], FusionGraph],
) -> None:
    with pytest.raises(
        DrawingError, match=r"no phase 2, counted from 0\. Phases are 0 'step 0', 1 'step 1'\."
    ):
        draw(topology("two"), phase=2)
    with pytest.raises(DrawingError, match="no phase -1"):
        draw(topology("two"), phase=-1)


def test_a_phase_of_a_recipe_without_training_is_refused(topology: Callable[[str], FusionGraph]) -> None:
    with pytest.raises(DrawingError, match="declares no training; leave the phase out"):
        draw(topology("table"), phase=1)


def test_a_figure_is_saved_as_its_suffix_says(topology: Callable[[str], FusionGraph], tmp_path: Path) -> None:
    figure = draw(topology("vector"))
    for suffix in ("svg", "gv", "mmd", "txt", "tex", "json", "pdf", "PNG"):
        save(figure, tmp_path / f"x.{suffix}")

    assert (tmp_path / "x.svg").read_text(encoding="utf-8") == figure.svg()
    assert (tmp_path / "x.gv").read_text(encoding="utf-8") == figure.dot()
    assert (tmp_path / "x.mmd").read_text(encoding="utf-8") == figure.mermaid()
    assert (tmp_path / "x.txt").read_text(encoding="utf-8") == figure.text()
    assert (tmp_path / "x.tex").read_text(encoding="utf-8") == figure.tikz()
    assert (tmp_path / "x.json").read_text(encoding="utf-8") == figure.explorer()
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "x.PNG").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_style_is_refused_with_those_known(topology: Callable[[str], FusionGraph]) -> None:
    with pytest.raises(
        DrawingError, match=r"no style 'drak'; styles are auto, light, dark, .*Did you mean 'dark'\?"
    ):
        draw(topology("two"), style="drak")


def test_an_unknown_suffix_is_refused_with_those_known(
    topology: Callable[[str], FusionGraph], tmp_path: Path
) -> None:
    with pytest.raises(
        DrawingError, match=r"x\.svgz': this version writes \.svg, \.png, .*\. Did you mean '\.svg'\?"
    ):
        save(draw(topology("two")), tmp_path / "x.svgz")
    with pytest.raises(DrawingError, match=r"this version writes \.svg, \.png, [^?]*\.$"):
        save(draw(topology("two")), tmp_path / "picture")


def test_a_notebook_gets_the_picture_and_its_words(topology: Callable[[str], FusionGraph]) -> None:
    figure = draw(topology("two"), phase=1)

    bundle = figure._repr_mimebundle_(include=None, exclude=None)
    assert bundle["image/svg+xml"] == figure._repr_svg_() == figure.svg()
    assert bundle["text/plain"] == figure.text()


def test_a_picture_says_its_phase_and_its_totals(topology: Callable[[str], FusionGraph]) -> None:
    root = ElementTree.fromstring(draw(topology("two"), phase=1).svg())

    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "phase 2 of 2: step 1" in words
    assert any("cuts discard" in word for word in words if word)
