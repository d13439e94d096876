"""Points of lines that writers share: arrowheads, ends that leave room for them, borders and hatching."""

from collections.abc import Sequence
from math import dist, hypot

from fusion.drawing.display import Line, Point, Rect

HATCH = 7 * 2**0.5
"""Distance of hatching along a border."""


def arrowhead(line: Line) -> tuple[Point, Point, Point]:
    """Returns the corners of the arrowhead at the end of a line, its tip first.

    >>> arrowhead(Line(((0, 0), (20, 0)), weight=0))
    ((20, 0), (14.0, 3.0), (14.0, -3.0))
    """
    (x, y), (dx, dy) = line.points[-1], _direction(line)
    length, half = 6 + 1.3 * line.weight, 3 + 0.7 * line.weight
    back = (x - dx * length, y - dy * length)
    return (x, y), (back[0] - dy * half, back[1] + dx * half), (back[0] + dy * half, back[1] - dx * half)


def shortened_end(line: Line) -> tuple[Point, ...]:
    """Returns the points of a line that ends inside its arrowhead, so that its tip stays sharp.

    >>> shortened_end(Line(((0, 0), (20, 0)), weight=0))
    ((0, 0), (15.0, 0.0))
    """
    (x, y), (dx, dy) = line.points[-1], _direction(line)
    room = 5 + 1.2 * line.weight
    return (*line.points[:-1], (x - dx * room, y - dy * room))


def corners(points: Sequence[Point], radius: float) -> list[tuple[Point, Point, Point]]:
    """Returns for each inner point of a line where its rounding starts, the point, and where the rounding ends.

    >>> corners([(0, 0), (10, 0), (10, 10)], 2)
    [((8.0, 0.0), (10, 0), (10.0, 2.0))]
    """
    found = []
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(radius, dist(before, point) / 2, dist(point, after) / 2)
        if reach:
            found.append((_towards(point, before, reach), point, _towards(point, after, reach)))
    return found


def rounded(points: Sequence[Point], radius: float) -> list[Point]:
    """Returns the points of a line whose corners are rounded, each by a few straight pieces.

    >>> len(rounded([(0, 0), (10, 0), (10, 10)], 2))
    11
    """
    curve: list[Point] = [points[0]]
    for (x1, y1), (x2, y2), (x3, y3) in corners(points, radius):
        for step in range(9):
            t = step / 8
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
            curve.append((a * x1 + b * x2 + c * x3, a * y1 + b * y2 + c * y3))
    return [*curve, points[-1]]


def outline(rect: Rect) -> list[Point]:
    """Returns the points of a rectangle's border, its corners rounded by a few straight pieces.

    >>> outline(Rect(0, 0, 4, 2))
    [(2.0, 0), (4, 0), (4, 2), (0, 2), (0, 0), (2.0, 0)]
    """
    left, top, right, low = rect.x, rect.y, rect.x + rect.width, rect.y + rect.height
    middle = ((left + right) / 2, top)
    points = [middle, (right, top), (right, low), (left, low), (left, top), middle]
    return rounded(points, rect.radius) if rect.radius else points


def hatching(rect: Rect) -> list[tuple[Point, Point]]:
    """Returns the ends of the lines, from top right to bottom left, that hatch a rectangle.

    >>> len(hatching(Rect(0, 0, 20, 10)))
    3
    """
    right, low = rect.x + rect.width, rect.y + rect.height
    found = []
    for number in range(1, int((rect.width + rect.height) / HATCH) + 1):
        end, start = rect.x + number * HATCH, rect.x + number * HATCH - rect.height
        upper = (min(end, right), rect.y + max(end - right, 0))
        lower = (max(start, rect.x), low - max(rect.x - start, 0))
        found.append((upper, lower))
    return found


def _towards(start: Point, end: Point, distance: float) -> Point:
    part = distance / dist(start, end)
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _direction(line: Line) -> Point:
    (x1, y1), (x2, y2) = line.points[-2:]
    length = hypot(x2 - x1, y2 - y1) or 1.0
    return (x2 - x1) / length, (y2 - y1) / length
