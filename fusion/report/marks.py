"""What charts are made of: lines, texts, points and the scale of an axis, as SVG in colours that follow light and dark."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from fusion.drawing.palette import DARK, LIGHT, Colour
from fusion.wording import cleaned

WIDTH = 760
"""Of every chart, in pixels."""

USED: tuple[Colour, ...] = (
    "page",
    "panel",
    "edge",
    "ink",
    "mute",
    "frozen",
    "frozen_fill",
    "trainable",
    "second",
)
SERIES = ("frozen", "trainable", "second", "mute")
"""Colours of curves, in turn."""
DASHES = ("", "5 3", "2 3")
"""Dashes of the curves of each turn through the colours."""


def _variables(palette: Mapping[Colour, str]) -> str:
    return "".join(f"--{name}:{palette[name]};" for name in USED)


STYLES = (
    f".chart,:root{{{_variables(LIGHT)}}}\n"
    f"@media screen and (prefers-color-scheme:dark){{.chart,:root{{{_variables(DARK)}}}}}\n"
    ".chart{font:12px Helvetica,Arial,'Liberation Sans',sans-serif;max-width:100%;height:auto;display:block}\n"
    ".chart text{fill:var(--ink)}.chart .mute{fill:var(--mute)}\n"
)
"""Colours and letters of charts; they print light."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where numbers lie along an axis.

    Args:
        low: Smallest number shown.
        high: Largest.
        start: Where the smallest lies, in pixels.
        end: Where the largest lies.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        """Returns where a number lies."""
        return self.start + (number - self.low) / (self.high - self.low) * (self.end - self.start)


def scale(numbers: Sequence[float], start: float, end: float) -> Scale:
    """Returns the scale that shows all numbers, with a little room on both sides.

    >>> scale([0.0, 1.0], 0, 100)(0.5)
    50.0
    """
    low, high = min(numbers), max(numbers)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return Scale(low - room, high + room, start, end)


def ticks(of: Scale, count: int = 5) -> list[float]:
    """Returns round numbers along a scale, about `count` of them.

    >>> ticks(Scale(0.0, 1.0, 0, 1))
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (of.high - of.low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((power * factor for factor in (1, 2, 5, 10)), key=lambda each: abs(each - rough))
    first, last = math.ceil(of.low / step - 1e-9), math.floor(of.high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def svg(height: float, title: str, body: Sequence[str]) -> str:
    """Returns a chart; `alone` makes a file of it."""
    said = escape(cleaned(title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="{said}" width="{WIDTH}" '
        f'height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"><title>{said}</title>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def alone(chart: str) -> str:
    """Returns a chart with its colours inside, as a file needs it; a picture of another kind has them.

    >>> "--ink" in alone(svg(10, "empty", []))
    True
    """
    if 'class="chart"' not in chart:
        return chart
    page = '<rect width="100%" height="100%" style="fill:var(--page)"/>'
    return chart.replace("</title>\n", f"</title>\n<style>{STYLES}</style>\n{page}\n", 1)


def text(
    at: tuple[float, float], said: str, *, anchor: str = "start", kind: str = "", longest: int = 44
) -> str:
    """Returns a line of text; what is longer than `longest` letters is cut, and whole in its tooltip.

    >>> text((1, 2), "a<b")
    '<text x="1.0" y="2.0" text-anchor="start">a&lt;b</text>'
    """
    whole = cleaned(said)
    short = whole if len(whole) <= longest else whole[: longest - 1] + "…"
    tip = f"<title>{escape(whole)}</title>" if short != whole else ""
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}"{style}>{tip}{escape(short)}</text>'


def shortened(address: str, longest: int) -> str:
    """Returns an address such as `backbone/layer` in so many letters, less of the backbone's name first.

    >>> shortened("mobilenet/conv_pw_1", 16), shortened("eye/conv", 16)
    ('mobil…/conv_pw_1', 'eye/conv')
    """
    owner, slash, layer = address.rpartition("/")
    if len(address) <= longest:
        return address
    room = longest - len(layer) - 2
    return f"{owner[:room]}…/{layer}" if slash and room > 2 else f"{address[: longest - 1]}…"


def line(points: Sequence[tuple[float, float]], colour: str, *, width: float = 1.5, dashes: str = "") -> str:
    """Returns a line through points.

    >>> line([(0, 0), (1, 2)], "ink").startswith('<polyline points="0.0,0.0 1.0,2.0"')
    True
    """
    dashed = f";stroke-dasharray:{dashes}" if dashes else ""
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{where}" style="fill:none;stroke:var(--{colour});stroke-width:{width:g}{dashed}"/>'


def stroke(number: int) -> tuple[str, str]:
    """Returns the colour and the dashes of the curve with a number; where colours come again, dashes tell curves apart.

    >>> stroke(0), stroke(4), stroke(8)
    (('frozen', ''), ('frozen', '5 3'), ('frozen', '2 3'))
    """
    turn, colour = divmod(number, len(SERIES))
    return SERIES[colour], DASHES[turn % len(DASHES)]


def band(points: Sequence[tuple[float, float]], colour: str) -> str:
    """Returns an area, pale enough for what lies on it to be seen."""
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polygon points="{where}" style="fill:var(--{colour});fill-opacity:.16"/>'


def dot(at: tuple[float, float], colour: str, tip: str, *, filled: bool = True) -> str:
    """Returns a point with a tooltip; where it claims nothing it is hollow."""
    inside = colour if filled else "page"
    return (
        f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="4.5" '
        f'style="fill:var(--{inside});stroke:var(--{colour});stroke-width:2"><title>{escape(cleaned(tip))}</title></circle>'
    )
