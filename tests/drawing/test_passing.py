"""Lines past columns: straight where boxes beside them differ a little in size, and clear of those that differ much."""

from itertools import pairwise

import pytest

from fusion.drawing.boxes import Box
from fusion.drawing.columns import Columns, columns
from fusion.drawing.contents import Contents, Link
from fusion.drawing.passing import straightened

HEIGHTS = {"alike": (40.0, 44.0, 40.0), "unlike": (40.0, 90.0, 40.0)}


def skipping(heights: tuple[float, ...]) -> Contents:
    """A chain of boxes, and a line from its start to its end past all of them."""
    names = ["start", *(f"box{number}" for number in range(len(heights))), "end"]
    boxes = {
        name: Box(
            name, 20, high, (), {str(n): (0.0, high / 2 + 8 * n) for n in (0, 1)}, {"": (20.0, high / 2)}
        )
        for name, high in zip(names, (30.0, *heights, 30.0), strict=True)
    }
    links = [Link(a, "", b, "0", "line", 1.0) for a, b in pairwise(names)]
    return Contents(boxes, (*links, Link("start", "", "end", "1", "line", 1.0)))


def passages(found: Columns) -> list[float]:
    return [place.middle for place in found.places.values() if place.box.role == "passage"]


@pytest.mark.parametrize(("name", "count"), [("alike", 1), ("unlike", 2)])
def test_a_line_past_boxes_steps_aside_only_where_it_must(name: str, count: int) -> None:
    before = columns(skipping(HEIGHTS[name]))

    after = straightened(before)
    assert len(set(passages(before))) > 1
    assert len(set(passages(after))) <= count


@pytest.mark.parametrize("name", HEIGHTS)
def test_a_line_that_is_moved_stays_clear_of_what_is_beside_it(name: str) -> None:
    found = straightened(columns(skipping(HEIGHTS[name])))

    for column in range(found.count):
        for above, below in pairwise(found.column(column)):
            room = above.box.margin + below.box.margin - 0.1
            assert below.top - above.top - above.box.height >= room
