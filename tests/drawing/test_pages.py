"""Pages: narrow enough for a column of text, or in the shape of a slide, and nothing lost on the way."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from fusion.drawing.boxes import Box
from fusion.drawing.contents import Contents, Link
from fusion.drawing.display import Drawing, Group, Line, Text, flattened
from fusion.drawing.wrapping import Wrapping
from fusion.figures.figure import draw
from fusion.graph.nodes import FusionGraph


def things(drawing: Drawing, name: str) -> tuple[Group, float, float]:
    found = ((item, x, y) for item, x, y in flattened(drawing.items) if isinstance(item, Group))
    return next(each for each in found if each[0].name == name)


def frames(drawing: Drawing) -> list[tuple[str, float, float, float, float]]:
    """Name and edges of every box."""
    boxes, left, top = things(drawing, "boxes")
    return [
        (box.name, left + box.x, top + box.y, left + box.x + box.frame[0], top + box.y + box.frame[1])
        for box in boxes.items
        if isinstance(box, Group) and box.frame
    ]


def lines(drawing: Drawing) -> list[Line]:
    return [item for item in things(drawing, "lines")[0].items if isinstance(item, Line)]


def chain(count: int, width: float) -> Contents:
    names = [f"box{number}" for number in range(count)]
    boxes = {name: Box(name, width, 30, (), {"": (0, 15)}, {"": (width, 15)}) for name in names}
    links = (Link(a, "", b, "", "line", 1.0) for a, b in pairwise(names))
    return Contents(boxes, tuple(links))


def test_a_picture_for_paper_is_at_most_800_pixels_wide(case: tuple[FusionGraph, int]) -> None:
    assert draw(case[0], phase=case[1], style="paper").drawing.width <= 800


def test_a_slide_is_16_by_9(case: tuple[FusionGraph, int]) -> None:
    drawing = draw(case[0], phase=case[1], style="slide").drawing

    assert drawing.width / drawing.height == pytest.approx(16 / 9)


@pytest.mark.parametrize("style", ["paper", "slide"])
def test_every_box_is_still_there_once_and_none_on_another(case: tuple[FusionGraph, int], style: str) -> None:
    drawing = draw(case[0], phase=case[1], style=style).drawing

    found = frames(drawing)
    assert Counter(name for name, *_ in found) == Counter(
        name for name, *_ in frames(draw(case[0], phase=case[1]).drawing)
    )
    for place, (_, left, top, right, low) in enumerate(found):
        assert left >= 0
        assert right <= drawing.width
        for _, left2, top2, right2, low2 in found[:place]:
            assert left >= right2 or left2 >= right or top >= low2 or top2 >= low


@pytest.mark.parametrize("style", ["paper", "slide"])
def test_as_many_lines_arrive_as_in_one_row(case: tuple[FusionGraph, int], style: str) -> None:
    wide, narrow = (draw(case[0], phase=case[1], style=each).drawing for each in ("auto", style))

    assert sum(line.arrow for line in lines(narrow)) == sum(line.arrow for line in lines(wide))


def test_no_line_turns_inside_a_box(case: tuple[FusionGraph, int]) -> None:
    drawing = draw(case[0], phase=case[1], style="paper").drawing

    _, left, top = things(drawing, "lines")
    boxes = frames(drawing)
    for line in lines(drawing):
        moved = [(x + left, y + top) for x, y in line.points]
        # Where a line starts and ends is inside of cards.
        for (x1, y1), (x2, y2) in list(pairwise(moved))[1:-1]:
            for _, west, north, east, south in boxes:
                assert (
                    max(x1, x2) <= west or min(x1, x2) >= east or max(y1, y2) <= north or min(y1, y2) >= south
                )


def test_a_backbone_says_on_paper_what_it_says_anywhere(topology: Callable[[str], FusionGraph]) -> None:
    wide, narrow = (draw(topology("two"), phase=1, style=style).drawing for style in ("auto", "paper"))

    def words(drawing: Drawing) -> list[str]:
        texts = [item.text for item, *_ in flattened(drawing.items) if isinstance(item, Text)]
        return sorted(part for text in texts for line in text.split(" · ") for part in line.split("; "))

    assert words(narrow) == words(wide)


def test_rows_are_filled_from_left_to_right() -> None:
    found = Wrapping(chain(5, 100.0)).within(420.0)

    tops = [box.y for box in sorted(found.boxes, key=lambda box: box.name)]
    assert found.width <= 420
    assert tops == sorted(tops)
    assert len(set(tops)) == 2


def test_a_box_too_wide_for_a_row_stands_alone() -> None:
    found = Wrapping(chain(3, 500.0)).within(420.0)

    assert len({box.y for box in found.boxes}) == 3


def test_lines_to_the_next_row_do_not_cross() -> None:
    boxes = {name: Box(name, 100, 30, (), {"": (0, 15)}, {"": (100, 15)}) for name in "abcdef"}
    links = tuple(Link(a, "", b, "", "line", 1.0) for a, b in ("ad", "be", "cf"))

    found = Wrapping(Contents(boxes, links)).within(150.0)
    turns = [line.points for line in found.lines if len(line.points) == 6]
    assert len(turns) == 3
    for one in turns:
        for other in turns:
            # The lower a line turns, the further out it turns on the right and the further in on the left.
            assert (one[1][0] < other[1][0]) == (one[2][1] < other[2][1])
            assert (one[3][0] < other[3][0]) == (one[2][1] < other[2][1])
