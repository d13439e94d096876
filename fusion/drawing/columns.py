"""Where boxes stand: in columns from left to right, straight behind what they read, never on one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fusion.drawing.boxes import Box
from fusion.drawing.contents import Contents, Link


@dataclass(frozen=True, slots=True)
class Place:
    """A box in its column, or a line that passes through one; `top` is its upper edge."""

    box: Box
    column: int
    top: float

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.top + self.box.height / 2


@dataclass(frozen=True, slots=True)
class Columns:
    """A layout without horizontal places: what stands in which column and how high, and links from each to the next."""

    places: Mapping[str, Place]
    links: tuple[Link, ...]

    def column(self, number: int) -> list[Place]:
        """Returns what stands in a column, from top to bottom."""
        found = [place for place in self.places.values() if place.column == number]
        return sorted(found, key=lambda place: place.top)

    @property
    def count(self) -> int:
        """How many columns there are."""
        return 1 + max(place.column for place in self.places.values())


def columns(found: Contents, ranked: Mapping[str, int] | None = None) -> Columns:
    """Returns the columns of a picture; `ranked` says in which one each box stands, if not as far left as can be.

    A box stands one column right of the last thing it reads. A link that crosses columns passes each through a place of
    its own, as if that were a box, so no line ever runs through a box (after Sugiyama, Tagawa and Toda, "Methods for
    visual understanding of hierarchical system structures", 1981).

    >>> one, two = Box("a", 9, 9, (), outlets={"": (9, 4)}), Box("b", 9, 9, (), inlets={"": (0, 4)})
    >>> found = columns(Contents({"a": one, "b": two}, (Link("a", "", "b", "", "line", 1.0),)))
    >>> found.places["b"].column, found.places["b"].top
    (1, 0.0)
    """
    ranks = dict(ranked or ranks_of(found))
    boxes, links = _passages(found, ranks)
    # What stands before cards, or leads on from another row, is placed by what reads it.
    start = 1 if any(box.role in {"card", "entry"} for box in boxes.values()) else 0
    places: dict[str, Place] = {}
    for column in [*range(start, 1 + max(ranks.values())), *range(start - 1, -1, -1)]:
        names = [name for name in boxes if ranks[name] == column]
        wanted = {name: _wanted(boxes[name], links, places, name) for name in names}
        # Cards and inputs keep the order of the recipe; what follows keeps the order of what it reads.
        if column > start:
            names.sort(key=lambda name: wanted[name] + boxes[name].height / 2)
        elif column < start:
            names.sort(key=lambda name: wanted[name])
        tops = spread([boxes[name] for name in names], [wanted[name] for name in names])
        for name, top in zip(names, tops, strict=True):
            nudged = top + _nudge(
                boxes[name], top, [link for link in links if ranks[link.target] == column], places
            )
            places[name] = Place(boxes[name], column, nudged)
    highest = min(place.top for place in places.values())
    places = {name: replace(place, top=place.top - highest) for name, place in places.items()}
    return Columns(places, tuple(links))


def spread(boxes: Sequence[Box], wanted: Sequence[float]) -> list[float]:
    """Returns tops as near to `wanted` as can be, in the given order and with room between boxes.

    The sum of squares of what each is moved is least: isotonic regression by pooling adjacent violators (Barlow and
    others, 1972) after the heights are taken off.

    >>> spread([Box("a", 9, 10, (), margin=1), Box("b", 9, 10, (), margin=1)], [0, 0])
    [-6.0, 6.0]
    """
    offsets, total = [], 0.0
    for before, box in zip([None, *boxes], boxes, strict=False):
        total += before.height + before.margin + box.margin if before else 0.0
        offsets.append(total)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        value, count = want - offset, 1
        while pools and pools[-1][0] > value:
            other, size = pools.pop()
            value, count = (value * count + other * size) / (count + size), count + size
        pools.append((value, count))
    level = [value for value, count in pools for _ in range(count)]
    return [value + offset for value, offset in zip(level, offsets, strict=True)]


def ranks_of(found: Contents) -> dict[str, int]:
    """Returns the column of each box: one right of the last thing it reads.

    >>> boxes = {name: Box(name, 9, 9, ()) for name in "ab"}
    >>> ranks_of(Contents(boxes, (Link("a", "", "b", "", "line", 1.0),)))
    {'a': 0, 'b': 1}
    """
    ranks = dict.fromkeys(found.boxes, 0)
    for _ in found.boxes:
        before = dict(ranks)
        for link in found.links:
            ranks[link.target] = max(ranks[link.target], ranks[link.source] + 1)
        if ranks == before:
            break
    return ranks


def _passages(found: Contents, ranks: dict[str, int]) -> tuple[dict[str, Box], list[Link]]:
    """Returns boxes and links with every long link cut into links from column to column; ranks are added to `ranks`."""
    boxes, links = dict(found.boxes), dict[Link, None]()
    for link in found.links:
        source, outlet = link.source, link.outlet
        for column in range(ranks[link.source] + 1, ranks[link.target]):
            name = f"through {column} {link.source} {link.outlet}"
            ends = {"": (0.0, 5.0)}
            boxes[name] = Box(name, 0.0, 10.0, (), ends, ends, margin=3.0, role="passage")
            ranks[name] = column
            links[replace(link, source=source, outlet=outlet, target=name, inlet="")] = None
            source, outlet = name, ""
        links[replace(link, source=source, outlet=outlet)] = None
    return boxes, list(links)


def _nudge(box: Box, top: float, links: Sequence[Link], places: Mapping[str, Place]) -> float:
    """Returns how far a box is moved so that none ends level with the start of another, if it can be."""
    # Pills stand too close to each other to be moved.
    if box.margin < 8 and box.role != "passage":
        return 0.0
    starts = [(link, _start(link, places)) for link in links if link.source in places]
    ends = [(link, top + box.inlets[link.inlet][1]) for link in links if link.target == box.name]

    def clashes(move: float) -> int:
        pairs = (
            (start, end)
            for a, start in starts
            for b, end in ends
            if (a.source, a.outlet) != (b.source, b.outlet)
        )
        return sum(abs(start - end - move) < 4.5 for start, end in pairs)

    return min((0.0, 5.0, -5.0), key=clashes)


def _start(link: Link, places: Mapping[str, Place]) -> float:
    return places[link.source].top + places[link.source].box.outlets[link.outlet][1]


def _wanted(box: Box, links: Sequence[Link], places: Mapping[str, Place], name: str) -> float:
    """Returns the top at which the links of a box to what is placed already are straightest."""
    found = [
        _start(link, places) - box.inlets[link.inlet][1]
        for link in links
        if link.target == name and link.source in places
    ] or [
        places[link.target].top + places[link.target].box.inlets[link.inlet][1] - box.outlets[link.outlet][1]
        for link in links
        if link.source == name and link.target in places
    ]
    return sum(found) / len(found) if found else 0.0
