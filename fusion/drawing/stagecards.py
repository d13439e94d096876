"""The card of a backbone at stage level: a box for each stage with what it costs, its cuts, and what they throw away."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from fusion.drawing.boxes import FILLS, STROKES, WEIGHTS, Badge, Box, chip, letter
from fusion.drawing.display import Circle, Group, Item, Line, Point, Rect, Text
from fusion.drawing.icons import feature_map, scissors, sideways
from fusion.drawing.lanes import PAD, Lane, Tap, lanes, thickness
from fusion.drawing.marks import APART, outlined
from fusion.drawing.parts import SKIPPED
from fusion.drawing.segments import Segment
from fusion.drawing.stagerows import AFTER, BEFORE, HEIGHT, Rows, chip_words, has_shape, lines_of, stage_rows
from fusion.drawing.states import View
from fusion.drawing.widths import text_width
from fusion.graph.costs import BYTES
from fusion.wording import cleaned, counted, dimensions, memory


def stage_cards(view: View, badges: Mapping[str, Badge], room: float = inf) -> Mapping[str, Box]:
    """Returns the cards of all backbones, all of one width; their stages and words in rows of at most `room`."""
    rows = [stage_rows(replace(each, limit=room)) for each in lanes(view, badges)]
    width = max((row.width for row in rows), default=0.0)
    return {box.name: box for box in (_card(row, width) for row in rows)}


def _card(rows: Rows, width: float) -> Box:
    lane = rows.lane
    middle, count = rows.middle(0), len(lane.trunk.calls)
    inlets = {
        call: (lane.left - (24.0 if lane.badges else 1.0), middle + 24 * (number - (count - 1) / 2))
        for number, call in enumerate(lane.trunk.calls)
    }
    outlets = {f"{call} {tap}": (width, y) for (tap, call), y in rows.heights.items()}
    items = [*_frame(lane, width, rows.bottom), *_stages(rows), *_taps(rows, width)]
    if lane.trunk.enter:
        stand = next(each for each in rows.stands if each.segment.zone != SKIPPED)
        x, top = stand.left, rows.tops[stand.row]
        inlets = lane.arrivals(x, top)
        highest = min(y for _, y in inlets.values())
        items.append(Line(((x, highest - 6), (x, top + HEIGHT)), "ink", 2.0, radius=0))
    for call, badge in lane.badges.items():
        # What runs to an entrance would run through a letter before it.
        x = inlets[call][0] + 13.0 if lane.trunk.enter else lane.rim + 17.0
        items += letter(badge, x, inlets[call][1])
    tip = f"{lane.trunk.backbone}: {lane.arch}. {lane.facts}."
    return Box(
        f"trunk {lane.trunk.backbone}",
        width,
        rows.bottom,
        tuple(items),
        inlets,
        outlets,
        10.0,
        tip,
        role="card",
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
        Text(after, rim + 21, lane.origin, 10.5, "mute"),
        *(
            Text(rim + PAD, rim + 37 + 15 * number, line, 10.5, "mute")
            for number, line in enumerate(lane.lines)
        ),
    ]


def _stages(rows: Rows) -> list[Item]:
    lane, items = rows.lane, list[Item]()
    for place, stand in enumerate(rows.stands):
        items.append(_stage(stand.segment, stand.left, rows.tops[stand.row], stand.width))
        if stand.strip:
            items.append(Group(stand.strip, stand.left, rows.tops[stand.row] + HEIGHT + 3))
        if place + 1 < len(rows.stands):
            items += _link(rows, place)
        after = rows.stands[place + 1] if place + 1 < len(rows.stands) else None
        beside = after is not None and after.row == stand.row and after.segment.zone == stand.segment.zone
        if after and beside and has_shape(lane, stand.segment):
            x, y = (stand.right + after.left) / 2, rows.middle(stand.row)
            x += (APART * bool(stand.segment.mark) - APART * bool(after.segment.mark)) / 2
            items += feature_map(stand.segment.shape, x, y)
            items.append(Text(x, y + 22, dimensions(stand.segment.shape), 9.0, "mute", False, "middle"))
    return [*items, *_former(rows)]


def _former(rows: Rows) -> list[Item]:
    """Returns where the backbone was cut before: upright through its stage, at the depth of the layer."""
    items: list[Item] = []
    for tap, _ in rows.lane.former:
        stand = next(each for each in rows.stands if tap.name in each.segment.names)
        names, top = stand.segment.names, rows.tops[stand.row]
        x = stand.left + stand.width * (names.index(tap.name) + 1) / len(names)
        end = top + HEIGHT + stand.depth + 14
        # Above and below the stage: its words stay clear.
        items += [
            Line(((x, y), (x, low)), "line", 1.4, 3.0, radius=0)
            for y, low in ((top - 9, top + 4), (top + HEIGHT - 4, end))
        ]
        items.append(Text(x - 5, end - 1, "cut before", 9.0, "mute", False, "end"))
    return items


def _link(rows: Rows, place: int) -> list[Item]:
    """Returns the line to the next stage: straight, or round to the start of the next row."""
    stand, after = rows.stands[place], rows.stands[place + 1]
    ghost, shape = after.segment.discarded, stand.segment.shape
    if not ghost and stand.segment.discarded:
        # What lies before an entrance leads nowhere.
        return []
    middle, right = rows.middle(stand.row), stand.right
    reached = after.left - (APART if after.segment.mark else 0.0)
    points: tuple[Point, ...] = ((right, middle), (reached, middle))
    if after.row != stand.row:
        level, low, left = rows.tops[after.row] - 14, rows.middle(after.row), after.left - BEFORE
        round_to = ((left, level), (left, low), (reached, low))
        # Behind a cut the tap leaves on the right, so what goes on leaves below.
        parted = after.segment.zone != stand.segment.zone
        x, y = stand.left + 16, rows.tops[stand.row] + HEIGHT + stand.depth
        way = (
            ((x, y), (x, level))
            if parted
            else ((right, middle), (right + BEFORE, middle), (right + BEFORE, level))
        )
        points = (*way, *round_to)
    weight = thickness(shape) if shape and not ghost else 1.4
    return [Line(points, "ghost" if ghost else "line", weight, 4.0 if ghost else 0.0, arrow=True)]


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
    for number, line in enumerate(lines_of(segment)):
        strong = number == 1 and not ghost
        items.append(Text(middle, 36 + 14 * number, line, 9.5, "ink" if strong else "mute", False, "middle"))
    if ghost:
        items.append(Text(middle, HEIGHT - 9, chip_words(segment), 9.5, "mute", False, "middle"))
    elif state == "mixed":
        items.append(Text(middle, HEIGHT - 9, chip_words(segment), 9.5, "ink", True, "middle"))
    elif state in STROKES:
        items += chip(5, HEIGHT - 21, width - 10, state)
    items += outlined(segment.mark, width, HEIGHT)
    what = "discarded, never built" if ghost else f"{segment.trainable:,} trainable"
    tip = f"{segment.title}: {counted(segment.layers, 'layer')}, {segment.params:,} params, {what}, {segment.work}, {memory(BYTES * segment.outputs)} of outputs"
    return Group(tuple(items), x, y, tip=tip, name=f"{'discarded' if ghost else state} segment")


def _taps(rows: Rows, width: float) -> list[Item]:
    lane, items = rows.lane, list[Item]()
    for zone, tap in enumerate(lane.taps):
        x, stand = rows.leaving(zone), rows.stands[rows.end(zone)]
        top, middle = rows.tops[stand.row], rows.middle(stand.row)
        heights = [rows.heights[tap.name, call] for call, _ in tap.calls]
        items.append(
            Line(((stand.right, middle), (x, middle), (x, heights[-1])), "ink", thickness(tap.calls[0][1]))
        )
        if lane.is_cut(tap):
            items += _cut(rows, zone, top, (x + AFTER / 2, heights[-1]), width)
        items += _leaving(lane, tap, x, heights, width)
    return items


def _cut(rows: Rows, zone: int, top: float, below: Point, width: float) -> list[Item]:
    """Returns the dashed line of a cut: upright behind its tap, or across the card where a new row begins."""
    x, y = below
    if rows.follows(zone):
        return [
            Line(((x, top - 4), (x, y + 8)), "ink", 2.0, 5.0, radius=0),
            Group(scissors(0, 0, "ink"), x, top - 13, name="cut"),
        ]
    left, level = rows.lane.rim + 8, y + 14
    return [
        Line(((left, level), (width - left, level)), "ink", 2.0, 5.0, radius=0),
        Group(sideways(scissors(0, 0, "ink")), width - left - 12, level, name="cut"),
    ]


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
