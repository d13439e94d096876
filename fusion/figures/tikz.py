r"""Pictures as TikZ: a LaTeX document of its own, for `pdflatex` or for `\includestandalone` in another."""

from collections.abc import Mapping, Sequence

from fusion.drawing.display import (
    Circle,
    Drawing,
    Group,
    Item,
    Line,
    Point,
    Polygon,
    Rect,
    Strokes,
    Text,
    flattened,
)
from fusion.drawing.palette import LIGHT, Colour
from fusion.figures.outlines import arrowhead, corners, hatching, shortened_end
from fusion.wording import DASH, MINUS, TIMES, cleaned

POINT = 0.75
"""Points of 1/72 inch for each pixel of the picture, 96 to the inch."""

_SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    # Two of these would become one sign.
    "-": "{-}",
    ",": "{,}",
    "?": "{?}",
    "!": "{!}",
    TIMES: r"\texttimes{}",
    MINUS: r"\textminus{}",
    DASH: r"\textendash{}",
    "\N{MIDDLE DOT}": r"\textperiodcentered{}",
    "\N{HORIZONTAL ELLIPSIS}": r"\textellipsis{}",
    "\N{RIGHTWARDS ARROW}": r"\ensuremath{\rightarrow}",
} | {sign: rf"\{sign}" for sign in "{}$&#_%"}

_HEAD = r"""\RequirePackage{fix-cm}
\documentclass{standalone}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage[scaled=1]{helvet}
\usepackage{tikz}
% Signs that TeX's Helvetica has not are shown as a question mark.
\newcommand\fusionsign[1]{\ifcsname u8:\detokenize{#1}\endcsname#1\else?\fi}
\newcommand\fusiontext[5]{\node[anchor=base #1,inner sep=0,outer sep=0,text=fusion#2]
  at (#3) {\fontfamily{phv}\fontsize{#4bp}{#4bp}\selectfont#5};}
"""


def to_tikz(drawing: Drawing, colours: Mapping[Colour, str] = LIGHT) -> str:
    r"""Returns a picture as a LaTeX document of class `standalone`, set in Helvetica.

    >>> found = to_tikz(Drawing(10, 10, "a", "", (Text(0, 5, "50 % of a_b", 9),)))
    >>> [line for line in found.splitlines() if line.startswith(r"\fusiontext")]
    ['\\fusiontext{west}{ink}{0,5}{6.75}{50 \\% of a\\_b}']
    """
    size = f"(0,0) rectangle {_point((drawing.width, drawing.height))}"
    lines = [
        f"% {cleaned(drawing.title)}",
        _HEAD
        + "\n".join(
            rf"\definecolor{{fusion{_name(name)}}}{{HTML}}{{{value[1:]}}}" for name, value in colours.items()
        ),
        r"\begin{document}",
        rf"\begin{{tikzpicture}}[x={POINT}bp,y=-{POINT}bp,line join=round]",
        rf"\useasboundingbox {size};",
        rf"\fill[fusionpage] {size};",
    ]
    for item, x, y in flattened(drawing.items):
        lines += _commands(item, x, y)
    return "\n".join([*lines, r"\end{tikzpicture}", r"\end{document}", ""])


def _commands(item: Item, x: float, y: float) -> list[str]:
    match item:
        case Rect():
            return _rect(item, x, y)
        case Text():
            side = {"start": "west", "middle": "", "end": "east"}[item.anchor]
            words = (r"\bfseries " if item.bold else "") + _safe(item.text)
            place = _point((item.x + x, item.y + y))[1:-1]
            return [
                rf"\fusiontext{{{side}}}{{{_name(item.colour)}}}{{{place}}}{{{_number(item.size * POINT)}}}{{{words}}}"
            ]
        case Line():
            points = shortened_end(item) if item.arrow else item.points
            look = _look(None, item.stroke, item.weight, (item.dash, 0.8 * item.dash))
            path = rf"\path[{look}] {_rounded(_moved(points, x, y), item.radius)};"
            head = rf"\fill[fusion{_name(item.stroke)}] {_through(_moved(arrowhead(item), x, y))} -- cycle;"
            return [path, head] if item.arrow else [path]
        case Strokes():
            look = _look(None, item.stroke, item.weight)
            return [rf"\path[{look}] {' '.join(_through(_moved(line, x, y)) for line in item.lines)};"]
        case Circle():
            place = _point((item.x + x, item.y + y))
            look = _look(item.fill, item.stroke, item.weight)
            return [rf"\path[{look}] {place} circle[radius={_number(item.radius * POINT)}bp];"]
        case Polygon():
            return [rf"\fill[fusion{_name(item.fill)}] {_through(_moved(item.points, x, y))} -- cycle;"]
        case Group():
            return []


def _rect(rect: Rect, x: float, y: float) -> list[str]:
    ends = _moved(((rect.x, rect.y), (rect.x + rect.width, rect.y + rect.height)), x, y)
    radius = min(rect.radius, rect.width / 2, rect.height / 2)
    bent = f",rounded corners={_number(radius * POINT)}bp" if radius else ""
    shape = f"{_point(ends[0])} rectangle {_point(ends[1])};"
    filled = None if rect.hatched else rect.fill
    border = _look(filled, rect.stroke, rect.weight, (rect.dash, 0.75 * rect.dash))
    paths = [rf"\path[{border}{bent}] {shape}"]
    if rect.hatched:
        lines = [_through(_moved(line, x, y)) for line in hatching(rect)]
        ground = rf"\path[{_look(rect.fill, None, 0)}{bent}] {shape}"
        return [ground, *(rf"\path[{_look(None, 'edge', 1.2)}] {line};" for line in lines), *paths]
    return paths


def _look(
    fill: Colour | None, stroke: Colour | None, weight: float, dash: tuple[float, float] = (0.0, 0.0)
) -> str:
    parts = [f"fill=fusion{_name(fill)}"] if fill else []
    if stroke:
        parts += [f"draw=fusion{_name(stroke)}", f"line width={_number(weight * POINT)}bp"]
        on, off = (_number(length * POINT) for length in dash)
        parts += [f"dash pattern=on {on}bp off {off}bp"] if dash[0] else []
    return ",".join(parts)


def _rounded(points: Sequence[Point], radius: float) -> str:
    path = _point(points[0])
    for start, corner, end in corners(points, radius):
        # A quadratic curve as a cubic one.
        one, two = (((a[0] + 2 * corner[0]) / 3, (a[1] + 2 * corner[1]) / 3) for a in (start, end))
        path += f" -- {_point(start)} .. controls {_point(one)} and {_point(two)} .. {_point(end)}"
    return f"{path} -- {_point(points[-1])}"


def _through(points: Sequence[Point]) -> str:
    return " -- ".join(_point(point) for point in points)


def _moved(points: Sequence[Point], x: float, y: float) -> list[Point]:
    return [(px + x, py + y) for px, py in points]


def _point(point: Point) -> str:
    return f"({_number(point[0])},{_number(point[1])})"


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _name(colour: Colour) -> str:
    return colour.replace("_", "")


def _safe(text: str) -> str:
    """Returns text that LaTeX sets as it is, without a command in it."""
    return "".join(
        _SIGNS[sign] if sign in _SIGNS else sign if sign.isascii() else rf"\fusionsign{{{sign}}}"
        for sign in cleaned(text)
    )
