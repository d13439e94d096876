"""Pictures as PNG, drawn by Pillow with the fonts that come with matplotlib: twice as fine as the SVG."""

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import cos, hypot, pi, sin
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

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
from fusion.errors import DrawingError
from fusion.figures.outlines import arrowhead, hatching, rounded, shortened_end

SCALE, SMOOTH, LARGEST = 2, 2, 60_000_000
"""Pixels of the PNG for one of the picture, points drawn for one of those, and how many of all may be drawn."""

_STEPS = 6
"""Straight pieces for a quarter of a circle of dashes."""


def to_png(drawing: Drawing, colours: Mapping[Colour, str] = LIGHT) -> bytes:
    """Returns a picture as PNG in the given colours.

    >>> to_png(Drawing(4, 4, "nothing", "", ()))[1:4]
    b'PNG'

    Raises:
        DrawingError: If it is too large to be drawn in pixels.
    """
    fine = SCALE * SMOOTH
    width, height = round(drawing.width * fine), round(drawing.height * fine)
    if width * height > LARGEST:
        size = f"{width // SMOOTH}x{height // SMOOTH}"
        raise DrawingError(
            f"The picture would have {size} pixels, too many for a PNG; write .svg or .pdf instead."
        )
    image = Image.new("RGB", (width, height), colours["page"])
    brush = _Brush(image, fine, colours)
    for item, x, y in flattened(drawing.items):
        if not isinstance(item, Group):
            brush.draw(item, x, y)
    buffer = io.BytesIO()
    image.resize((width // SMOOTH, height // SMOOTH), Image.Resampling.LANCZOS).save(buffer, "PNG")
    return buffer.getvalue()


class _Brush:
    """Draws primitives on an image, `scale` points for each of their units."""

    def __init__(self, image: Image.Image, scale: int, colours: Mapping[Colour, str]) -> None:
        self.image, self.scale, self.colours = image, scale, colours
        self.pen = ImageDraw.Draw(image)

    def draw(self, item: Rect | Text | Line | Strokes | Circle | Polygon, x: float, y: float) -> None:
        match item:
            case Rect():
                self.rect(item, x, y)
            case Text():
                self.text(item, x, y)
            case Line():
                points = rounded(shortened_end(item) if item.arrow else item.points, item.radius)
                self.path(self.moved(points, x, y), item.stroke, item.weight, item.dash)
                if item.arrow:
                    self.pen.polygon(self.moved(arrowhead(item), x, y), self.colours[item.stroke])
            case Strokes():
                for line in item.lines:
                    self.path(self.moved(line, x, y), item.stroke, item.weight, 0.0)
            case Circle():
                corners = (
                    (item.x - item.radius, item.y - item.radius),
                    (item.x + item.radius, item.y + item.radius),
                )
                ends = self.moved(corners, x, y)
                self.pen.ellipse(
                    ends,
                    self.ink(item.fill),
                    self.ink(item.stroke),
                    self.thick(item.weight) if item.stroke else 0,
                )
            case Polygon():
                self.pen.polygon(self.moved(item.points, x, y), self.colours[item.fill])

    def rect(self, rect: Rect, x: float, y: float) -> None:
        corners = ((rect.x, rect.y), (rect.x + rect.width, rect.y + rect.height))
        (x1, y1), (x2, y2) = self.moved(corners, x, y)
        weight = self.thick(rect.weight) if rect.stroke and not rect.dash else 0
        # SVG draws a border half outside, Pillow wholly inside.
        out = weight / 2
        grown = [(x1 - out, y1 - out), (x2 + out, y2 + out)]
        outline = self.ink(rect.stroke) if weight else None
        self.pen.rounded_rectangle(
            grown, rect.radius * self.scale + out, self.ink(rect.fill), outline, weight
        )
        if rect.hatched:
            for line in hatching(rect):
                self.pen.line(self.moved(line, x, y), self.colours["edge"], self.thick(1.2))
        if rect.stroke and rect.dash:
            self.path(_around(x1, y1, x2, y2, rect.radius * self.scale), rect.stroke, rect.weight, rect.dash)

    def text(self, text: Text, x: float, y: float) -> None:
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[text.anchor]
        wanted = text_width(text.text, text.size, bold=text.bold) * self.scale
        size = text.size * self.scale
        # DejaVu runs wider than Helvetica, for which the picture is laid out.
        found = _font(round(size), text.bold).getlength(text.text)
        font = _font(round(size * min(1.0, wanted / found) if found else size), text.bold)
        self.pen.text(
            self.moved(((text.x, text.y),), x, y)[0], text.text, self.colours[text.colour], font, anchor
        )

    def path(self, points: Sequence[Point], colour: Colour, weight: float, dash: float) -> None:
        for part in _dashes(points, dash * self.scale) if dash else [points]:
            self.pen.line(list(part), self.colours[colour], self.thick(weight), "curve")

    def moved(self, points: Sequence[Point], x: float, y: float) -> list[Point]:
        return [((px + x) * self.scale, (py + y) * self.scale) for px, py in points]

    def ink(self, colour: Colour | None) -> str | None:
        return self.colours[colour] if colour else None

    def thick(self, weight: float) -> int:
        return max(1, round(weight * self.scale))


def _around(x1: float, y1: float, x2: float, y2: float, radius: float) -> list[Point]:
    """Returns points around a rectangle, at its corners along quarters of circles, the first one again at the end."""
    middles = (
        (x1 + radius, y1 + radius, 2),
        (x2 - radius, y1 + radius, 3),
        (x2 - radius, y2 - radius, 0),
        (x1 + radius, y2 - radius, 1),
    )
    found = [
        (x + radius * cos(angle), y + radius * sin(angle))
        for x, y, quarter in middles
        for angle in ((quarter + step / _STEPS) * pi / 2 for step in range(_STEPS + 1))
    ]
    return [*found, found[0]]


def _dashes(points: Sequence[Point], dash: float) -> list[list[Point]]:
    """Returns dashes along points; where one meets a corner it goes on behind it."""
    found, start = [], 0.0
    for (x1, y1), (x2, y2) in pairwise(points):
        length = hypot(x2 - x1, y2 - y1)
        while length and start < length:
            ends = (max(start, 0.0) / length, min(start + dash, length) / length)
            found.append([(x1 + (x2 - x1) * end, y1 + (y2 - y1) * end) for end in ends])
            if start + dash > length:
                break
            start += 1.8 * dash
        start -= length
    return found


@lru_cache(maxsize=128)
def _font(size: int, bold: bool) -> Any:
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name, size)
