"""PDF: one page of the picture's size, the same bytes every time, text that can be searched and is never obeyed."""

import re
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from fusion.checking import draw
from fusion.drawing.display import Circle, Drawing, Line, Polygon, Rect, Strokes, Text
from fusion.drawing.palette import DARK
from fusion.figures.figure import save
from fusion.figures.pdf import to_pdf
from fusion.graph.nodes import FusionGraph


def page(pdf: bytes) -> str:
    """The drawing commands of the page."""
    streams = [
        zlib.decompress(found) for found in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    ]
    return next(found for found in streams if b" re\nf" in found or b"\nf\n" in found).decode("latin-1")


def said(*words: str) -> str:
    """What a command prints that has nothing to complain of."""
    done = subprocess.run(words, capture_output=True, timeout=30, check=True)
    assert done.stderr == b""
    return done.stdout.decode()


def test_the_page_is_as_large_as_the_picture_at_96_pixels_an_inch() -> None:
    pdf = to_pdf(Drawing(400, 200, "box", "", ()))

    assert re.search(rb"/MediaBox \[ ?0 0 300 150 ?\]", pdf)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1


def test_the_same_picture_is_the_same_bytes_and_says_no_date(topology: Callable[[str], FusionGraph]) -> None:
    items = draw(topology("vector")).drawing.items
    drawing = Drawing(300, 200, "some", "", items[:1])

    pdf = to_pdf(drawing)
    assert pdf == to_pdf(drawing)
    assert b"CreationDate" not in pdf
    assert b"Image" not in re.sub(rb"/ProcSet.*?\]|/Image[BCI]", b"", pdf)


def test_every_primitive_is_drawn_in_its_colour() -> None:
    items = (
        Rect(5, 5, 30, 20, "panel", "ink", 2, 4, 3, hatched=True),
        Circle(50, 20, 8, "paper", "line", 1),
        Polygon(((60, 30), (70, 30), (65, 20)), "trainable"),
        Strokes((((70, 5), (80, 15)),), "frozen"),
        Line(((5, 40), (50, 40), (50, 60)), "second", 2, arrow=True),
        Text(50, 80, "words", 12, "mute", anchor="middle"),
    )

    commands = page(to_pdf(Drawing(100, 100, "all", "", items), DARK))
    for name in ("panel", "ink", "paper", "line", "trainable", "frozen", "second", "mute", "edge"):
        parts = [int(DARK[name][at : at + 2], 16) / 255 for at in (1, 3, 5)]
        pattern = r"\s".join(f"{part:.4f}"[:4].rstrip("0").rstrip(".") + r"\d*" for part in parts)
        assert re.search(rf"{pattern} (rg|RG)", commands), name
    assert "[ 2.25 1.6875 ] 0 d" in commands


def test_titles_cannot_end_the_text_they_stand_in() -> None:
    pdf = to_pdf(Drawing(300, 50, "(a) \\ >> endobj", "", ()))

    assert rb"/Title (\(a\) \\ >> endobj)" in pdf


@pytest.mark.slow
def test_signs_the_fonts_have_not_are_replaced_in_silence() -> None:
    drawing = Drawing(300, 50, "fox", "", (Text(5, 20, "fox \U0001f98a", 12),))

    # A warning would be an error here.
    assert to_pdf(drawing).startswith(b"%PDF-")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_hostile_text_is_no_formula_and_no_command(tmp_path: Path) -> None:
    words = r"$\frac{1}{0}$ \( ) >> <b>&"
    pdf = tmp_path / "x.pdf"
    pdf.write_bytes(to_pdf(Drawing(300, 50, words, words, (Text(5, 20, words, 12),))))

    assert said("pdftotext", "-raw", str(pdf), "-").strip() == words
    assert f"Title:           {words}\n" in said("pdfinfo", str(pdf))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdffonts") is None, reason="poppler-utils is not installed")
def test_a_reader_finds_the_text_and_embedded_fonts(case: tuple[FusionGraph, int], tmp_path: Path) -> None:
    pdf = tmp_path / "x.pdf"
    save(draw(case[0], phase=case[1]), pdf)

    fonts = said("pdffonts", str(pdf)).splitlines()[2:]
    assert "activations per sample" in said("pdftotext", "-raw", str(pdf), "-")
    assert fonts
    assert all("TrueType" in line and " yes yes yes " in line for line in fonts)
