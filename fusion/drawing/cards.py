"""The card of a backbone: a ruler of its whole depth, its cuts, and what they throw away."""

from collections.abc import Mapping, Sequence

from fusion.drawing.boxes import FILLS, ROW, STROKES, WEIGHTS, Box, letter
from fusion.drawing.display import Circle, Group, Item, Line, Point, Rect, Text
from fusion.drawing.icons import scissors, snowflake, triangle
from fusion.drawing.lanes import PAD, Lane, Tap, thickness
from fusion.drawing.parts import SKIPPED
from fusion.drawing.segments import Segment
from fusion.drawing.strips import cell_group
from fusion.drawing.widths import text_width
from fusion.wording import counted, dimensions

RULER_HEIGHT = 46.0
FIRST_ROW = RULER_HEIGHT + 32.0
"""How far below a ruler's upper edge the line of the deepest cut runs; each further line runs a row lower."""
STRIP, CELL = 18.0, 44.0
"""Room for values below a ruler, and how wide one may be."""


def lane_box(lane: Lane, ruler: float, width: float) -> Box:
    """Returns the card, `width` wide, with a port on the left for each call and on the right for each call of each cut."""
    rows = {(tap.name, call): None for tap in reversed(lane.taps) for call, _ in tap.calls}
    heights = {key: lane.top + FIRST_ROW + _strip(lane) + ROW * number for number, key in enumerate(rows)}
    height = max(heights.values()) + ROW * len(lane.former) + 16.0 + lane.rim
    middle = lane.top + RULER_HEIGHT / 2
    count = len(lane.trunk.calls)
    inlets = {
        call: (lane.left - (24.0 if lane.badges else 1.0), middle + 24 * (number - (count - 1) / 2))
        for number, call in enumerate(lane.trunk.calls)
    }
    if lane.trunk.enter:
        inlets = lane.arrivals(_entrance(lane, ruler), lane.top)
    outlets = {f"{call} {tap}": (width, y) for (tap, call), y in heights.items()}
    marks, gone = _former(lane, ruler, width, max(heights.values()))
    outlets |= gone
    items = [
        *_frame(lane, width, height),
        *_words(lane),
        *_ruler(lane, ruler),
        *_values(lane, ruler),
        *_arrivals(lane, inlets, lane.top + RULER_HEIGHT),
        *_cuts(lane, ruler, width, heights),
        *marks,
    ]
    lost = lane.trunk.skeleton.params - sum(part.params for part in lane.segments if not part.discarded)
    tip = f"{lane.trunk.backbone}: {lane.arch}. {lane.facts}. Its cut discards {lost:,} params."
    return Box(
        f"trunk {lane.trunk.backbone}",
        width,
        height,
        tuple(items),
        inlets,
        outlets,
        margin=10.0,
        tip=tip,
        role="card",
    )


def _frame(lane: Lane, width: float, height: float) -> list[Item]:
    rim = lane.rim
    inner = Rect(
        rim,
        rim,
        width - 2 * rim,
        height - 2 * rim,
        "panel",
        "ink" if rim else "edge",
        1.2 if rim else 1.0,
        10,
    )
    return [Rect(0, 0, width, height, None, "ink", 1.2, 13), inner] if rim else [inner]


def _words(lane: Lane) -> list[Item]:
    x, y = lane.rim + PAD, lane.rim
    after = x + text_width(lane.name, 14.5, bold=True) + 12
    return [
        Text(x, y + 21, lane.name, 14.5, "ink", True),
        Text(after, y + 21, lane.origin, 10.5, "mute"),
        *(Text(x, y + 37 + 15 * number, line, 10.5, "mute") for number, line in enumerate(lane.lines)),
    ]


def _ruler(lane: Lane, ruler: float) -> list[Item]:
    items: list[Item] = []
    x, top, taken = lane.left, lane.top, 0.0
    parts = list(zip(lane.segments, lane.widths(ruler), strict=True))
    # Calls at different sizes have no shapes in common.
    sized, ends = None not in lane.trunk.shape, _downward(lane, ruler)
    for place, (segment, width) in enumerate(parts):
        items.append(_segment(segment, lane, x, width))
        x += width
        last = place + 1 == len(parts) or parts[place + 1][0].zone != segment.zone
        words = dimensions(segment.shape)
        half = text_width(words, 9.0) / 2
        clear = not any(x - half - 4 < end < x + half + 4 for end in ends)
        # At a cut the shape stands with its name; and two shapes need room side by side.
        if not segment.discarded and segment.shape and sized and clear and not last and x - half > taken + 6:
            low = top + RULER_HEIGHT + _strip(lane)
            items.append(Line(((x, low), (x, low + 5)), "line", 1.0))
            items.append(Text(x, low + 15, words, 9.0, "mute", False, "middle"))
            taken = x + half
    return items


def _strip(lane: Lane) -> float:
    return STRIP if lane.cells else 0.0


def _values(lane: Lane, ruler: float) -> list[Item]:
    """Returns the values of layers in a strip below the ruler; each ends at the depth of its layer."""
    items: list[Item] = []
    start, y = lane.left, lane.top + RULER_HEIGHT + 3
    for name, cell in lane.cells:
        end = lane.depth(name, ruler)
        # No wider than a number needs, lest it seems to be of all that lies before.
        start = max(start, end - CELL)
        items.append(cell_group(cell, lane.measure, (start, y), end - start))
        start = end
    return items


def _segment(segment: Segment, lane: Lane, x: float, width: float) -> Group:
    top, ghost = lane.top, segment.discarded
    words = segment.size
    items: list[Item] = []
    inner = width - 2
    if ghost:
        items.append(Rect(1, 0, inner, RULER_HEIGHT, "ghost_fill", "ghost", 1.1, 4, 4, hatched=True))
    elif segment.state == "mixed":
        split = inner * (1 - segment.trainable / segment.params)
        items.append(Rect(1, 0, inner, RULER_HEIGHT, "frozen_fill", None, 0, 4))
        items.append(Rect(1 + split, 0, inner - split, RULER_HEIGHT, "trainable_fill", None, 0, 4))
        items.append(Rect(1, 0, inner, RULER_HEIGHT, None, "line", 1.6, 4))
    else:
        stroke, weight = STROKES.get(segment.state, "line"), WEIGHTS.get(segment.state, 1.1)
        items.append(Rect(1, 0, inner, RULER_HEIGHT, FILLS.get(segment.state, "paper"), stroke, weight, 4))
    signed = segment.state in {"frozen", "trainable"} and not ghost
    middle = width / 2 + (7 if signed else 0)
    items.append(Text(width / 2, 18, segment.title, 10.5, "mute" if ghost else "ink", True, "middle"))
    items.append(Text(middle, 35, words, 9.5, "mute" if ghost else "ink", False, "middle"))
    if signed:
        sign = snowflake if segment.state == "frozen" else triangle
        items += sign(middle - text_width(words, 9.5) / 2 - 8, 31.5, 4.2, STROKES[segment.state])
    return Group(
        tuple(items),
        x,
        top,
        tip=_tip(segment, ghost),
        name=f"{segment.state if not ghost else 'discarded'} segment",
    )


def _tip(segment: Segment, ghost: bool) -> str:
    what = "discarded, never built" if ghost else f"{segment.trainable:,} trainable"
    shape = f", ends at {dimensions(segment.shape)}" if segment.shape else ""
    return f"{segment.title}: {counted(segment.layers, 'layer')}, {segment.params:,} params, {what}, {segment.work}{shape}"


def _entrance(lane: Lane, ruler: float) -> float:
    """Returns where what runs begins on a ruler, from the card's left edge."""
    parts = zip(lane.widths(ruler), lane.segments, strict=True)
    return lane.left + sum(width for width, part in parts if part.zone == SKIPPED)


def _arrivals(lane: Lane, inlets: Mapping[str, Point], bottom: float) -> list[Item]:
    items: list[Item] = []
    if lane.trunk.enter:
        x, y = next(iter(inlets.values()))
        items.append(Line(((x, y - 6), (x, bottom)), "ink", 2.0, radius=0))
    for call, badge in lane.badges.items():
        # What runs to an entrance would run through a letter before it.
        x = inlets[call][0] + 13.0 if lane.trunk.enter else lane.rim + 17.0
        items += letter(badge, x, inlets[call][1])
    return items


def _cuts(lane: Lane, ruler: float, width: float, heights: Mapping[tuple[str, str], float]) -> list[Item]:
    items: list[Item] = []
    places, top = _downward(lane, ruler), lane.top
    for tap, x in zip(lane.taps, lane.ends(ruler), strict=True):
        rows = [heights[tap.name, call] for call, _ in tap.calls]
        if lane.is_cut(tap):
            items.append(Line(((x, top - 4), (x, rows[-1])), "ink", 2.0, 5.0, radius=0))
            items.append(Group(scissors(0, 0, "ink"), x, top - 13, name="cut"))
        else:
            items.append(Line(((x - 1, top + RULER_HEIGHT), (x - 1, rows[-1])), "line", 1.2, radius=0))
        for (call, shape), y in zip(tap.calls, rows, strict=True):
            badge = lane.badges.get(call)
            colour = badge.colour if badge else "ink"
            at = width - lane.rim - 12
            for start, end in ((x, at - 8), (at + 8, width)) if badge else ((x, width),):
                items.append(Line(((start, y), (end, y)), colour, thickness(shape)))
            items.append(Circle(x, y, 3.4, colour))
            items += letter(badge, at, y) if badge else ()
        items += _label(lane, tap, x, rows, places)
    return items


def _former(lane: Lane, ruler: float, width: float, level: float) -> tuple[list[Item], dict[str, Point]]:
    """Returns the marks of former cuts below the height `level`, and where what was read there leaves the card."""
    items: list[Item] = []
    outlets: dict[str, Point] = {}
    for number, (tap, leaves) in enumerate(lane.former, start=1):
        x, y, words = lane.depth(tap.name, ruler), level + ROW * number, f"cut before: {tap.words[0]}"
        said = text_width(words, 10.0)
        # Above and below the ruler: its words stay clear.
        for start, end in ((lane.top - 9, lane.top + 4), (lane.top + RULER_HEIGHT - 4, y)):
            items.append(Line(((x, start), (x, end)), "line", 1.4, 3.0, radius=0))
        items.append(Circle(x, y, 3.0, "page", "line", 1.2))
        items.append(Text(x + 9 if x + said + 16 < width else x - 9 - said, y - 6, words, 10.0, "mute"))
        if leaves:
            items.append(Line(((x + 3, y), (width, y)), "ghost", 1.4, 4.0))
            outlets |= {f"{call} {tap.name}": (width, y) for call, _ in tap.calls}
    return items, outlets


def _downward(lane: Lane, ruler: float) -> list[float]:
    """Returns where lines run down from a ruler, of its cuts and of those before."""
    return [*lane.ends(ruler), *(lane.depth(tap.name, ruler) for tap, _ in lane.former)]


def _label(lane: Lane, tap: Tap, x: float, rows: Sequence[float], places: Sequence[float]) -> list[Item]:
    name, shape = tap.words
    if lane.fits_left(tap, x, places):
        y, start = (rows[0] + rows[-1]) / 2 + 4, x - 10 - tap.width
    else:
        y, start = rows[0] - 6, x + 9
    return [
        Text(start, y, name, 10.0, "ink", True),
        Text(start + text_width(name, 10.0, bold=True) + 7, y, shape, 10.0, "mute"),
    ]
