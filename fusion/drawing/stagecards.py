"""The card of a backbone at stage level: a box for each stage with what it costs, its cuts, and what they throw away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusion.drawing.boxes import FILLS, ROW, STROKES, WEIGHTS, Badge, Box, chip, letter
from fusion.drawing.display import Circle, Group, Item, Line, Rect, Text
from fusion.drawing.icons import scissors
from fusion.drawing.lanes import PAD, Lane, Tap, lanes, thickness
from fusion.drawing.segments import Segment
from fusion.drawing.states import View
from fusion.drawing.widths import text_width
from fusion.wording import MINUS, amount, cleaned, counted, dimensions, operations

TOP, HEIGHT, GAP = 68.0, 98.0, 30.0
"""Where the boxes of stages begin, how high they are, and the least room between them."""
FIRST_ROW = TOP + HEIGHT + 34.0
"""Where the line of the deepest cut runs; each further line runs a row lower."""
BEFORE, AFTER = 12.0, 16.0
"""How far behind a stage its tap leaves, and how far behind that the cut is."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where the stages of a backbone stand.

    Args:
        lane: What the card says.
        lefts: The left edge of each stage.
        widths: The width of each.
        taps: Where the line of each tap leaves, from the shallowest.
    """

    lane: Lane
    lefts: tuple[float, ...]
    widths: tuple[float, ...]
    taps: tuple[float, ...]

    @property
    def width(self) -> float:
        """The width of the card."""
        lane = self.lane
        name = text_width(lane.name, 14.5, bold=True) + 12 + text_width(lane.arch, 10.5)
        ends = [
            self.lefts[-1] + self.widths[-1],
            lane.left + max(name, text_width(lane.facts, 10.5)),
            *(x + AFTER + 8 + tap.width for x, tap in zip(self.taps, lane.taps, strict=True)),
        ]
        return max(ends) + PAD + lane.rim


def stage_cards(view: View, badges: Mapping[str, Badge]) -> Mapping[str, Box]:
    """Returns the cards of all backbones, all of one width."""
    rows = [_row(each) for each in lanes(view, badges)]
    width = max((row.width for row in rows), default=0.0)
    return {box.name: box for box in (_card(row, width) for row in rows)}


def _row(lane: Lane) -> Row:
    x = lane.left
    lefts, widths, taps = [], [], []
    for place, segment in enumerate(lane.segments):
        after = lane.segments[place + 1] if place + 1 < len(lane.segments) else None
        lefts.append(x)
        widths.append(_width(segment))
        x += widths[-1]
        if not segment.discarded and (after is None or after.zone != segment.zone):
            taps.append(x + BEFORE)
            x += BEFORE + AFTER + 14
        elif after is not None:
            shown = text_width(dimensions(segment.shape), 9.0) if _has_shape(lane, segment) else 0.0
            x += max(GAP, shown + 10)
    return Row(lane, tuple(lefts), tuple(widths), tuple(taps))


def _has_shape(lane: Lane, segment: Segment) -> bool:
    # Calls at different sizes have no shapes in common.
    return bool(segment.shape) and not segment.discarded and None not in lane.trunk.shape


def _lines(segment: Segment) -> tuple[str, str, str]:
    sign = MINUS if segment.discarded else ""
    return (
        counted(segment.layers, "layer"),
        f"{sign}{amount(segment.params)} params" if segment.params else "no weights",
        f"{sign}{operations(segment.flops)}" if segment.flops else "no operations",
    )


def _width(segment: Segment) -> float:
    words = [text_width(line, 9.5) for line in _lines(segment)]
    said = text_width(_chip(segment), 9.5, bold=True) + (26 if segment.state in STROKES else 10)
    return max(92.0, text_width(segment.title, 11.5, bold=True) + 18, max(words) + 18, said + 10)


def _chip(segment: Segment) -> str:
    if segment.discarded:
        return "discarded"
    if segment.state == "mixed":
        return f"{amount(segment.trainable)} trainable"
    return segment.state if segment.state in STROKES else ""


def _card(row: Row, width: float) -> Box:
    lane = row.lane
    rows = {(tap.name, call): None for tap in reversed(lane.taps) for call, _ in tap.calls}
    heights = {key: lane.rim + FIRST_ROW + ROW * number for number, key in enumerate(rows)}
    height = max(heights.values()) + 16.0 + lane.rim
    middle, count = lane.rim + TOP + HEIGHT / 2, len(lane.trunk.calls)
    inlets = {
        call: (lane.left - (24.0 if lane.badges else 1.0), middle + 24 * (number - (count - 1) / 2))
        for number, call in enumerate(lane.trunk.calls)
    }
    outlets = {f"{call} {tap}": (width, y) for (tap, call), y in heights.items()}
    items = [*_frame(lane, width, height), *_stages(row, middle), *_taps(row, width, heights)]
    for call, badge in lane.badges.items():
        items += letter(badge, lane.rim + 17.0, inlets[call][1])
    tip = f"{lane.trunk.backbone}: {lane.arch}. {lane.facts}."
    return Box(
        f"trunk {lane.trunk.backbone}", width, height, tuple(items), inlets, outlets, 10.0, tip, role="card"
    )


def _frame(lane: Lane, width: float, height: float) -> list[Item]:
    rim = lane.rim
    items: list[Item] = [Rect(0, 0, width, height, None, "ink", 1.2, 13)] if rim else []
    plate = Rect(rim, rim, width - 2 * rim, height - 2 * rim, "panel", "ink" if rim else "edge", 1.0, 10)
    after = rim + PAD + text_width(lane.name, 14.5, bold=True) + 12
    return [
        *items,
        plate,
        Text(rim + PAD, rim + 21, lane.name, 14.5, "ink", True),
        Text(after, rim + 21, lane.arch, 10.5, "mute"),
        Text(rim + PAD, rim + 37, lane.facts, 10.5, "mute"),
    ]


def _stages(row: Row, middle: float) -> list[Item]:
    lane, items = row.lane, list[Item]()
    parts = list(zip(lane.segments, row.lefts, row.widths, strict=True))
    for place, (segment, left, width) in enumerate(parts):
        items.append(_stage(segment, left, lane.rim + TOP, width))
        if place + 1 == len(parts):
            continue
        after, right = parts[place + 1], left + width
        ghost = after[0].discarded
        line = Line(
            ((right, middle), (after[1], middle)),
            "ghost" if ghost else "line",
            thickness(segment.shape) if segment.shape and not ghost else 1.4,
            4.0 if ghost else 0.0,
            arrow=True,
        )
        items.append(line)
        if after[0].zone == segment.zone and _has_shape(lane, segment):
            x = (right + after[1]) / 2
            items.append(Text(x, middle + 16, dimensions(segment.shape), 9.0, "mute", False, "middle"))
    return items


def _stage(segment: Segment, x: float, y: float, width: float) -> Group:
    ghost, state = segment.discarded, segment.state
    items: list[Item] = []
    if ghost:
        items.append(Rect(0, 0, width, HEIGHT, "ghost_fill", "ghost", 1.1, 6, 4, hatched=True))
    elif state == "mixed":
        split = width * (1 - segment.trainable / segment.params)
        items.append(Rect(0, 0, width, HEIGHT, "frozen_fill", None, 0, 6))
        items.append(Rect(split, 0, width - split, HEIGHT, "trainable_fill", None, 0, 6))
        items.append(Rect(0, 0, width, HEIGHT, None, "line", 1.6, 6))
    else:
        stroke, weight = STROKES.get(state, "line"), WEIGHTS.get(state, 1.1)
        items.append(Rect(0, 0, width, HEIGHT, FILLS.get(state, "paper"), stroke, weight, 6))
    middle = width / 2
    items.append(Text(middle, 20, cleaned(segment.title), 11.5, "mute" if ghost else "ink", True, "middle"))
    for number, line in enumerate(_lines(segment)):
        strong = number == 1 and not ghost
        items.append(Text(middle, 36 + 14 * number, line, 9.5, "ink" if strong else "mute", False, "middle"))
    if ghost:
        items.append(Text(middle, HEIGHT - 9, _chip(segment), 9.5, "mute", False, "middle"))
    elif state == "mixed":
        items.append(Text(middle, HEIGHT - 9, _chip(segment), 9.5, "ink", True, "middle"))
    elif state in STROKES:
        items += chip(5, HEIGHT - 21, width - 10, state)
    what = "discarded, never built" if ghost else f"{segment.trainable:,} trainable"
    tip = f"{segment.title}: {counted(segment.layers, 'layer')}, {segment.params:,} params, {what}, {operations(segment.flops)}"
    return Group(tuple(items), x, y, tip=tip, name=f"{'discarded' if ghost else state} segment")


def _taps(row: Row, width: float, heights: Mapping[tuple[str, str], float]) -> list[Item]:
    lane, items = row.lane, list[Item]()
    top, middle = lane.rim + TOP, lane.rim + TOP + HEIGHT / 2
    for place, (tap, x) in enumerate(zip(lane.taps, row.taps, strict=True)):
        rows = [heights[tap.name, call] for call, _ in tap.calls]
        stage = max(n for n, part in enumerate(lane.segments) if part.zone == place)
        # Where nothing follows, no line leaves the stage but this.
        leaves = row.lefts[stage] + row.widths[stage]
        items.append(Line(((leaves, middle), (x, middle), (x, rows[-1])), "ink", thickness(tap.calls[0][1])))
        if lane.is_cut(tap):
            items.append(
                Line(((x + AFTER / 2, top - 4), (x + AFTER / 2, rows[-1] + 8)), "ink", 2.0, 5.0, radius=0)
            )
            items.append(Group(scissors(0, 0, "ink"), x + AFTER / 2, top - 13, name="cut"))
        items += _leaving(lane, tap, x, rows, width)
    return items


def _leaving(lane: Lane, tap: Tap, x: float, rows: Sequence[float], width: float) -> list[Item]:
    items: list[Item] = []
    for (call, shape), y in zip(tap.calls, rows, strict=True):
        colour = lane.badges[call].colour if call in lane.badges else "ink"
        items += [Line(((x, y), (width, y)), colour, thickness(shape)), Circle(x, y, 3.4, colour)]
    name, shape_words = tap.words
    start = x + AFTER + 4
    items.append(Text(start, rows[0] - 7, name, 10.0, "ink", True))
    items.append(Text(start + text_width(name, 10.0, bold=True) + 7, rows[0] - 7, shape_words, 10.0, "mute"))
    return items
