"""The things a picture shows other than backbones: inputs, pools, blocks, fusions and the output, each with its ports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from fusion.drawing.display import Circle, Group, Item, Point, Rect, Text
from fusion.drawing.icons import op_sign, snowflake, triangle
from fusion.drawing.palette import Colour
from fusion.drawing.states import State
from fusion.drawing.widths import shortened, text_width

ROW = 38.0
"""Distance of lines that run in parallel through boxes of one kind, so that they run straight."""
BORDER = 4.0
"""Distance of the second border of what is shared."""
DASH = 5.0
"""Length of the dashes of what is not always there: inputs that may be missing, outputs of training only."""
DOTS = 2.0
"""Length of the dashes of what does not fit."""
SIGN = 8.0
"""Radius of the sign before a title."""
FILLS: Mapping[State, Colour] = {"frozen": "frozen_fill", "trainable": "trainable_fill"}
STROKES: Mapping[State, Colour] = {"frozen": "frozen", "trainable": "trainable"}
WEIGHTS: Mapping[State, float] = {"trainable": 2.6}
"""How what is frozen or trains is filled and bordered; else it is white with a thin grey border."""


Role = Literal["thing", "card", "passage", "entry"]
"""What a box is to the layout: a thing of its own, the card of a backbone, where a line passes through a column, or where
one comes from another row."""


@dataclass(frozen=True, slots=True)
class Box:
    """A thing in a picture.

    Args:
        name: Unique in the picture.
        width: In pixels.
        height: In pixels.
        items: What it is drawn with, from its top left corner.
        inlets: Where lines end, by key.
        outlets: Where lines start, by key.
        margin: Room above and below it.
        tip: What a pointer that rests on it is told.
        symmetric: Whether its inlets may be exchanged.
        role: What it is to the layout.
    """

    name: str
    width: float
    height: float
    items: tuple[Item, ...]
    inlets: Mapping[str, Point] = field(default_factory=dict)
    outlets: Mapping[str, Point] = field(default_factory=dict)
    margin: float = 8.0
    tip: str = ""
    symmetric: bool = False
    role: Role = "thing"


@dataclass(frozen=True, slots=True)
class Badge:
    """A stream through shared weights: its letter and its colour."""

    letter: str
    colour: Colour


def pill(
    name: str,
    title: str,
    detail: str = "",
    *,
    strong: bool = False,
    badge: Badge | None = None,
    dash: float = 0.0,
) -> Box:
    """Returns the box of a thing without weights; inputs and predictions are `strong`, what may be missing has a `dash`.

    >>> pill("a.pool", "avg", "768").height
    32.0
    """
    title = shortened(title, 11.5, 150.0, bold=True)
    detail = shortened(detail, 9.5, 150.0)
    wide = max(text_width(title, 11.5, bold=True), text_width(detail, 9.5))
    inset = 20.0 if badge and strong else 0.0
    height = 42.0 if strong else 32.0 if detail else 26.0
    width = max(wide + 26 + inset, 66.0 if strong else 46.0)
    colour: Colour = badge.colour if badge else "ink" if strong else "line"
    middle = (width + inset) / 2
    items: list[Item] = [
        Rect(0, 0, width, height, "paper", colour, 2.0 if strong else 1.1, min(height / 2, 13.0), dash),
        Text(middle, height / 2 + (-1.5 if detail else 4.0), title, 11.5, "ink", True, "middle"),
    ]
    if detail:
        items.append(Text(middle, height / 2 + 11.0, detail, 9.5, "mute", False, "middle"))
    if badge and strong:
        items += letter(badge, 17.0, height / 2)
    return _passed(Box(name, width, height, tuple(items), margin=5.0 if strong else 3.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a box has besides its words.

    Args:
        double: A second border, because its weights are used more than once.
        parts: What to say of it where some of it trains and some not.
        icon: What stands before the title, around (0, 0).
    """

    double: bool = False
    parts: str = ""
    icon: tuple[Item, ...] = ()


PLAIN = Signs()
"""None of them."""


def block(
    name: str,
    title: str,
    lines: Sequence[str],
    condition: State,
    *,
    calls: Sequence[str] = ("",),
    signs: Signs = PLAIN,
) -> Box:
    """Returns the box of layers with weights of one's own.

    Args:
        name: Unique in the picture.
        title: Its name.
        lines: What it does; the last two say its widths and what it costs.
        condition: What the phase does to it.
        calls: Keys of the calls that run through the box.
        signs: What it has besides.

    >>> block("head.top", "top", ["dense 256 relu", "8 to 256", "2 k params"], "trainable").outlets
    {'': (124.0, 49.0)}
    """
    double, icon = signs.double, signs.icon
    rim = BORDER if double else 0.0
    title = shortened(title, 12.5, 190.0, bold=True)
    lines = [shortened(line, 10.5, 190.0) for line in lines]
    inset = 2 * SIGN + 6.0 if icon else 0.0
    titled = text_width(title, 12.5, bold=True)
    widths = [titled + inset, *(text_width(line, 10.5) for line in lines), 100.0]
    said = condition in {"frozen", "trainable", "mixed"}
    width = max(widths) + 24 + 2 * rim
    height = 28.0 + 15.0 * len(lines) + (25.0 if said else 4.0) + 2 * rim
    items: list[Item] = [_plate(rim, rim, width - 2 * rim, height - 2 * rim, condition)]
    if double:
        items.append(Rect(0, 0, width, height, None, "ink", 1.2, 10.0))
    items.append(Text((width + inset) / 2, rim + 20, title, 12.5, "ink", True, "middle"))
    items += [Group(icon, (width - titled - inset) / 2 + SIGN, rim + 15.5)] if icon else []
    for number, line in enumerate(lines):
        colour: Colour = "ink" if double <= number < len(lines) - 2 else "mute"
        items.append(Text(width / 2, rim + 36 + 15 * number, line, 10.5, colour, False, "middle"))
    if said:
        items += chip(rim + 5, height - rim - 20, width - 2 * rim - 10, condition, signs.parts)
    return _passed(Box(name, width, height, tuple(items)), calls)


def chip(x: float, y: float, width: float, condition: State, parts: str = "") -> tuple[Item, ...]:
    """Returns the strip that says in words what the phase does.

    >>> [item.text for item in chip(0, 0, 90, "frozen") if isinstance(item, Text)]
    ['frozen']
    """
    words = parts if condition == "mixed" else condition
    size = text_width(words, 9.5, bold=True)
    if condition not in STROKES:
        return (Text(x + width / 2, y + 11, words, 9.5, "mute", True, "middle"),)
    sign = snowflake if condition == "frozen" else triangle
    start = x + width / 2 - size / 2 + 6
    strip = Rect(x, y, width, 15, STROKES[condition], None, 0, 3)
    return (strip, *sign(start - 8, y + 7.5, 4.2, "page"), Text(start, y + 11, words, 9.5, "page", True))


def bar(name: str, title: str, widths: Sequence[int]) -> Box:
    """Returns the box of a concatenation: a stack with a segment for each vector, in proportion to its width.

    They stand from top to bottom as they are concatenated.

    >>> [round(y) for x, y in bar("fusion", "concat", [768, 1024]).inlets.values()]
    [51, 99]
    """
    total, words = sum(widths), shortened(title, 11.5, 150.0, bold=True)
    sizes = shares([float(each) for each in widths], [26.0] * len(widths), max(48.0 * len(widths), 72.0))
    column = max(text_width(str(each), 10.5, bold=True) for each in widths) + 14
    width = max(column, text_width(words, 11.5, bold=True), text_width(str(total), 9.5)) + 2
    left, y = (width - column) / 2, 30.0
    items: list[Item] = [
        Text(width / 2, 11, words, 11.5, "ink", True, "middle"),
        Text(width / 2, 23, str(total), 9.5, "mute", False, "middle"),
    ]
    inlets = {}
    for number, (each, size) in enumerate(zip(widths, sizes, strict=True)):
        items.append(Rect(left, y, column, size, "paper", "ink", 1.4, 2.0))
        items.append(Text(width / 2, y + size / 2 + 3.8, str(each), 10.5, "ink", True, "middle"))
        inlets[str(number)] = (left, y + size / 2)
        y += size
    outlets = {"": (left + column, (30.0 + y) / 2)}
    # As much room below as above, so that what follows stands level with the middle of the stack.
    return Box(name, width, y + 1, tuple(items), inlets, outlets, margin=8.0)


def op_circle(name: str, op: str, title: str, width: int, count: int) -> Box:
    """Returns the box of an op on vectors of equal width: a circle with its sign, `count` lines running in.

    >>> len(op_circle("fusion", "add", "add", 64, 3).inlets)
    3
    """
    radius = 16.0 + 2.5 * count
    words, detail = shortened(title, 11.5, 150.0, bold=True), str(width)
    whole = max(2 * radius + 2, text_width(words, 11.5, bold=True), text_width(detail, 9.5))
    x, y = whole / 2, 30.0 + radius
    rise = [(number - (count - 1) / 2) * min(11.0, 1.5 * radius / count) for number in range(count)]
    inlets = {str(n): (x - (radius**2 - dy**2) ** 0.5, y + dy) for n, dy in enumerate(rise)}
    items = (
        Text(x, 11, words, 11.5, "ink", True, "middle"),
        Text(x, 23, detail, 9.5, "mute", False, "middle"),
        Circle(x, y, radius, "paper", "ink", 1.6),
        Group(op_sign(op, radius), x, y),
    )
    outlets = {"": (x + radius, y)}
    return Box(name, whole, y + radius + 1, items, inlets, outlets, symmetric=True)


def dashed(box: Box) -> Box:
    """Returns the box of what is there in training only: its first item, the plate, with a dashed border.

    >>> dashed(block("a.auxiliary", "a.auxiliary", ["dense 2", "4 to 2", "10 params"], "none")).items[0].dash
    5.0
    """
    plate, *rest = box.items
    return replace(box, items=(replace(plate, dash=DASH) if isinstance(plate, Rect) else plate, *rest))


def letter(badge: Badge, x: float, y: float) -> tuple[Item, ...]:
    """Returns the round badge of a stream.

    >>> letter(Badge("A", "ink"), 0, 0)[1].text
    'A'
    """
    return (
        Circle(x, y, 8.0, badge.colour),
        Text(x, y + 3.8, badge.letter, 10.5, "page", True, "middle"),
    )


def shares(parts: Sequence[float], least: Sequence[float], total: float) -> list[float]:
    """Returns `total`, or more where it must be, split in proportion to `parts`, none under its `least`.

    >>> shares([1, 1, 8], [20, 10, 10], 100)
    [20, 10, 70.0]
    """
    free, found = set(range(len(parts))), list(least)
    while free:
        room = total - sum(found[place] for place in range(len(parts)) if place not in free)
        whole = sum(parts[place] for place in free) or 1.0
        small = {place for place in free if room * parts[place] / whole < least[place]}
        if not small:
            for place in free:
                found[place] = room * parts[place] / whole
            return found
        free -= small
    return found


def _plate(x: float, y: float, width: float, height: float, condition: State) -> Rect:
    fill, stroke = FILLS.get(condition, "paper"), STROKES.get(condition, "line")
    return Rect(x, y, width, height, fill, stroke, WEIGHTS.get(condition, 1.1), 6.0)


def _passed(box: Box, keys: Sequence[str] = ("",)) -> Box:
    """Returns `box` with a port on either side for each call."""
    room = min(ROW, box.height / len(keys))
    heights = [box.height / 2 + room * (number - (len(keys) - 1) / 2) for number in range(len(keys))]
    inlets = {key: (0.0, y) for key, y in zip(keys, heights, strict=True)}
    outlets = {key: (box.width, y) for key, y in zip(keys, heights, strict=True)}
    return Box(box.name, box.width, box.height, box.items, inlets, outlets, box.margin, box.tip)
