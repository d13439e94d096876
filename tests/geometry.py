"""What holds for every picture: nothing overlaps, nothing is cut off, no line runs through words, boxes or along another."""

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, pairwise

import pytest

from fusion.drawing.display import Drawing, Group, Line, Text, flattened
from fusion.drawing.widths import text_width

Box = tuple[float, float, float, float]


def frames(drawing: Drawing) -> dict[str, Box]:
    return {
        item.name: (x, y, x + item.frame[0], y + item.frame[1])
        for item, x, y in flattened(drawing.items)
        if isinstance(item, Group) and item.frame
    }


def texts(items: tuple, x: float = 0.0, y: float = 0.0) -> Iterator[tuple[str, Box]]:
    for item, dx, dy in flattened(items, x, y):
        if isinstance(item, Text):
            width = text_width(item.text, item.size, bold=item.bold)
            left = item.x + dx - {"start": 0.0, "middle": width / 2, "end": width}[item.anchor]
            yield (
                item.text,
                (left, item.y + dy - 0.74 * item.size, left + width, item.y + dy + 0.22 * item.size),
            )


def framed(drawing: Drawing) -> Iterator[tuple[Group, float, float]]:
    return ((i, x, y) for i, x, y in flattened(drawing.items) if isinstance(i, Group) and i.frame)


def overlap(a: Box, b: Box, room: float = 0.0) -> bool:
    return a[0] < b[2] - room and b[0] < a[2] - room and a[1] < b[3] - room and b[1] < a[3] - room


def inside(a: Box, b: Box, room: float = 0.5) -> bool:
    return a[0] >= b[0] - room and a[1] >= b[1] - room and a[2] <= b[2] + room and a[3] <= b[3] + room


def wires(drawing: Drawing) -> list[list[tuple[float, float]]]:
    """The lines between boxes; those that lead on to the next row are looked at with the pages."""
    group, left, top = next(
        (i, x, y) for i, x, y in flattened(drawing.items) if isinstance(i, Group) and i.name == "lines"
    )
    return [
        [(px + left, py + top) for px, py in line.points] for line in group.items if isinstance(line, Line)
    ]


def check_boxes(drawing: Drawing) -> None:
    whole = (0.0, 0.0, drawing.width, drawing.height)
    boxes = frames(drawing)
    for (one, a), (two, b) in combinations(boxes.items(), 2):
        assert not overlap(a, b), f"{one} lies on {two}"
    for name, box in boxes.items():
        assert inside(box, whole, 0), f"{name} leaves the picture"


def check_texts(drawing: Drawing) -> None:
    boxes = frames(drawing)
    for group, x, y in framed(drawing):
        found, box = list(texts(group.items, x, y)), boxes[group.name]
        for text, place in found:
            assert inside(place, box), f"{text!r} leaves {group.name}"
        for (one, a), (two, b) in combinations(found, 2):
            assert not overlap(a, b, 0.5), f"{one!r} lies on {two!r} in {group.name}"


def check_texts_and_lines(drawing: Drawing) -> None:
    for group, x, y in framed(drawing):
        words = list(texts(group.items, x, y))
        for item, dx, dy in flattened(group.items, x, y):
            if isinstance(item, Line):
                for (x1, y1), (x2, y2) in pairwise(item.points):
                    ends = (
                        min(x1, x2) + dx,
                        min(y1, y2) + dy,
                        max(x1, x2) + dx + 0.1,
                        max(y1, y2) + dy + 0.1,
                    )
                    for text, place in words:
                        assert not overlap(ends, place), f"a line of {group.name} runs through {text!r}"


def check_wires(drawing: Drawing) -> None:
    boxes = frames(drawing)
    for wire in wires(drawing):
        for a, b in pairwise(wire):
            assert a[0] == b[0] or a[1] == b[1], "a line is not straight"
            run = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]) + 0.1, max(a[1], b[1]) + 0.1)
            for name, box in boxes.items():
                ends = any(inside((*end, *end), box, 1) for end in (wire[0], wire[-1]))
                assert ends or not overlap(run, box, 0.5), f"a line runs through {name}"


def check_apart(drawing: Drawing) -> None:
    runs = [
        (wire[0], sorted((a[1], b[1])), sorted((a[0], b[0])), a[0] == b[0])
        for wire in wires(drawing)
        for a, b in pairwise(wire)
    ]
    for (start, ys, xs, upright), (other, ys2, xs2, upright2) in combinations(runs, 2):
        if start == other or upright != upright2:
            continue
        across, along = ((xs, xs2), (ys, ys2)) if upright else ((ys, ys2), (xs, xs2))
        near = abs(across[0][0] - across[1][0]) < 3
        shared = min(along[0][1], along[1][1]) - max(along[0][0], along[1][0])
        assert not (near and shared > 1), "two lines run along each other"


@pytest.fixture(scope="session")
def checks() -> Mapping[str, Callable[[Drawing], None]]:
    """What a picture is looked at for, by name."""
    return {
        "boxes": check_boxes,
        "texts": check_texts,
        "texts and lines": check_texts_and_lines,
        "wires": check_wires,
        "apart": check_apart,
    }
