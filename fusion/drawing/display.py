"""What pictures are made of: a list of few primitives, which every writer understands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fusion.drawing.palette import Colour

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle with rounded corners; `dash` is the length of its dashes, 0 for none."""

    x: float
    y: float
    width: float
    height: float
    fill: Colour | None = None
    stroke: Colour | None = None
    weight: float = 1.0
    radius: float = 0.0
    dash: float = 0.0
    hatched: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; `y` is its baseline, `x` where it starts, has its middle or ends."""

    x: float
    y: float
    text: str
    size: float
    colour: Colour = "ink"
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, its corners rounded by `radius`, with an arrowhead at the end where `arrow` is set."""

    points: tuple[Point, ...]
    stroke: Colour = "line"
    weight: float = 1.5
    dash: float = 0.0
    arrow: bool = False
    radius: float = 8.0


@dataclass(frozen=True, slots=True)
class Strokes:
    """Straight lines of one colour, each through its points: what icons are drawn with."""

    lines: tuple[tuple[Point, ...], ...]
    stroke: Colour
    weight: float = 1.2


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle around (`x`, `y`)."""

    x: float
    y: float
    radius: float
    fill: Colour | None = None
    stroke: Colour | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Polygon:
    """A filled polygon."""

    points: tuple[Point, ...]
    fill: Colour


@dataclass(frozen=True, slots=True)
class Group:
    """Things that belong together, moved by (`x`, `y`).

    Args:
        items: What it holds.
        x: How far it is moved to the right.
        y: How far it is moved down.
        tip: What a pointer that rests on it is told.
        name: What it shows; `""` if it is no thing of its own.
        frame: Width and height it takes, from its origin, with all it holds inside; `None` for lines between things.
    """

    items: tuple["Item", ...]
    x: float = 0.0
    y: float = 0.0
    tip: str = ""
    name: str = ""
    frame: Point | None = None


Item = Rect | Text | Line | Strokes | Circle | Polygon | Group
"""Anything a picture is made of."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole picture.

    Args:
        width: In pixels, margins included.
        height: In pixels, margins included.
        title: What it is called.
        description: What it shows, in a sentence, for those who do not see it.
        items: What it is made of, from back to front.
    """

    width: float
    height: float
    title: str
    description: str
    items: tuple[Item, ...]


def flattened(items: tuple[Item, ...], x: float = 0.0, y: float = 0.0) -> Iterator[tuple[Item, float, float]]:
    """Yields every group and primitive with how far it is moved in all, a group before what it holds.

    >>> dot = Circle(0, 0, 2)
    >>> [(type(item).__name__, x, y) for item, x, y in flattened((Group((dot,), x=3, y=4),))]
    [('Group', 3.0, 4.0), ('Circle', 3.0, 4.0)]
    """
    for item in items:
        if isinstance(item, Group):
            yield item, x + item.x, y + item.y
            yield from flattened(item.items, x + item.x, y + item.y)
        else:
            yield item, x, y
