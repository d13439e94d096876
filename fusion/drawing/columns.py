"""Where boxes stand: in columns from left to right, straight behind what they read, never on one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from fusion.drawing.boxes import Box
from fusion.drawing.contents import Contents, Link
from fusion.drawing.ranks import ranks_of


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


@dataclass(frozen=True)
class Columns:
    """A layout without horizontal places: what stands in which column and how high, and links from each to the next."""

    places: Mapping[str, Place]
    links: tuple[Link, ...]

    def column(self, number: int) -> Sequence[Place]:
        """Returns what stands in a column, from top to bottom."""
        return self._all[number]

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self._all)

    @cached_property
    def _all(self) -> Sequence[Sequence[Place]]:
        found: list[list[Place]] = [
            [] for _ in range(1 + max(place.column for place in self.places.values()))
        ]
        for place in sorted(self.places.values(), key=lambda place: place.top):
            found[place.column].append(place)
        return found


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
    cards = [ranks[name] for name, box in boxes.items() if box.role == "card"]
    start = max(min(cards), 1) if cards else int(any(box.role == "entry" for box in boxes.values()))
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


def squeezed(found: Columns, limit: float) -> Columns:
    """Returns the same at most `limit` high, or as high as its fullest column: what sticks out is moved inwards.

    >>> tops = {"a": (0, 0.0), "b": (1, 0.0), "c": (1, 50.0)}
    >>> high = {name: Place(Box(name, 9, 10, ()), *place) for name, place in tops.items()}
    >>> [place.top for place in squeezed(Columns(high, ()), 40.0).places.values()]
    [0.0, 0.0, 30.0]
    """
    columns = [found.column(number) for number in range(found.count)]
    whole = max(place.top + place.box.height for place in found.places.values())
    if whole <= limit:
        return found
    fullest = max(columns, key=_needed)
    room = max(limit, _needed(fullest))
    # The window lies about the middle of the fullest column, inside of what there is.
    middle = (fullest[0].top + fullest[-1].top + fullest[-1].box.height) / 2
    low = min(max(middle - room / 2, 0.0), whole - room)
    places = {
        place.box.name: replace(place, top=top)
        for column in columns
        for place, top in _moved_in(column, low, room)
    }
    return replace(found, places={name: places[name] for name in found.places})


def _needed(column: Sequence[Place]) -> float:
    """Returns the height of a column whose boxes stand as close as they may."""
    return sum(place.box.height for place in column) + sum(
        one.box.margin + other.box.margin for one, other in pairwise(column)
    )


def _moved_in(column: Sequence[Place], low: float, room: float) -> list[tuple[Place, float]]:
    """Returns what stands in a column with tops counted from `low`, all between there and `room`."""
    tops, end = list[float](), room
    for place, after in zip(reversed(column), [None, *reversed(column)], strict=False):
        end -= place.box.height + (place.box.margin + after.box.margin if after else 0.0)
        end = min(end, place.top - low)
        tops.insert(0, end)
    start = 0.0
    for number, place in enumerate(column):
        tops[number] = max(tops[number], start)
        after = column[number + 1] if number + 1 < len(column) else None
        start = tops[number] + place.box.height + (place.box.margin + after.box.margin if after else 0.0)
    return list(zip(column, tops, strict=True))


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
