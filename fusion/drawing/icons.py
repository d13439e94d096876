"""Signs drawn as lines, because common fonts lack them as characters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import cos, exp, log2, pi, sin

from fusion.drawing.display import Circle, Group, Item, Point, Polygon, Rect, Strokes
from fusion.drawing.palette import Colour
from fusion.skeleton.layers import Shape


def snowflake(x: float, y: float, radius: float, colour: Colour) -> tuple[Item, ...]:
    """Returns the sign of what is frozen.

    >>> len(snowflake(0, 0, 4, "frozen")[0].lines)
    15
    """
    lines: list[tuple[Point, ...]] = []
    for arm in range(3):
        angle = pi * arm / 3 + pi / 2
        dx, dy = radius * cos(angle), radius * sin(angle)
        lines.append(((x - dx, y - dy), (x + dx, y + dy)))
        for side in (1, -1):
            start = (x + side * 0.62 * dx, y + side * 0.62 * dy)
            lines += [(start, _polar(start, angle + turn, side * radius * 0.38)) for turn in (0.75, -0.75)]
    return (Strokes(tuple(lines), colour, 1.1),)


def triangle(x: float, y: float, radius: float, colour: Colour) -> tuple[Item, ...]:
    """Returns the sign of what is trained.

    >>> triangle(0, 0, 10, "trainable")[0].points[0]
    (0, -10)
    """
    corners = ((x, y - radius), (x + radius * 0.95, y + radius * 0.8), (x - radius * 0.95, y + radius * 0.8))
    return (Polygon(corners, colour),)


def scissors(x: float, y: float, colour: Colour) -> tuple[Item, ...]:
    """Returns the sign of a cut: scissors that open upwards over (`x`, `y`).

    >>> len(scissors(0, 0, "ink"))
    3
    """
    blades = tuple(((x + side * 3.2, y + 5), (x - side * 3.4, y - 8)) for side in (1, -1))
    rings = [Circle(x + side * 4.2, y + 7, 2.6, None, colour, 1.5) for side in (1, -1)]
    return (Strokes(blades, colour, 1.6), *rings)


def sideways(items: Sequence[Item]) -> tuple[Item, ...]:
    """Returns a sign of strokes and circles, such as scissors, turned to the left.

    >>> sideways(scissors(0, 0, "ink"))[1].x
    7
    """
    turned: list[Item] = []
    for item in items:
        match item:
            case Strokes():
                turned.append(
                    replace(item, lines=tuple(tuple((y, x) for x, y in line) for line in item.lines))
                )
            case Circle():
                turned.append(replace(item, x=item.y, y=item.x))
    return tuple(turned)


def feature_map(shape: Shape, x: float, y: float) -> tuple[Item, ...]:
    """Returns a sign on a line around (`x`, `y`) for the map it carries; nothing for what has no height and width.

    It is the taller the higher the map and the wider the more channels it has, both by their logarithms.

    >>> [plate] = feature_map((56, 56, 256), 0, 0)[0].items
    >>> round(plate.height, 1), round(plate.width, 1)
    (16.6, 9.6)
    >>> feature_map((512,), 0, 0)
    ()
    """
    if len(shape) < 3:
        return ()
    height, width = (log2(max(each or 1, 2)) for each in (shape[0], shape[-1]))
    high, wide = max(5.0 + 2.0 * height, 8.0), max(1.2 * width, 4.0)
    plate = Rect(x - wide / 2, y - high / 2, wide, high, "paper", "line", 1.2, 1.5)
    return (Group((plate,), name="feature map"),)


def op_sign(op: str, radius: float) -> tuple[Item, ...]:
    """Returns the sign of a fusion op around (0, 0): plus, a mean's bar over x, an arrow to a bar, or a dot.

    >>> [len(op_sign(op, 10)) for op in ("add", "average", "maximum", "multiply")]
    [1, 1, 1, 1]
    """
    r = radius * 0.5
    match op:
        case "add":
            return _strokes([((-r, 0), (r, 0)), ((0, -r), (0, r))])
        case "average":
            low, high = 0.95 * r, -0.45 * r
            return _strokes(
                [
                    ((-0.6 * r, high), (0.6 * r, low)),
                    ((-0.6 * r, low), (0.6 * r, high)),
                    ((-0.7 * r, -r), (0.7 * r, -r)),
                ]
            )
        case "maximum":
            tip = -0.6 * r
            return _strokes(
                [
                    ((0, r), (0, tip)),
                    ((-0.55 * r, 0), (0, tip), (0.55 * r, 0)),
                    ((-0.8 * r, -r), (0.8 * r, -r)),
                ]
            )
        case _:
            return (Circle(0, 0, radius * 0.22, "ink"),)


def inner_sign(op: str, radius: float) -> tuple[Item, ...]:
    """Returns the sign of a fusion op that has weights or parts inside, around (0, 0); nothing for other ops.

    A gate's sigmoid, bars of attention, crossed looks, thin matrices, a grid of products, a sum, scale and shift, a
    difference in size, a vote.

    >>> [len(inner_sign(op, 8)) for op in ("gated", "attention", "low_rank", "concat")]
    [1, 1, 1, 0]
    """
    if op not in _INNER:
        return ()
    lines = tuple(tuple((x * radius, y * radius) for x, y in line) for line in _INNER[op])
    return (Strokes(lines, "ink", 1.6),)


def _frame(left: float, top: float, right: float, low: float) -> tuple[Point, ...]:
    return ((left, top), (right, top), (right, low), (left, low), (left, top))


_GRID: tuple[tuple[Point, ...], ...] = (
    _frame(-0.9, -0.9, 0.9, 0.9),
    *(((at, -0.9), (at, 0.9)) for at in (-0.3, 0.3)),
    *(((-0.9, at), (0.9, at)) for at in (-0.3, 0.3)),
)
_INNER: Mapping[str, tuple[tuple[Point, ...], ...]] = {
    "gated": (
        tuple((x / 5 - 1, 0.85 - 1.7 / (1 + exp(-1.3 * (x - 5)))) for x in range(11)),
        ((-1.0, 0.95), (1.0, 0.95)),
    ),
    "attention": (
        ((-1, 0.9), (1, 0.9)),
        *(((x, 0.9), (x, y)) for x, y in ((-0.75, 0.3), (-0.25, -0.9), (0.25, -0.1), (0.75, 0.5))),
    ),
    "cross_attention": (
        ((-1, -0.8), (1, 0.8)),
        ((-1, 0.8), (1, -0.8)),
        ((0.45, 0.8), (1, 0.8), (1, 0.25)),
        ((0.45, -0.8), (1, -0.8), (1, -0.25)),
    ),
    "low_rank": (_frame(-1, -0.9, -0.5, 0.9), _frame(-0.15, -0.9, 1, -0.4)),
    "bilinear": _GRID,
    "tensor": _GRID,
    "weighted_sum": (
        ((0.7, -0.6), (0.7, -0.9), (-0.7, -0.9), (0.1, 0), (-0.7, 0.9), (0.7, 0.9), (0.7, 0.6)),
    ),
    "film": (
        ((-1, -0.45), (-0.1, 0.45)),
        ((-1, 0.45), (-0.1, -0.45)),
        ((0.2, 0), (1, 0)),
        ((0.6, -0.4), (0.6, 0.4)),
    ),
    "compare": (((-0.9, -0.9), (-0.9, 0.9)), ((-0.4, 0), (0.4, 0)), ((0.9, -0.9), (0.9, 0.9))),
    "late": (((-0.8, 0), (-0.25, 0.65), (0.85, -0.75)),),
}
"""Lines of these signs, in parts of their radius."""


def _strokes(lines: list[tuple[Point, ...]]) -> tuple[Item, ...]:
    return (Strokes(tuple(lines), "ink", 2.0),)


def _polar(start: Point, angle: float, length: float) -> Point:
    return start[0] + length * cos(angle), start[1] + length * sin(angle)
