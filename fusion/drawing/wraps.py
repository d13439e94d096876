"""The card of a backbone at layer level on a slide: its parts run down in columns side by side, read from the left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf

from fusion.drawing.boxes import Badge, Box, letter
from fusion.drawing.display import Group, Item, Line, Point, Text
from fusion.drawing.lanes import PAD, Lane, lanes, thickness
from fusion.drawing.palette import Colour
from fusion.drawing.parts import SKIPPED
from fusion.drawing.runs import Opened, Run
from fusion.drawing.states import View
from fusion.drawing.towers import card_frame, stack, tower, tower_words
from fusion.drawing.tracks import CALL, GAP, TRACK, Stack, Tower
from fusion.drawing.widths import text_width
from fusion.wording import dimensions

GUTTER = 26.0
"""Room between columns, in which the line from the end of one runs up to the next."""
CALLS, LINE = 19.0, 14.0
"""Distance of the lines that come in, and of lines of words."""
OUTLET = 24.0
"""Distance of the lines that leave a card."""


Pieces = tuple[tuple[Run, Box], ...]
"""Parts with their boxes."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One column of a card.

    Args:
        tower: Its parts, as a tower by themselves.
        stack: These drawn.
        left: Where the column begins in the card.
    """

    tower: Tower
    stack: Stack
    left: float


def wrapped_boxes(
    view: View, badges: Mapping[str, Badge], opened: Opened, height: float = inf
) -> dict[str, Box]:
    """Returns the cards of all backbones, their parts in as few columns as are about `height` high.

    What they read enters on the left, and what is read leaves on the right.
    """
    towers = [
        tower(view, _turned(each), opened.get(each.trunk.backbone, frozenset()))
        for each in lanes(view, badges)
    ]
    return {box.name: box for box in (_card(each, height) for each in towers)}


def _turned(lane: Lane) -> Lane:
    """Returns what a card says with the calls of each cut the other way round: so the first leaves uppermost."""
    return replace(lane, taps=tuple(replace(tap, calls=tap.calls[::-1]) for tap in lane.taps))


def _card(whole: Tower, height: float) -> Box:
    lane, count = whole.lane, len(whole.lane.trunk.calls)
    # Lines come in below the words, above the parts.
    lowered = replace(whole, words=(*whole.words, *[""] * ceil((count + 0.5) * CALLS / LINE)))
    strips = _strips(lowered, height)
    width = max(strips[-1].left + strips[-1].tower.width + PAD, whole.width)
    tails = [(tap, call) for tap, call in whole.tails]
    low = max(each.stack.low for each in strips) + GAP
    bottom = low + OUTLET * len(tails) + PAD
    levels = {key: bottom - PAD - OUTLET * (number + 0.5) for number, key in enumerate(tails)}
    inlets = _inlets(whole, whole.top + 8)
    items: list[Item] = [*card_frame(lane, width, bottom), *tower_words(whole)]
    items += _arriving(strips[0], inlets)
    for strip, after in zip(strips, [*strips[1:], None], strict=True):
        items.append(Group(strip.stack.items, strip.left))
        items += _tails(strip, levels, width, is_last=after is None)
        if after:
            items += _turn(strip, after)
    return Box(
        f"trunk {lane.trunk.backbone}",
        width,
        bottom,
        tuple(items),
        inlets,
        {f"{call} {tap}": (width, levels[tap, call]) for tap, call in reversed(tails)},
        margin=14.0,
        tip=f"{lane.trunk.backbone}: {lane.arch}. {lane.facts}.",
        role="card",
    )


def _strips(whole: Tower, height: float) -> list[Strip]:
    found: list[Strip] = []
    left = 0.0
    for pieces in _columns(whole, height):
        exits = {run.parts[-1].exit.name for run, _ in pieces if not run.facts.discarded}
        lane = replace(whole.lane, taps=tuple(tap for tap in whole.lane.taps if tap.name in exits))
        part = _narrowed(replace(whole, lane=lane, pieces=pieces), is_first=not found)
        found.append(Strip(part, stack(part, link="open"), left))
        left += part.width + GUTTER
    return found


def _narrowed(part: Tower, *, is_first: bool) -> Tower:
    """Returns a column no wider than its own parts need; the first has room for what arrives."""
    enters = [box.inlets[""][0] for _, box in part.pieces]
    rights = [box.width - box.inlets[""][0] for _, box in part.pieces]
    calls = len(part.arrivals) if is_first else 0
    tracks = max(len(part.tails), calls if part.lane.trunk.enter else 0)
    labels = [46.0 + max(text_width(word, 10.0, bold=True) for word in tap.words) for tap in part.lane.taps]
    right = max([*rights, *labels, 26.0 * calls]) + PAD
    return replace(part, left=max(enters) + PAD + TRACK * tracks, right=right)


def _columns(whole: Tower, height: float) -> list[Pieces]:
    """Returns the parts in as few columns as are at most `height` high, as even as may be; a high part stands alone."""
    entered = next((n for n, (run, _) in enumerate(whole.pieces) if run.facts.zone != SKIPPED), 0)
    # What lies before an entrance stands with what is entered.
    units = [whole.pieces[: entered + 1], *((piece,) for piece in whole.pieces[entered + 1 :])]
    sizes = [sum(_size(whole, piece) for piece in unit) for unit in units]
    count = len(_filled(sizes, height))
    low, high = max(sizes), min(height, sum(sizes))
    for _ in range(12 if high > low else 0):
        middle = (low + high) / 2
        low, high = (low, middle) if len(_filled(sizes, middle)) == count else (middle, high)
    found, start = [], 0
    for size in _filled(sizes, max(low, high)):
        found.append(tuple(piece for unit in units[start : start + size] for piece in unit))
        start += size
    return found


def _filled(sizes: Sequence[float], limit: float) -> list[int]:
    """Returns how many of some things stand in each column of at most `limit`."""
    found, room = [0], limit
    for size in sizes:
        if size > room and found[-1]:
            found, room = [*found, 0], limit
        found[-1] += 1
        room -= size
    return found


def _size(whole: Tower, piece: tuple[Run, Box]) -> float:
    run, box = piece
    taps = {tap.name: tap for tap in whole.lane.taps} if not run.facts.discarded else {}
    tap = taps.get(run.parts[-1].exit.name)
    return GAP + box.height + (40.0 + CALL * len(tap.calls) if tap else 0.0)


def _inlets(whole: Tower, top: float) -> dict[str, Point]:
    """Returns where the line of each call comes in, from `top` down, the first call's uppermost."""
    x = whole.lane.rim + 8.0 if whole.lane.badges else 0.0
    return {call: (x, top + CALLS * number) for number, call in enumerate(whole.lane.trunk.calls)}


def _arriving(strip: Strip, inlets: Mapping[str, Point]) -> list[Item]:
    """Returns the lines from where calls come in to the first part; none runs across another."""
    part, items = strip.tower, list[Item]()
    lane, count = part.lane, len(inlets)
    entered = bool(lane.trunk.enter) and part.pieces[0][0].facts.zone == SKIPPED
    end = part.top if entered else part.top + (GAP + 12 if lane.badges else GAP)
    for number, (call, (x, y)) in enumerate(inlets.items()):
        badge = lane.badges.get(call)
        to = part.middle + 26 * (number - (count - 1) / 2) * (1 if entered else -1)
        start, colour = x, part.arriving(call)
        if badge:
            items += letter(badge, x + 9, y)
            start = x + 17
        items.append(Line(((start, y), (to, y), (to, end)), colour, 2.0, arrow=not entered))
    return items


def _tails(
    strip: Strip, levels: Mapping[tuple[str, str], float], width: float, *, is_last: bool
) -> list[Item]:
    """Returns the lines from the cuts of a column to the right edge of the card, below all columns."""
    part, items = strip.tower, list[Item]()
    single = len(part.lane.trunk.calls) == 1 and not part.pieces[-1][0].facts.discarded
    for number, (tap, call, y, shape) in enumerate(strip.stack.leaving):
        straight = is_last and single and number == len(strip.stack.leaving) - 1
        middle = strip.left + part.middle
        x = middle if straight else strip.left + part.track(number)
        level = levels[tap, call]
        points = ((middle, y), (x, y), (x, level), (width, level))
        items.append(Line(points[1:] if straight else points, part.colour(call), thickness(shape)))
    return items


def _turn(strip: Strip, after: Strip) -> list[Item]:
    """Returns the line from the end of a column up to the top of the next."""
    (x, y), shape = strip.stack.end, strip.stack.shape
    run, box = after.tower.pieces[0]
    to = after.left + after.tower.stand(box) + box.inlets[""][0]
    end = after.tower.top + (GAP + 12 if after.tower.lane.badges else GAP)
    turn, gutter, ghost = end - 22, after.left - GUTTER / 2, run.facts.discarded
    # Behind a tap its name stands beside the line.
    start, low = x + strip.left, y + (12 if shape else 26)
    points = ((start, y), (start, low), (gutter, low), (gutter, turn), (to, turn), (to, end))
    colour: Colour = "ghost" if ghost else "line"
    weight = thickness(shape) if shape and not ghost else 1.3
    items: list[Item] = [Line(points, colour, weight, 4.0 if ghost else 0.0, arrow=True)]
    if shape and not ghost:
        items.append(Text(to + 9, end - 8, dimensions(shape), 9.0, "mute"))
    return items
