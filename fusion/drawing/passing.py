"""Lines that pass columns, drawn straight where they would step aside by so little that it means nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from fusion.drawing.columns import Columns, Place

STEP, CLASH = 8.0, 4.5
"""A step that is taken out where it can be, and how far apart lines of two things start and end."""


def straightened(found: Columns) -> Columns:
    """Returns a layout in which a line that passes columns does so at one height, where steps were small and there is room.

    >>> from fusion.drawing.boxes import Box
    >>> from fusion.drawing.contents import Link
    >>> port, names = {"": (0.0, 5.0)}, ["a", "through 1 a ", "through 2 a ", "b"]
    >>> boxes = [Box(n, 0, 10, (), port, port, role="passage" if " " in n else "thing") for n in names]
    >>> places = {b.name: Place(b, x, y) for x, (b, y) in enumerate(zip(boxes, (0, 2, 3, 9), strict=True))}
    >>> links = tuple(Link(a, "", b, "", "line", 1.0) for a, b in zip(names, names[1:]))
    >>> [place.top for place in straightened(Columns(places, links)).places.values()]
    [0, 0.0, 0.0, 9]
    """
    places = dict(found.places)
    for start, names in _chains(found):
        for run in _runs([places[name] for name in names]):
            near = [start] if run[0].box.name == names[0] and abs(run[0].middle - start) <= STEP else []
            heights = [place.middle for place in run]
            for level in dict.fromkeys([*near, max(heights), min(heights)]):
                moved = [replace(place, top=level - place.box.height / 2) for place in run]
                if all(_is_free(replace(found, places=places), place) for place in moved):
                    places |= {place.box.name: place for place in moved}
                    break
    return replace(found, places=places)


def _chains(found: Columns) -> Iterator[tuple[float, list[str]]]:
    """Yields for each line that passes columns the height at which it starts, and the places where it passes them."""
    passing = {name for name, place in found.places.items() if place.box.role == "passage"}
    after = {link.source: link.target for link in found.links if {link.source, link.target} <= passing}
    for link in found.links:
        if link.target in passing and link.source not in passing:
            source, chain = found.places[link.source], [link.target]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            yield source.top + source.box.outlets[link.outlet][1], chain


def _runs(chain: Sequence[Place]) -> Iterator[list[Place]]:
    """Yields the stretches of a line within which it never steps aside by more than a little."""
    run = [chain[0]]
    for before, place in pairwise(chain):
        if abs(place.middle - before.middle) > STEP:
            yield run
            run = []
        run.append(place)
    yield run


def _is_free(found: Columns, moved: Place) -> bool:
    """Returns whether a place can be where it is `moved`: clear of what is beside it, and of more ends of lines than before."""
    now = found.places[moved.box.name]
    for other in found.column(moved.column):
        above, below = (other, moved) if other.top < now.top else (moved, other)
        room = above.box.margin + below.box.margin - 0.01
        if other.box.name != moved.box.name and below.top - above.top - above.box.height < room:
            return False
    return _clashes(found, moved) <= _clashes(found, now)


def _clashes(found: Columns, place: Place) -> int:
    """Returns how many other lines start level with where one ends at a place, or end level with where it goes on."""
    name, count = place.box.name, 0
    for link in found.links:
        source, target = found.places[link.source], found.places[link.target]
        if target.column == place.column and link.target != name:
            count += abs(source.top + source.box.outlets[link.outlet][1] - place.middle) < CLASH
        if source.column == place.column and link.source != name:
            count += abs(target.top + target.box.inlets[link.inlet][1] - place.middle) < CLASH
    return count
