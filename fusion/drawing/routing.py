"""Lines between columns: each bends once, in the gutter, on a track of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from fusion.drawing.columns import Columns
from fusion.drawing.contents import Link
from fusion.drawing.display import Line, Point

TRACK, LEAD, TIP = 11.0, 10.0, 18.0
"""Distance between tracks, room before the first, and room for the arrowhead after the last."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A link with the heights of its ends."""

    link: Link
    start: float
    end: float


Bundle = tuple[Wire, ...]
"""Wires from one port: they share a track."""


def wires(found: Columns, column: int) -> tuple[Wire, ...]:
    """Returns the links that leave `column`; those into a symmetric box enter it in the order of their heights."""
    every = [link for link in found.links if found.places[link.source].column == column]
    drawn = [Wire(link, _height(found, link, "out"), _height(found, link, "in")) for link in every]
    for name in dict.fromkeys(link.target for link in every if found.places[link.target].box.symmetric):
        own = sorted((wire for wire in drawn if wire.link.target == name), key=lambda wire: wire.start)
        ends = sorted(wire.link.inlet for wire in own)
        for wire, inlet in zip(own, sorted(ends, key=int), strict=True):
            link = replace(wire.link, inlet=inlet)
            drawn[drawn.index(wire)] = Wire(link, wire.start, _height(found, link, "in"))
    return tuple(_straightened(wire) for wire in drawn)


def bundles(drawn: Sequence[Wire]) -> list[Bundle]:
    """Returns the wires that bend, by the port they start from, in the order of their tracks from left to right.

    >>> link = Link("a", "", "b", "", "line", 1.0)
    >>> len(bundles([Wire(link, 5.0, 9.0), Wire(link, 5.0, 5.0)])), bundles([Wire(link, 5.0, 5.0)])
    (1, [])
    """
    found: dict[tuple[str, str], Bundle] = {}
    for wire in drawn:
        port = wire.link.source, wire.link.outlet
        found[port] = (*found.get(port, ()), wire)
    bent = [each for each in found.values() if any(abs(wire.start - wire.end) > 0.5 for wire in each)]
    # Lines that go down turn the earlier the lower they start, lines that go up the earlier the higher.
    bent.sort(key=lambda each: each[0].start * (-1 if sum(w.end - w.start for w in each) > 0 else 1))
    return _improved(bent)


def gutter(drawn: Sequence[Wire]) -> float:
    """Returns the room the wires need between two columns.

    >>> gutter([])
    36.0
    """
    return LEAD + TIP + TRACK * max(len(bundles(drawn)) - 1, 0) + 8.0


def routed(
    drawn: Sequence[Wire], starts: Mapping[str, float], ends: Mapping[str, float], left: float
) -> list[Line]:
    """Returns the lines of wires; `starts` and `ends` are the left edges of boxes, `left` is where the gutter begins."""
    tracks = {
        (wire.link.source, wire.link.outlet): left + LEAD + TRACK * number
        for number, bundle in enumerate(bundles(drawn))
        for wire in bundle
    }
    lines = []
    for wire in drawn:
        link = wire.link
        start, end = (
            (starts[f"{link.source} {link.outlet}"], wire.start),
            (ends[f"{link.target} {link.inlet}"], wire.end),
        )
        through = link.target.startswith("through ")
        points: tuple[Point, ...]
        if abs(wire.start - wire.end) <= 0.5:
            points = (start, (end[0], start[1]))
        else:
            x = tracks[link.source, link.outlet]
            points = (start, (x, start[1]), (x, end[1]), end)
        lines.append(Line(points, link.colour, link.weight, link.dash, arrow=not through))
    return lines


def _straightened(wire: Wire) -> Wire:
    """Returns a wire without a bend too small to be meant; a passage goes on where it is."""
    small = abs(wire.start - wire.end) < 3 and not wire.link.target.startswith("through ")
    return replace(wire, end=wire.start) if small else wire


def _height(found: Columns, link: Link, side: str) -> float:
    name, key = (link.source, link.outlet) if side == "out" else (link.target, link.inlet)
    place = found.places[name]
    ports = place.box.outlets if side == "out" else place.box.inlets
    return place.top + ports[key][1]


def _improved(order: list[Bundle]) -> list[Bundle]:
    """Returns the bundles with one after the other moved to where it saves most crossings, until none does."""
    cost = [[_crossings(left, right) for right in order] for left in order]

    def crossings(places: Sequence[int]) -> float:
        return sum(cost[left][right] for left, right in combinations(places, 2))

    places = list(range(len(order)))
    best, before = crossings(places), float("inf")
    while 0 < best < before:
        before = best
        for moving, place in product(tuple(places), range(len(places))):
            rest = [other for other in places if other != moving]
            moved = [*rest[:place], moving, *rest[place:]]
            if (fewer := crossings(moved)) < best:
                places, best = moved, fewer
    return [order[place] for place in places]


def _crossings(left: Bundle, right: Bundle) -> float:
    """Counts how often the lines of two bundles cross if the first one turns left of the second one; one on the other is worst."""
    found = 0.0
    low, high = _span(left)
    found += low < right[0].start < high
    found += sum(abs(wire.end - right[0].start) < 4 for wire in left) * 10.0
    low, high = _span(right)
    return found + sum(low < wire.end < high for wire in left)


def _span(bundle: Bundle) -> tuple[float, float]:
    heights = [bundle[0].start, *(wire.end for wire in bundle)]
    return min(heights), max(heights)
