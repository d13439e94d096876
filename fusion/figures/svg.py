"""Pictures as SVG: the same bytes every time, light or dark as the reader's screen is, safe beside another one."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from html import escape

from fusion.drawing.display import Circle, Drawing, Group, Item, Line, Point, Polygon, Rect, Strokes, Text
from fusion.drawing.palette import DARK, Colour
from fusion.drawing.styles import Style, colours
from fusion.figures.outlines import arrowhead, corners, shortened_end
from fusion.wording import cleaned

FONTS = "Helvetica, Arial, 'Liberation Sans', sans-serif"


def to_svg(drawing: Drawing, style: Style = "auto") -> str:
    """Returns a picture as an SVG document.

    Colours are literal. In the style `auto` a media query for screens exchanges them in the dark; print stays light.
    Classes and the pattern are named after the content, so two pictures can stand in one page.

    >>> to_svg(Drawing(10, 10, "a<b", "", ())).count("a&lt;b")
    2
    """
    content = repr(drawing) + ("" if style == "auto" else style)
    prefix = "f" + hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:8]
    writer = _Writer(prefix, style)
    body = "\n".join(writer.item(item) for item in drawing.items)
    page, hatching = writer.paint("page", None), writer.hatching()
    dark = f"<style>{_dark(prefix, writer.used)}</style>\n" if style == "auto" else ""
    width, height = _number(drawing.width), _number(drawing.height)
    label = escape(f"{drawing.title}. {drawing.description}".strip())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{label}" font-family="{FONTS}">\n'
        f"<title>{escape(drawing.title)}</title>\n<desc>{escape(drawing.description)}</desc>\n"
        f"{dark}{hatching}\n"
        f'<rect width="{width}" height="{height}"{page}/>\n{body}\n</svg>\n'
    )


class Scraps:
    """Writes parts of one page of HTML as SVG elements of their own, with colours and a pattern they have in common.

    >>> Scraps("p", "light").scrap((), (0, 0, 20, 10)).partition(" width")[0]
    '<svg viewBox="0 0 20 10"'
    """

    def __init__(self, prefix: str, style: Style) -> None:
        self.writer = _Writer(prefix, style)

    def shared(self) -> str:
        """Returns what a page needs once: the colours of the dark and the pattern of what is discarded."""
        dark = f"<style>{_dark(self.writer.prefix, DARK)}</style>\n" if self.writer.classed else ""
        hidden = 'width="0" height="0" style="position:absolute" aria-hidden="true"'
        return f"{dark}<svg {hidden}>{self.writer.hatching()}</svg>"

    def scrap(self, items: Iterable[Item], window: tuple[float, float, float, float]) -> str:
        """Returns what of `items` lies in a window: its left, its top, its width and its height."""
        view = " ".join(map(_number, window))
        body = "\n".join(self.writer.item(item) for item in items)
        size = f'width="{_number(window[2])}" height="{_number(window[3])}"'
        return f'<svg viewBox="{view}" {size} font-family="{FONTS}">{body}</svg>'


class _Writer:
    """Writes items as elements whose classes begin with `prefix`; only the style `auto` needs any."""

    def __init__(self, prefix: str, style: Style) -> None:
        self.prefix, self.colours, self.classed = prefix, colours(style), style == "auto"
        self.used: set[Colour] = {"edge"}

    def item(self, item: Item) -> str:
        match item:
            case Group():
                return self.group(item)
            case Rect():
                return self.rect(item)
            case Text():
                return self.text(item)
            case Line():
                return self.line(item)
            case Strokes():
                data = "".join(_through(points) for points in item.lines)
                paint = self.paint(None, item.stroke)
                return (
                    f'<path d="{data}"{paint} stroke-width="{_number(item.weight)}" stroke-linejoin="round"/>'
                )
            case Circle():
                place = f'cx="{_number(item.x)}" cy="{_number(item.y)}" r="{_number(item.radius)}"'
                return f"<circle {place}{self.paint(item.fill, item.stroke, item.weight)}/>"
            case Polygon():
                return f'<path d="{_through(item.points)}Z"{self.paint(item.fill, None)}/>'

    def group(self, group: Group) -> str:
        move = f' transform="translate({_number(group.x)} {_number(group.y)})"' if group.x or group.y else ""
        name = f' data-name="{escape(cleaned(group.name))}"' if group.name else ""
        tip = f"<title>{escape(group.tip)}</title>\n" if group.tip else ""
        return f"<g{move}{name}>\n{tip}" + "\n".join(self.item(item) for item in group.items) + "\n</g>"

    def rect(self, rect: Rect) -> str:
        place = f'x="{_number(rect.x)}" y="{_number(rect.y)}" width="{_number(rect.width)}" height="{_number(rect.height)}"'
        place += f' rx="{_number(rect.radius)}"' if rect.radius else ""
        dash = f' stroke-dasharray="{_number(rect.dash)} {_number(rect.dash * 0.75)}"' if rect.dash else ""
        hatch = f'\n<rect {place} fill="url(#{self.prefix}-h)"/>' if rect.hatched else ""
        return f"<rect {place}{self.paint(rect.fill, rect.stroke, rect.weight)}{dash}/>{hatch}"

    def text(self, text: Text) -> str:
        anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
        weight = ' font-weight="700"' if text.bold else ""
        place = f'x="{_number(text.x)}" y="{_number(text.y)}" font-size="{_number(text.size)}"'
        return f"<text {place}{anchor}{weight}{self.paint(text.colour, None)}>{escape(text.text)}</text>"

    def line(self, line: Line) -> str:
        points = shortened_end(line) if line.arrow else line.points
        dash = f' stroke-dasharray="{_number(line.dash)} {_number(line.dash * 0.8)}"' if line.dash else ""
        paint = self.paint(None, line.stroke, line.weight)
        path = f'<path d="{_rounded(points, line.radius)}"{paint} stroke-linejoin="round"{dash}/>'
        return path + (
            f'\n<path d="{_through(arrowhead(line))}Z"{self.paint(line.stroke, None)}/>' if line.arrow else ""
        )

    def paint(self, fill: Colour | None, stroke: Colour | None, weight: float = 0.0) -> str:
        self.used |= {colour for colour in (fill, stroke) if colour}
        classes = " ".join(
            f"{self.prefix}-{kind}-{colour}"
            for kind, colour in (("f", fill), ("s", stroke))
            if colour and self.classed
        )
        named = f' class="{classes}"' if classes else ""
        filled = f' fill="{self.colours[fill]}"' if fill else ' fill="none"'
        stroked = f' stroke="{self.colours[stroke]}"' if stroke else ""
        return named + filled + stroked + (f' stroke-width="{_number(weight)}"' if stroke and weight else "")

    def hatching(self) -> str:
        """Returns the pattern of what is discarded."""
        named = f' class="{self.prefix}-s-edge"' if self.classed else ""
        return (
            f'<defs><pattern id="{self.prefix}-h" width="7" height="7" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)">'
            f'<line x1="0" y1="0" x2="0" y2="7"{named} stroke="{self.colours["edge"]}" stroke-width="1.2"/>'
            "</pattern></defs>"
        )


def _dark(prefix: str, used: Collection[Colour]) -> str:
    rules = "".join(
        f".{prefix}-f-{colour}{{fill:{value}}}.{prefix}-s-{colour}{{stroke:{value}}}"
        for colour, value in DARK.items()
        if colour in used
    )
    return f"@media screen and (prefers-color-scheme:dark){{{rules}}}"


def _through(points: Iterable[Point]) -> str:
    return "M" + " L".join(_point(point) for point in points)


def _rounded(points: Sequence[Point], radius: float) -> str:
    data = f"M{_point(points[0])}"
    for start, corner, end in corners(points, radius):
        data += f" L{_point(start)} Q{_point(corner)} {_point(end)}"
    return f"{data} L{_point(points[-1])}"


def _point(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
