"""Values in a picture: coloured cells with their numbers, in strips below what they belong to."""

from collections.abc import Sequence
from dataclasses import replace

from fusion.drawing.boxes import Box
from fusion.drawing.display import Group, Item, Rect, Text
from fusion.drawing.states import View
from fusion.drawing.values import Cell
from fusion.drawing.widths import text_width
from fusion.wording import cleaned

SIZE, HEIGHT, GAP = 9.5, 15.0, 3.0
"""Size of the numbers, height of a row of cells, and room above it."""
WIDEST = 110.0
"""How wide a cell may be: no wider than the bar it stands below, whatever words stand beside that."""


def with_cells(box: Box, cells: Sequence[Cell], name: str) -> Box:
    """Returns a box with cells below it, as many beside each other as it is wide; what left it below leaves below them.

    >>> with_cells(
    ...     Box("a", 60, 30, (), {}, {"": (30, 30)}), [Cell("a", "0.83", "shade6")], "accuracy"
    ... ).outlets
    {'': (30.0, 48.0)}
    """
    if not cells:
        return box
    return below(box, *rows_of(cells, box.width, name))


def below(box: Box, strip: tuple[Item, ...], width: float, height: float) -> Box:
    """Returns a box with a strip of some size below it, in its middle; what left it below leaves below the strip.

    >>> below(Box("a", 60, 30, (), {}, {"": (30, 30)}), (), 70, 15).outlets
    {'': (35.0, 48.0)}
    """
    wide = max(width, box.width)
    inset, whole = (wide - box.width) / 2, box.height + GAP + height
    return replace(
        box,
        width=wide,
        height=whole,
        items=(Group(box.items, inset), Group(strip, (wide - width) / 2, box.height + GAP)),
        inlets={key: (x + inset, y) for key, (x, y) in box.inlets.items()},
        outlets={key: (x + inset, whole if y >= box.height else y) for key, (x, y) in box.outlets.items()},
    )


def rows_of(cells: Sequence[Cell], width: float, name: str) -> tuple[tuple[Item, ...], float, float]:
    """Returns cells in rows from the origin, at least as wide as their numbers, with the width and height they take.

    >>> rows_of([Cell("a", "0.83", "shade6")] * 3, 60, "accuracy")[1:]
    (60.0, 30.0)
    """
    least = max(cell_width(cell) for cell in cells)
    count = max(1, min(len(cells), int(width // least)))
    each = max(min(width / count, WIDEST), least)
    items = tuple(
        cell_group(cell, name, (each * (place % count), HEIGHT * (place // count)), each)
        for place, cell in enumerate(cells)
    )
    return items, each * count, HEIGHT * -(-len(cells) // count)


def cell_width(cell: Cell) -> float:
    """Returns the width a cell needs for its number.

    >>> cell_width(Cell("a", "0.83", "shade6")) > 20
    True
    """
    return text_width(cell.words, SIZE) + 8


def cell_group(cell: Cell, name: str, at: tuple[float, float], width: float) -> Group:
    """Returns a cell `width` wide at a place; its number is left out where there is no room.

    >>> len(cell_group(Cell("a", "0.83", "shade6"), "accuracy", (0, 0), 10).items)
    1
    """
    items: list[Item] = [Rect(0.5, 0, max(width - 1, 0.5), HEIGHT - 1, cell.shade, "line", 0.8, 2)]
    if width >= cell_width(cell) - 4:
        items.append(Text(width / 2, 10.8, cell.words, SIZE, cell.ink, False, "middle"))
    return Group(
        tuple(items), *at, tip=f"{cleaned(cell.address)}: {cleaned(name)} {cell.words}", name="value"
    )


def layer_cells(view: View, backbone: str, layers: Sequence[str]) -> tuple[list[Cell], str]:
    """Returns the values of those of some layers of a backbone that have one, and what they are."""
    if view.values is None:
        return [], ""
    found = view.values.layers.get(backbone, {})
    return [found[name] for name in layers if name in found], view.values.name
