"""Pictures too wide for a page: columns in several rows, like words in lines, and the lines that lead on to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fusion.drawing.boxes import Box
from fusion.drawing.contents import Contents, Link
from fusion.drawing.display import Group, Line, Point
from fusion.drawing.placing import Placed, across
from fusion.drawing.ranks import ranks_of
from fusion.drawing.routing import LEAD, TRACK

GAP = 16.0
"""Room above and below the lines between two rows."""

APART = 4
"""For how many lines it counts where a row ends before backbones."""

Port = tuple[str, str]
"""A box and one of its outlets."""


@dataclass(frozen=True, slots=True)
class Row:
    """Some columns by themselves, with where lines come in from the row above and leave for the one below."""

    placed: Placed
    entries: Mapping[Port, Point]
    exits: Mapping[Port, Point]
    links: Mapping[Port, Link]

    @property
    def width(self) -> float:
        """How wide it is with the lines that turn on either side."""
        return _lead(self.entries) + self.placed.width + _lead(self.exits)


class Wrapping:
    """The columns of a picture from left to right, in as few rows as are at most so many pixels wide.

    A column that is wider by itself stands alone. Of equally few rows those are taken between which the fewest lines
    run and that keep inputs beside backbones.

    >>> boxes = {name: Box(name, 60, 9, (), {"": (0, 4)}, {"": (60, 4)}) for name in "abc"}
    >>> links = tuple(Link(one, "", two, "", "line", 1.0) for one, two in ("ab", "bc"))
    >>> found = Wrapping(Contents(boxes, links)).within(210)
    >>> found.width <= 210, len({box.y for box in found.boxes})
    (True, 2)
    """

    def __init__(self, contents: Contents) -> None:
        self.contents, self.ranks = contents, ranks_of(contents)
        self.count = 1 + max(self.ranks.values())
        self._drawn: dict[tuple[int, int], Row] = {}

    def within(self, limit: float) -> Placed:
        """Returns everything placed in rows of at most `limit` pixels."""
        boxes, lines, top, width = list[Group](), list[Line](), 0.0, 0.0
        before: Mapping[Port, Point] = {}
        for row in self._rows(limit):
            if before:
                bottom, top = top, top + 2 * GAP + _spacing(before) * (len(before) - 1)
                lines += _connected(before, row, bottom + GAP, top)
            indent = _lead(row.entries)
            boxes += [replace(box, x=box.x + indent, y=box.y + top) for box in row.placed.boxes]
            lines += [replace(line, points=_moved(line.points, indent, top)) for line in row.placed.lines]
            before = {port: (x + indent, y + top) for port, (x, y) in row.exits.items()}
            width, top = max(width, row.width), top + row.placed.height
        return Placed(width, top, tuple(boxes), tuple(lines))

    def _rows(self, limit: float) -> list[Row]:
        """Returns the rows that cost least, found from the right: what is too wide, how many, lines between."""
        best: dict[int, tuple[tuple[float, int, int], list[Row]]] = {self.count: ((0.0, 0, 0), [])}
        for first in range(self.count - 1, -1, -1):
            found = []
            for after in range(first + 1, self.count + 1):
                row = self._row(first, after)
                (over, rows, between), rest = best[after]
                lines = len(row.exits) + (APART if self._is_carded(after) else 0)
                cost = (over + max(0.0, row.width - limit), rows + 1, between + lines)
                found.append((cost, [row, *rest]))
                if row.width > limit:
                    break
            best[first] = min(found, key=lambda each: each[0])
        return best[0][1]

    def _is_carded(self, column: int) -> bool:
        return any(
            box.role == "card" and self.ranks[name] == column for name, box in self.contents.boxes.items()
        )

    def _row(self, first: int, after: int) -> Row:
        if (first, after) not in self._drawn:
            self._drawn[first, after] = _row(self.contents, self.ranks, range(first, after))
        return self._drawn[first, after]


def _row(contents: Contents, ranks: Mapping[str, int], columns: range) -> Row:
    """Returns the boxes of some columns, with a mark where a line comes from before and where one goes on behind."""
    inner = [
        each
        for each in contents.links
        if ranks[each.source] < columns.stop and ranks[each.target] >= columns.start
    ]
    shift = 1 if any(ranks[link.source] < columns.start for link in inner) else 0
    boxes, placed, entries, exits = dict[str, Box](), dict[str, int](), dict[str, Port](), dict[str, Port]()
    ports = {(link.source, link.outlet): link for link in reversed(inner)}
    links = dict[Link, None]()
    for link in inner:
        source, outlet = port = link.source, link.outlet
        target, inlet = link.target, link.inlet
        if ranks[source] < columns.start:
            source, outlet = f"entry {source} {outlet}", ""
            boxes[source], placed[source], entries[source] = replace(_mark(source), role="entry"), 0, port
        if ranks[target] >= columns.stop:
            # Lines into what is called so have no arrowhead.
            target, inlet = f"through the end {port[0]} {port[1]}", ""
            boxes[target], placed[target], exits[target] = _mark(target), len(columns) + shift, port
        links[replace(link, source=source, outlet=outlet, target=target, inlet=inlet)] = None
    for name, box in contents.boxes.items():
        if ranks[name] in columns:
            boxes[name], placed[name] = box, ranks[name] - columns.start + shift
    found = across(Contents(boxes, tuple(links)), placed)
    at = {group.name: (group.x, group.y + 5.0) for group in found.boxes}
    kept = tuple(group for group in found.boxes if group.name not in entries | exits)
    return Row(
        replace(found, boxes=kept),
        {port: at[name] for name, port in entries.items()},
        {port: at[name] for name, port in exits.items()},
        ports,
    )


def _mark(name: str) -> Box:
    return Box(name, 0.0, 10.0, (), {"": (0.0, 5.0)}, {"": (0.0, 5.0)}, margin=3.0)


def _spacing(ends: Mapping[Port, Point]) -> float:
    """Returns how far lines beside a row are apart: many stand closer, but never so that they touch."""
    return max(min(TRACK, 44.0 / max(len(ends) - 1, 1)), 3.5)


def _lead(ends: Mapping[Port, Point]) -> float:
    """Returns how much room the lines need that turn beside a row."""
    return LEAD + _spacing(ends) * (len(ends) - 1) if ends else 0.0


def _connected(exits: Mapping[Port, Point], row: Row, level: float, top: float) -> list[Line]:
    """Returns the lines from the end of a row round to the start of the next, nested so that none crosses another."""
    leaving = sorted(exits, key=lambda port: exits[port][1])
    arriving = sorted(row.entries, key=lambda port: row.entries[port][1])
    apart, indent = _spacing(exits), _lead(row.entries)
    lines = []
    for port, (x1, y1) in exits.items():
        ((x2, y2),) = _moved((row.entries[port],), indent, top)
        outer = apart * (len(leaving) - 1 - leaving.index(port))
        right, low = x1 + LEAD + outer, level + outer
        left = x2 - LEAD - apart * arriving.index(port)
        points = ((x1, y1), (right, y1), (right, low), (left, low), (left, y2), (x2, y2))
        link = row.links[port]
        lines.append(Line(points, link.colour, link.weight, link.dash))
    return lines


def _moved(points: tuple[Point, ...], x: float, y: float) -> tuple[Point, ...]:
    return tuple((px + x, py + y) for px, py in points)
