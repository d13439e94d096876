"""Pictures as PDF: lines stay lines, text stays text, set in the fonts that come with matplotlib, which are embedded."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.path import Path as Curve
from matplotlib.transforms import Affine2D

from fusion.drawing.display import (
    Circle,
    Drawing,
    Group,
    Line,
    Point,
    Polygon,
    Rect,
    Strokes,
    Text,
    flattened,
)
from fusion.drawing.palette import LIGHT, Colour
from fusion.drawing.widths import text_width
from fusion.figures.outlines import arrowhead, hatching, outline, rounded, shortened_end

POINT = 0.75
"""Points of PDF, 72 to the inch, for each pixel of the picture, 96 to the inch."""


def to_pdf(drawing: Drawing, colours: Mapping[Colour, str] = LIGHT) -> bytes:
    """Returns a picture as PDF with one page of its size, the same to the byte for the same picture and matplotlib.

    Fonts are embedded as TrueType, which publishers ask for.

    >>> to_pdf(Drawing(4, 4, "nothing", "", ()))[:5]
    b'%PDF-'
    """
    size = (drawing.width * POINT / 72, drawing.height * POINT / 72)
    buffer = io.BytesIO()
    # No date and no version, so that the same picture is the same file.
    facts = {
        "Title": drawing.title,
        "Subject": drawing.description,
        "Creator": "fusion",
        "Producer": None,
        "CreationDate": None,
    }
    with matplotlib.rc_context({"pdf.fonttype": 42, "pdf.compression": 6, "text.usetex": False}):
        page = Figure(figsize=size, facecolor=colours["page"])
        page.add_artist(_Ink(drawing, colours))
        page.savefig(buffer, format="pdf", metadata=facts, facecolor=colours["page"])
    return buffer.getvalue()


class _Ink(Artist):
    """Draws the primitives of a picture with a renderer of matplotlib."""

    def __init__(self, drawing: Drawing, colours: Mapping[Colour, str]) -> None:
        super().__init__()
        self.drawing, self.colours = drawing, colours

    def draw(self, renderer: RendererBase) -> None:
        """Draws everything, from back to front."""
        for item, x, y in flattened(self.drawing.items):
            match item:
                case Text():
                    self.text(renderer, item, x, y)
                case Rect():
                    self.rect(renderer, item, x, y)
                case Circle():
                    shape = Curve.circle((item.x, item.y), item.radius)
                    self.path(renderer, shape, (x, y), _pen(item.fill, item.stroke, item.weight))
                case Polygon():
                    self.path(renderer, _closed(item.points), (x, y), _pen(item.fill))
                case Strokes():
                    for points in item.lines:
                        self.path(renderer, Curve(points), (x, y), _pen(None, item.stroke, item.weight))
                case Line():
                    line = rounded(shortened_end(item) if item.arrow else item.points, item.radius)
                    pen = _pen(None, item.stroke, item.weight, (item.dash, 0.8 * item.dash))
                    self.path(renderer, Curve(line), (x, y), pen)
                    if item.arrow:
                        self.path(renderer, _closed(arrowhead(item)), (x, y), _pen(item.stroke))
                case Group():
                    pass

    def rect(self, renderer: RendererBase, rect: Rect, x: float, y: float) -> None:
        shape = _closed(outline(rect))
        pen = _pen(rect.fill, rect.stroke, rect.weight, (rect.dash, 0.75 * rect.dash))
        if rect.hatched:
            self.path(renderer, shape, (x, y), _pen(rect.fill))
            for start, end in hatching(rect):
                self.path(renderer, Curve([start, end]), (x, y), _pen(None, "edge", 1.2))
            pen = pen | {"fill": None}
        self.path(renderer, shape, (x, y), pen)

    def path(self, renderer: RendererBase, shape: Curve, move: Point, pen: Mapping[str, Any]) -> None:
        context: GraphicsContextBase = renderer.new_gc()
        fill = to_rgba(self.colours[pen["fill"]]) if pen["fill"] else None
        context.set_linewidth(pen["weight"] * POINT if pen["stroke"] else 0)
        context.set_foreground(self.colours[pen["stroke"] or "page"])
        context.set_joinstyle("round")
        context.set_capstyle("butt")
        if pen["dash"][0]:
            context.set_dashes(0, [POINT * length for length in pen["dash"]])
        renderer.draw_path(context, shape, self.placed(*move), fill)
        context.restore()

    def text(self, renderer: RendererBase, text: Text, x: float, y: float) -> None:
        font = _font(text.bold)
        words = _known(text.text, font)
        font.set_size(100.0)
        found = renderer.get_text_width_height_descent(words, font, ismath=False)[0] / 100
        wanted = text_width(text.text, 1.0, bold=text.bold)
        # DejaVu runs wider than Helvetica, for which the picture is laid out.
        size = text.size * (min(1.0, wanted / found) if found else 1.0)
        back = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor] * found * size
        context = renderer.new_gc()
        context.set_foreground(self.colours[text.colour])
        left, base = self.placed(x, y).transform((text.x - back, text.y))
        font.set_size(size * POINT)
        renderer.draw_text(context, left, base, words, font, 0.0, ismath=False)
        context.restore()

    def placed(self, x: float, y: float) -> Affine2D:
        """Returns what moves a thing to its place, upside down as PDF counts."""
        return Affine2D().translate(x, y - self.drawing.height).scale(POINT, -POINT)


def _pen(
    fill: Colour | None, stroke: Colour | None = None, weight: float = 1.0, dash: tuple[float, float] = (0, 0)
) -> dict[str, Any]:
    return {"fill": fill, "stroke": stroke, "weight": weight, "dash": dash}


def _closed(points: Sequence[Point]) -> Curve:
    return Curve([*points, points[0]], closed=True)


def _known(text: str, font: FontProperties) -> str:
    """Returns text with a box, U+FFFD, for each sign the fonts have not."""
    known = get_font(str(font.get_file())).get_charmap()
    return "".join(sign if ord(sign) in known else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _font(bold: bool) -> FontProperties:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return FontProperties(fname=Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name)
