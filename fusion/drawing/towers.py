"""The card of a backbone at layer level: its parts from top to bottom, its cuts, and what these throw away."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Literal

from fusion.drawing.boxes import Badge, Box, letter
from fusion.drawing.display import Circle, Group, Item, Line, Point, Rect, Text
from fusion.drawing.icons import scissors, sideways
from fusion.drawing.lanes import PAD, Lane, Tap, lanes, thickness
from fusion.drawing.openings import WIDTH, folded, unfolded
from fusion.drawing.palette import Colour
from fusion.drawing.runs import Opened, Run, runs
from fusion.drawing.states import View
from fusion.drawing.tracks import APART, CALL, GAP, TRACK, Stack, Tower, tails
from fusion.drawing.widths import filled, text_width
from fusion.skeleton.layers import Shape
from fusion.wording import dimensions

STEP = 5.0
"""Distance of lines that turn aside to an entrance."""
SIGN = 30.0
"""Room for the scissors left of the words of a cut."""


def tower_boxes(
    view: View, badges: Mapping[str, Badge], opened: Opened, room: float = inf, *, even: bool = True
) -> dict[str, Box]:
    """Returns the cards of all backbones, at most `room` wide, unless a single part is wider.

    Where they stand side by side they are `even`, all of one height but those that read another.
    """
    found = [replace(each, limit=room) for each in lanes(view, badges)]
    towers = [tower(view, each, opened.get(each.trunk.backbone, frozenset())) for each in found]
    stacks = [stack(each) for each in towers]
    heights = [_high(*each) for each in zip(towers, stacks, strict=True)]
    if even:
        rows = _rows(view)
        own = [rows[each.trunk.backbone] for each in found]
        heights = [max(high for high, other in zip(heights, own, strict=True) if other == row) for row in own]
    cards = (_card(*each) for each in zip(towers, stacks, heights, strict=True))
    return {box.name: box for box in cards}


def _rows(view: View) -> dict[str, int]:
    """Returns for each backbone how many others lie before it, one after the other: those of one number stand side by side."""
    before: dict[str, int] = {}
    for node in view.graph.nodes:
        found = [before[parent.name] for parent in view.graph.parents(node.name)]
        before[node.name] = max(found, default=0) + (node.kind == "trunk")
    return {name: max(before[call] for call in trunk.calls) for name, trunk in view.graph.trunks.items()}


def tower(view: View, lane: Lane, exits: frozenset[str]) -> Tower:
    """Returns what stands in the card of `lane`, open where `exits` leave a part."""
    found = runs(lane.trunk, view, exits)
    count = len(tails(lane))
    room = lane.limit - 2 * (PAD + lane.rim) - TRACK * count
    boxes = [
        unfolded(lane.trunk, view, run, room) if run.is_open else folded(lane.trunk, view, run)
        for run in found
    ]
    labels = [SIGN + max(text_width(word, 10.0, bold=True) for word in tap.words) + 16 for tap in lane.taps]
    least = max(APART * count, WIDTH) / 2
    left = max([*(box.inlets[""][0] for box in boxes), least]) + PAD + TRACK * count
    right = max([*(box.width - box.inlets[""][0] for box in boxes), least, *labels]) + PAD
    named = text_width(lane.name, 14.5, bold=True) + 12 + text_width(lane.origin, 10.5) + 2 * PAD
    right = max(right, named - left, 340.0 - left)
    if left + right > lane.limit - 2 * lane.rim:
        # Parts stand beside the middle, so that what sticks out of one on the left is no room lost in others.
        whole = max([lane.limit - 2 * lane.rim, *(box.width + 2 * PAD + TRACK * count for box in boxes)])
        widest = min(whole, left + right)
        left = min(left, max(widest / 2, least + PAD + TRACK * count))
        right = widest - left
    words = tuple(filled(lane.facts.split(" · "), " · ", 10.5, left + right - 2 * PAD))
    return Tower(lane, tuple(zip(found, boxes, strict=True)), words, left, right)


def _card(tower: Tower, found: Stack, height: float) -> Box:
    rim, top = tower.lane.rim, tower.top
    rule = Line(((rim, top), (tower.width - rim, top)), "edge", 1.0)
    tails = (
        Line(tower.tail(tap, call, y, height), tower.colour(call), thickness(shape))
        for tap, call, y, shape in found.leaving
    )
    frame = card_frame(tower.lane, tower.width, height)
    return card_box(tower, height, (*frame, *tower_words(tower), rule, *found.items, *tails))


def card_frame(lane: Lane, width: float, height: float) -> list[Item]:
    """Returns the plate of a card, with a double border where its backbone is called more than once."""
    rim = lane.rim
    colour: Colour = "ink" if rim else "edge"
    frame: list[Item] = [Rect(0, 0, width, height, None, "ink", 1.2, 13)] if rim else []
    inner = (rim, rim, width - 2 * rim, height - 2 * rim)
    return [*frame, Rect(*inner, "panel", colour, 1.2 if rim else 1.0, 10)]


def card_box(tower: Tower, height: float, items: tuple[Item, ...]) -> Box:
    """Returns the box of a card, with an inlet above for each call and an outlet below for each call of each cut."""
    lane = tower.lane
    return Box(
        f"trunk {lane.trunk.backbone}",
        tower.width,
        height,
        items,
        {call: (x, 0.0) for call, x in zip(lane.trunk.calls, tower.arrivals, strict=True)},
        {f"{call} {tap}": (tower.outlet(tap, call), height) for tap, call in tower.tails},
        margin=14.0,
        tip=f"{lane.trunk.backbone}: {lane.arch}. {lane.facts}.",
        role="card",
    )


def tower_words(tower: Tower) -> list[Item]:
    """Returns what is written at the top of a card."""
    lane = tower.lane
    x, y = lane.rim + PAD, lane.rim
    after = x + text_width(lane.name, 14.5, bold=True) + 12
    items: list[Item] = [
        Text(x, y + 21, lane.name, 14.5, "ink", True),
        Text(after, y + 21, lane.arch, 10.5, "mute"),
    ]
    items += [Text(x, y + 37 + 14 * number, line, 10.5, "mute") for number, line in enumerate(tower.words)]
    return items


def stack(tower: Tower, *, link: Literal["joined", "open"] = "joined") -> Stack:
    """Returns the parts and cuts of a tower from its top; `open` leaves out the line to the first part."""
    items: list[Item] = []
    leaving: list[tuple[str, str, float, Shape]] = []
    y, x, start = tower.top, tower.middle, tower.top
    shape: Shape = ()
    taps = {tap.name: tap for tap in tower.lane.taps}
    for number, (run, box) in enumerate(tower.pieces):
        left = tower.stand(box)
        y = max(y, start) + (GAP if number or not tower.lane.badges else GAP + 12)
        ghost = run.facts.discarded
        items.append(Group(box.items, left, y, tip=box.tip, name=box.name))
        into = (left + box.inlets[""][0], y + box.inlets[""][1])
        if tower.enters(number):
            items += [*leading(tower, tower.top, into[1] - GAP), *joining(tower, into[1] - GAP, into)]
        elif number or (link == "joined" and not tower.lane.trunk.enter):
            items += _link(tower, (x, start), into, shape, is_first=not number, is_ghost=ghost)
        if shape and not ghost:
            beside = max(tower.arrivals) if tower.enters(number) else tower.middle
            items.append(Text(beside + 9, y - 11, dimensions(shape), 9.0, "mute"))
        x, start, shape = left + box.outlets[""][0], y + box.outlets[""][1], run.facts.shape
        y += box.height
        former = _former(tower, run, (x, y))
        items, y = [*items, *former], y + (14 if former else 0)
        tap = taps.get(run.parts[-1].exit.name)
        if tap and not ghost:
            marks, heights, start = cut_marks(tower, tap, (x, start), y)
            items += marks
            found = zip(tap.calls, heights, strict=True)
            leaving += [(tap.name, call, height, given) for (call, given), height in found]
            x, y, shape = tower.middle, start, ()
    return Stack(tuple(items), (x, max(y, start)), shape, max(y, start), tuple(leaving))


def _high(tower: Tower, found: Stack) -> float:
    """Returns how high the card of a tower is."""
    return found.low + PAD + 10 + CALL * len(tower.tails) + tower.lane.rim


def _former(tower: Tower, run: Run, leaving: Point) -> list[Item]:
    """Returns the mark of a cut before in a part that ends at some point: across the line that leaves it."""
    exit_name, (x, y) = run.parts[-1].exit.name, leaving
    found = [tap.name for tap, _ in tower.lane.former if tap.name in run.facts.names]
    if not found:
        return []
    words = "cut before" if exit_name in found else "cut before: inside"
    return [
        Line(((x - 76, y + 10), (x + 14, y + 10)), "line", 1.4, 3.0, radius=0),
        Text(x - 8, y + 21, words, 9.0, "mute", False, "end"),
    ]


def _link(
    tower: Tower, start: Point, into: Point, shape: Shape, *, is_first: bool, is_ghost: bool
) -> list[Item]:
    """Returns the lines to the next part."""
    x, y = start
    middle, (enters, end) = tower.middle, into
    if is_first:
        return arrivals(tower, y, end)
    colour: Colour = "ghost" if is_ghost else "line"
    points: tuple[Point, ...] = ((middle, y), (middle, end))
    if abs(x - middle) >= 1:
        points = ((x, y), (x, y + 22), (middle, y + 22), (middle, end))
    if abs(enters - middle) >= 1:
        turn = end - 17
        points = (*points[:-1], (middle, turn), (enters, turn), (enters, end))
    weight = thickness(shape) if shape else 1.3
    return [Line(points, colour, weight, 4.0 if is_ghost else 0.0, arrow=True)]


def arrivals(tower: Tower, start: float, end: float) -> list[Item]:
    """Returns the lines to the first part: one for each call."""
    lane = tower.lane
    if not lane.badges:
        return [Line(((tower.middle, start), (tower.middle, end)), "line", 2.0, arrow=True)]
    items: list[Item] = []
    for x, badge in zip(tower.arrivals, lane.badges.values(), strict=True):
        items.append(Line(((x, start + 22), (x, end)), badge.colour, 2.0, arrow=True))
        items += letter(badge, x, start + 14)
    return items


def leading(tower: Tower, start: float, end: float) -> list[Item]:
    """Returns the lines that turn aside above what lies before an entrance, to run down past it: one for each call."""
    items: list[Item] = []
    for number, (call, x) in enumerate(zip(tower.lane.trunk.calls, tower.arrivals, strict=True)):
        badge, turn, track = tower.lane.badges.get(call), start + 10 + STEP * number, tower.track(number)
        if badge:
            items += letter(badge, x, start + 14)
            turn += 16
        points = ((x, start + 22 if badge else start), (x, turn), (track, turn), (track, end))
        items.append(Line(points, tower.arriving(call), 2.0))
    return items


def joining(tower: Tower, start: float, into: Point) -> list[Item]:
    """Returns the lines that come back to the first part that runs; none runs across another."""
    items: list[Item] = []
    for number, (call, x) in enumerate(zip(tower.lane.trunk.calls, tower.arrivals, strict=True)):
        turn, track, end = into[1] - 12 - STEP * number, tower.track(number), x + into[0] - tower.middle
        points = ((track, start), (track, turn), (end, turn), (end, into[1]))
        items.append(Line(points, tower.arriving(call), 2.0, arrow=True))
    return items


def cut_marks(tower: Tower, tap: Tap, leaving: Point, y: float) -> tuple[list[Item], list[float], float]:
    """Returns the marks of a cut below the height `y`.

    Returns:
        The marks, the height at which the line of each call leaves, and that at which what follows begins.
    """
    lane, middle = tower.lane, tower.middle
    heights = [y + 20 + CALL * number for number in range(len(tap.calls))]
    (x, start), rule = leaving, heights[-1] + 20
    bent = ((x, start), (x, y + 11), (middle, y + 11), (middle, heights[-1]))
    points = bent if abs(x - middle) >= 1 else ((middle, start), (middle, heights[-1]))
    items: list[Item] = [Line(points, "ink", thickness(tap.calls[0][1]))]
    if lane.is_cut(tap):
        end = tower.width - lane.rim - PAD
        items.append(Line(((lane.rim + 6, rule), (end, rule)), "ink", 2.0, 5.0, radius=0))
        items.append(Group(sideways(scissors(0, 0, "ink")), end - 3, rule, name="cut"))
    for (call, _), height in zip(tap.calls, heights, strict=True):
        items.append(Circle(middle, height, 3.4, tower.colour(call)))
    name, words = tap.words
    items.append(Text(middle + 12, rule - 19, name, 10.0, "ink", True))
    items.append(Text(middle + 12, rule - 7, words, 10.0, "mute"))
    return items, heights, rule if lane.is_cut(tap) else heights[-1]
