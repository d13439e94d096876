"""Graphviz as an engine: asked for a picture where it is there, and what is said where it is not or fails."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fusion.checking import draw
from fusion.errors import DrawingError
from fusion.figures.engine import rendered
from fusion.figures.figure import save
from fusion.graph.nodes import FusionGraph

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program called `dot` that does what `script` says."""
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@needs_dot
@pytest.mark.parametrize(("suffix", "start"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF-")])
@pytest.mark.parametrize("name", ["two", "names"])
def test_dot_draws_a_figure(
    topology: Callable[[str], FusionGraph], tmp_path: Path, name: str, suffix: str, start: bytes
) -> None:
    save(draw(topology(name)), tmp_path / f"x{suffix}", engine="dot")

    found = (tmp_path / f"x{suffix}").read_bytes()
    assert found.startswith(start)
    assert b"<script" not in found


def test_orthogonal_lines_are_never_asked_for(case: tuple[FusionGraph, int]) -> None:
    assert "ortho" not in draw(case[0], phase=case[1]).dot()


def test_without_dot_it_is_said_what_to_do(
    topology: Callable[[str], FusionGraph], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(
        DrawingError, match=r"no program `dot`.*Install Graphviz.*write \.gv, or leave the engine"
    ):
        save(draw(topology("two")), tmp_path / "x.svg", engine="dot")
    assert not list(tmp_path.iterdir())


def test_a_dot_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "exec sleep 30")

    with pytest.raises(DrawingError, match=r"did not end within 0\.2 seconds.*write \.gv"):
        rendered("digraph {}", ".svg", patience=0.2)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo broken >&2; exit 3", r"failed with status 3: broken\."),
        ("exit 0", r"failed with status 0: it says nothing\."),
        ("kill -ABRT $$", r"failed with status -6: it says nothing"),
    ],
)
def test_a_dot_that_fails_is_told_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    stand_in(tmp_path, monkeypatch, script)

    with pytest.raises(DrawingError, match=words):
        rendered("digraph {}", ".svg")


def test_a_picture_that_dot_would_shrink_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(
        tmp_path, monkeypatch, "echo 'graph is too large for cairo-renderer bitmaps. Scaling' >&2; echo x"
    )

    with pytest.raises(DrawingError, match=r"too large for a PNG by Graphviz; write \.svg or \.pdf"):
        rendered("digraph {}", ".png")


def test_other_formats_are_not_dots(topology: Callable[[str], FusionGraph], tmp_path: Path) -> None:
    with pytest.raises(
        DrawingError, match=r"Graphviz does not write \.tex here; it writes \.svg, \.png, \.pdf"
    ):
        save(draw(topology("two")), tmp_path / "x.tex", engine="dot")


def test_an_unknown_engine_is_refused(topology: Callable[[str], FusionGraph], tmp_path: Path) -> None:
    with pytest.raises(DrawingError, match=r"no engine 'dott'; engines are own, dot\. Did you mean 'dot'\?"):
        save(draw(topology("two")), tmp_path / "x.svg", engine="dott")
