"""Boxes and lines at their places in the plane: columns from left to right, or rows from top to bottom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from fusion.drawing.boxes import Box
from fusion.drawing.columns import Columns, Place, columns, squeezed
from fusion.drawing.contents import Contents
from fusion.drawing.display import Group, Line
from fusion.drawing.passing import straightened
from fusion.drawing.routing import Wire, gutter, routed, wires


@dataclass(frozen=True, slots=True)
class Placed:
    """Boxes, and lines between them, in a field that begins at the origin."""

    width: float
    height: float
    boxes: tuple[Group, ...]
    lines: tuple[Line, ...]


def across(contents: Contents, ranked: Mapping[str, int] | None = None, limit: float = inf) -> Placed:
    """Returns boxes in columns, from what is read on the left to what reads it on the right, or where `ranked` says.

    Columns are at most `limit` high where they can be.

    >>> one, two = Box("a", 9, 9, (), outlets={"": (9, 4)}), Box("b", 9, 9, (), inlets={"": (0, 4)})
    >>> from fusion.drawing.contents import Link
    >>> found = across(Contents({"a": one, "b": two}, (Link("a", "", "b", "", "line", 1.0),)))
    >>> found.width, found.lines[0].points
    (54.0, ((9.0, 4.0), (45.0, 4.0)))
    """
    found = straightened(squeezed(columns(contents, ranked), limit))
    drawn = [wires(found, column) for column in range(found.count)]
    lefts = _lefts(found, drawn)
    height = max(place.top + place.box.height for place in found.places.values())
    return Placed(lefts[-1], height, tuple(_boxes(found, lefts)), tuple(_lines(found, drawn, lefts)))


def down(contents: Contents, ranked: Mapping[str, int] | None = None, limit: float = inf) -> Placed:
    """Returns boxes in rows, from what is read above to what reads it below: `across`, mirrored at the diagonal.

    >>> one, two = Box("a", 9, 5, (), outlets={"": (4, 5)}), Box("b", 9, 5, (), inlets={"": (4, 0)})
    >>> from fusion.drawing.contents import Link
    >>> found = down(Contents({"a": one, "b": two}, (Link("a", "", "b", "", "line", 1.0),)))
    >>> found.height, found.lines[0].points
    (46.0, ((4.0, 5.0), (4.0, 41.0)))
    """
    mirrored = {name: _mirrored(box) for name, box in contents.boxes.items()}
    found = across(Contents(mirrored, contents.links), ranked, limit)
    boxes = tuple(
        replace(box, x=box.y, y=box.x, frame=box.frame and (box.frame[1], box.frame[0]))
        for box in found.boxes
    )
    lines = tuple(replace(line, points=tuple((y, x) for x, y in line.points)) for line in found.lines)
    return Placed(found.height, found.width, boxes, lines)


def _mirrored(box: Box) -> Box:
    return replace(
        box,
        width=box.height,
        height=box.width,
        inlets={key: (y, x) for key, (x, y) in box.inlets.items()},
        outlets={key: (y, x) for key, (x, y) in box.outlets.items()},
    )


def _lefts(found: Columns, drawn: Sequence[Sequence[Wire]]) -> list[float]:
    """Returns the left edge of each column, then the right edge of the last."""
    lefts, x = [], 0.0
    for column in range(found.count):
        lefts.append(x)
        x += _width(found, column) + (gutter(drawn[column]) if column + 1 < found.count else 0.0)
    return [*lefts, x]


def _width(found: Columns, column: int) -> float:
    return max(place.box.width for place in found.column(column))


def _left(found: Columns, place: Place, lefts: Sequence[float]) -> float:
    """Returns the left edge of a box: beside a card at the card's right edge, else in the middle of its column."""
    room = _width(found, place.column) - place.box.width
    carded = any(other.box.role == "card" for other in found.column(place.column))
    return lefts[place.column] + (room if carded else room / 2)


def _lines(found: Columns, drawn: Sequence[Sequence[Wire]], lefts: Sequence[float]) -> Iterator[Line]:
    for column, every in enumerate(drawn):
        right = lefts[column] + _width(found, column)
        starts, ends = {}, {}
        for wire in every:
            link = wire.link
            source, target = found.places[link.source], found.places[link.target]
            passing = target.box.role == "passage"
            begins = (
                right
                if source.box.role == "passage"
                else _left(found, source, lefts) + source.box.outlets[link.outlet][0]
            )
            starts[f"{link.source} {link.outlet}"] = begins
            inset = (
                0.0
                if passing
                else _left(found, target, lefts) - lefts[column + 1] + target.box.inlets[link.inlet][0]
            )
            ends[f"{link.target} {link.inlet}"] = lefts[column + 1] + inset
            if passing:
                y = target.middle
                yield Line(
                    ((lefts[column + 1], y), (lefts[column + 1] + _width(found, column + 1), y)),
                    link.colour,
                    link.weight,
                    link.dash,
                )
        yield from routed(every, starts, ends, right)


def _boxes(found: Columns, lefts: Sequence[float]) -> Iterator[Group]:
    for column in range(found.count):
        for place in found.column(column):
            if place.box.role != "passage":
                box = place.box
                x, y = _left(found, place, lefts), place.top
                yield Group(box.items, x, y, tip=box.tip, name=box.name, frame=(box.width, box.height))
