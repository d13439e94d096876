"""Pages: narrow enough for a column of text, or in the shape of a slide, and nothing lost on the way."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from math import inf

import pytest

from fusion.checking import draw
from fusion.drawing.boxes import Box
from fusion.drawing.contents import Contents, Link
from fusion.drawing.display import Drawing, Group, Line, Rect, Text, flattened
from fusion.drawing.runs import opened
from fusion.drawing.states import view
from fusion.drawing.streams import streams
from fusion.drawing.towers import tower_boxes
from fusion.drawing.wrapping import Wrapping
from fusion.drawing.wraps import wrapped_boxes
from fusion.errors import DrawingError
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


def inner(box: Box) -> list[str]:
    """Names of what stands in a card."""
    return [item.name for item, *_ in flattened(box.items) if isinstance(item, Group) and item.name]


def lines(drawing: Drawing) -> list[Line]:
    return [item for item in things(drawing, "lines")[0].items if isinstance(item, Line)]


def chain(count: int, width: float) -> Contents:
    names = [f"box{number}" for number in range(count)]
    boxes = {name: Box(name, width, 30, (), {"": (0, 15)}, {"": (width, 15)}) for name in names}
    links = (Link(a, "", b, "", "line", 1.0) for a, b in pairwise(names))
    return Contents(boxes, tuple(links))


@pytest.fixture(params=["branch", pytest.param("stage", marks=pytest.mark.slow), "layer"])
def level(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(params=["two", "siamese", "four", "halves", "mixed"])
def backbones(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_a_picture_for_paper_is_at_most_800_pixels_wide(
    drawn: Callable[..., Drawing], name: str, level: str
) -> None:
    assert drawn(name, style="paper", level=level).width <= 800.01


@pytest.fixture(params=["branch", pytest.param("stage", marks=pytest.mark.slow), "layer"])
def slide(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A look at some level, folded, on slides that may be too wide to be read."""
    monkeypatch.setattr("fusion.drawing.pages.BROADEST", inf)
    return {"level": request.param} | ({"expand": "none"} if request.param == "layer" else {})


def test_a_slide_is_16_by_9(drawn: Callable[..., Drawing], name: str, slide: dict[str, str]) -> None:
    drawing = drawn(name, style="slide", **slide)

    assert drawing.width / drawing.height == pytest.approx(16 / 9)


def test_every_box_is_still_there_once(
    drawn: Callable[..., Drawing], name: str, slide: dict[str, str]
) -> None:
    found = [drawn(name, style=style, **slide) for style in ("auto", "paper", "slide")]

    names = [Counter(name for name, *_ in frames(drawing)) for drawing in found]
    assert names[1] == names[2] == names[0]


@pytest.mark.parametrize("height", [200.0, 500.0, 2000.0])
def test_layers_of_a_slide_stand_in_columns_and_each_once(
    topology: Callable[[str], FusionGraph], backbones: str, height: float
) -> None:
    seen = view(topology(backbones), 0)
    exits = opened(seen, "cut")

    tall = tower_boxes(seen, streams(seen.graph), exits)
    wrapped = wrapped_boxes(seen, streams(seen.graph), exits, height)
    for name, box in wrapped.items():
        assert Counter(inner(box)) == Counter(inner(tall[name]))
        assert box.inlets.keys() == tall[name].inlets.keys()
        assert box.outlets.keys() == tall[name].outlets.keys()
        assert all(x == box.width for x, _ in box.outlets.values())


def test_a_slide_says_where_more_layers_are_open_than_can_be_read(
    topology: Callable[[str], FusionGraph],
) -> None:
    with pytest.raises(
        DrawingError, match=r"0\.\d\d % of its height, less than the 0\.62 % .* \(expand 'none',"
    ):
        draw(topology("six"), style="slide", level="layer", expand="all").svg()

    assert draw(topology("siamese"), style="slide", level="layer", expand="none").drawing.width <= 2560


def test_as_many_lines_arrive_as_in_one_row(drawn: Callable[..., Drawing], name: str, level: str) -> None:
    wide, narrow = (drawn(name, style=each, level=level) for each in ("auto", "paper"))

    assert sum(line.arrow for line in lines(narrow)) == sum(line.arrow for line in lines(wide))


@pytest.mark.parametrize("backbones", ["two", "siamese", pytest.param("six", marks=pytest.mark.slow)])
def test_stages_in_rows_are_those_in_one_row_and_their_lines_cross_none(
    drawn: Callable[..., Drawing], backbones: str
) -> None:
    wide, narrow = (drawn(backbones, style=style, level="stage") for style in ("auto", "paper"))

    def stages(drawing: Drawing) -> list[tuple[str, str]]:
        found = (item for item, *_ in flattened(drawing.items) if isinstance(item, Group))
        return [(item.name, item.tip) for item in found if item.name.endswith(" segment")]

    assert stages(narrow) == stages(wide)
    cards = [
        item for item, *_ in flattened(narrow.items) if isinstance(item, Group) and item.name[:6] == "trunk "
    ]
    rows = set()
    for card in cards:
        boxes = [
            (item.x, item.y, item.x + plate.width, item.y + plate.height)
            for item in card.items
            if isinstance(item, Group)
            and item.name.endswith(" segment")
            and isinstance(plate := item.items[0], Rect)
        ]
        rows.add(len({top for _, top, _, _ in boxes}))
        for line in (item for item in card.items if isinstance(item, Line)):
            for (x1, y1), (x2, y2) in pairwise(line.points):
                for west, north, east, south in boxes:
                    beside = max(x1, x2) <= west or min(x1, x2) >= east
                    assert beside or max(y1, y2) <= north or min(y1, y2) >= south
    assert max(rows) > 1


def test_no_line_turns_inside_a_box(drawn: Callable[..., Drawing], name: str) -> None:
    drawing = drawn(name, style="paper", level="branch")

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


@pytest.mark.parametrize("style", ["auto", "paper"])
def test_the_pools_of_taps_stand_as_their_lines_leave_the_card(
    drawn: Callable[..., Drawing], style: str
) -> None:
    found = sorted(
        (top, name) for name, _, top, *_ in frames(drawn("four", style=style)) if name.startswith("n.pool")
    )

    assert [name for _, name in found] == [f"n.pool.block{number}_pool" for number in (4, 3, 2, 1)]


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
