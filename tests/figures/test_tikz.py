"""TikZ: a LaTeX document that compiles, whatever names say."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fusion.checking import draw
from fusion.drawing.display import Circle, Drawing, Line, Polygon, Rect, Strokes, Text
from fusion.drawing.palette import DARK
from fusion.figures.tikz import to_tikz
from fusion.graph.nodes import FusionGraph

TRAPS = "\\write18{ls} $x$ %c #1 ~^_{} & -- ,, ?` << >> \"q\" 'q' \u05e9\u05dc \U0001f98a \\input{/etc/passwd} ^^M\\stop"


def body(text: str) -> list[str]:
    return text.partition(r"\begin{tikzpicture}")[2].splitlines()


def test_every_command_of_a_picture_is_one_that_is_meant(case: tuple[FusionGraph, int]) -> None:
    lines = body(draw(case[0], phase=case[1]).tikz())

    shapes = re.compile(r"\\(path\[[^\]\\]*\]|fill\[\w+\]|useasboundingbox) [-\d.,() a-z=\[\]]*;")
    words = re.compile(r"\\fusiontext\{(west|east|)\}\{[a-z]+\}\{[-\d.]+,[-\d.]+\}\{[\d.]+\}\{.*\}")
    assert lines[-2:] == [r"\end{tikzpicture}", r"\end{document}"]
    assert all(shapes.fullmatch(line) or words.fullmatch(line) for line in lines[1:-2])


def test_every_primitive_is_drawn_in_the_colours_asked_for() -> None:
    items = (
        Rect(5, 5, 30, 20, "panel", "ink", 2, 4, 3, hatched=True),
        Circle(50, 20, 8, "paper", "line", 1),
        Polygon(((60, 30), (70, 30), (65, 20)), "trainable"),
        Strokes((((70, 5), (80, 15)),), "frozen_fill"),
        Line(((5, 40), (50, 40), (50, 60)), "second", 2, arrow=True),
        Text(50, 80, "words", 12, "mute", anchor="middle"),
    )

    text = to_tikz(Drawing(100, 100, "all", "", items), DARK)
    lines = body(text)
    assert rf"\definecolor{{fusionpage}}{{HTML}}{{{DARK['page'][1:]}}}" in text
    assert r"\path[fill=fusionpanel,rounded corners=3bp] (5,5) rectangle (35,25);" in lines
    assert any("draw=fusionink,line width=1.5bp,dash pattern=on 2.25bp off 1.69bp" in line for line in lines)
    assert sum("draw=fusionedge" in line for line in lines) == 5
    assert r"\path[fill=fusionpaper,draw=fusionline,line width=0.75bp] (50,20) circle[radius=6bp];" in lines
    assert r"\fill[fusiontrainable] (60,30) -- (70,30) -- (65,20) -- cycle;" in lines
    assert r"\path[draw=fusionfrozenfill,line width=0.9bp] (70,5) -- (80,15);" in lines
    bend = "(5,40) -- (43.7,40) .. controls (47.9,40) and (50,42.1) .. (50,46.3) -- (50,52.6)"
    assert any(bend in line for line in lines)
    assert r"\fusiontext{}{mute}{50,80}{9}{words}" in lines


def test_hostile_text_has_no_command_in_it() -> None:
    text = to_tikz(Drawing(700, 60, TRAPS, "", (Text(10, 30, TRAPS, 12),)))

    words = next(line for line in text.splitlines() if line.startswith(r"\fusiontext{west}"))
    commands = set(re.findall(r"\\([a-zA-Z]+|.)", words))
    meant = {
        "fusiontext",
        "fusionsign",
        "textbackslash",
        "textasciitilde",
        "textasciicircum",
        "textless",
        "textgreater",
    }
    assert commands <= meant | {"textquotedbl", "textquotesingle", "textasciigrave", *"{}$&#_%"}
    assert text.splitlines()[0].startswith("% ")
    assert words.count("{") - words.count(r"\{") == words.count("}") - words.count(r"\}")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
@pytest.mark.parametrize("name", ["names", "siamese", "six"])
def test_latex_compiles_it(topology: Callable[[str], FusionGraph], tmp_path: Path, name: str) -> None:
    if (
        not shutil.which("kpsewhich")
        or subprocess.run(["kpsewhich", "standalone.cls"], capture_output=True).returncode
    ):
        pytest.skip("LaTeX has no class standalone")
    drawing = draw(topology(name)).drawing
    text = to_tikz(Drawing(drawing.width, drawing.height, TRAPS, "", (*drawing.items, Text(9, 9, TRAPS, 9))))
    (tmp_path / "x.tex").write_text(text, encoding="utf-8")

    words = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-600:]
    assert (tmp_path / "x.pdf").stat().st_size > 10_000
