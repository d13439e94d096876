"""Pictures for pages of a given shape: a column of printed text, a slide."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf

from fusion.drawing.contents import narrow_cards, ruler_cards
from fusion.drawing.display import Drawing, Group
from fusion.drawing.header import WIDEST
from fusion.drawing.levels import Level
from fusion.drawing.overlays import whole
from fusion.drawing.picture import MARGIN, composed, picture
from fusion.drawing.states import View
from fusion.drawing.styles import Style
from fusion.drawing.wrapping import Wrapping

COLUMN = 800.0
"""Width of a picture for print: set in a text block of seven inches its smallest type is nearly 6 points high."""
ROOMS = (470.0, 420.0, 370.0, 300.0)
"""Widths of rulers that are tried for it."""
WIDTHS = (800.0, 1000.0, 1300.0, 1700.0, 2200.0, inf)
"""Widths that are tried for a slide."""
SHAPE = 16 / 9


def page(view: View, style: Style, level: Level = "branch", expand: str | Sequence[str] = "cut") -> Drawing:
    """Returns the picture of a graph in the shape its style asks for.

    Only the branch level is made narrow for paper; other levels are as wide as they are.

    Args:
        view: The graph.
        style: Its look.
        level: How closely it looks at backbones.
        expand: What is open at layer level.

    Raises:
        DrawingError: If something to be opened is not there.
    """
    if level == "branch" and style in {"paper", "slide"}:
        return paper(view) if style == "paper" else slide(view)
    found = picture(view, level, expand)
    return framed(found) if style == "slide" else found


def paper(view: View) -> Drawing:
    """Returns the picture of a graph at branch level at most 800 pixels wide, what follows the backbones below them.

    It is wider only where one backbone alone has more parts than can be named side by side.
    """
    limit = COLUMN - 2 * MARGIN
    for room in ROOMS:
        found = Wrapping(whole(view, partial(narrow_cards, room=room))).within(limit)
        if found.width <= limit:
            break
    return composed(view, found, "branch", limit)


def slide(view: View) -> Drawing:
    """Returns the picture of a graph at branch level in the shape of a slide, in as many rows as leave it largest."""
    wide, narrow = (Wrapping(whole(view, cards)) for cards in (ruler_cards, narrow_cards))
    drawn = [_within(view, narrow if width < WIDEST else wide, width) for width in WIDTHS]
    return framed(min(drawn, key=lambda drawing: max(drawing.width, drawing.height * SHAPE)))


def framed(drawing: Drawing) -> Drawing:
    """Returns a picture in the middle of a page 16 wide and 9 high.

    >>> found = framed(Drawing(1600, 500, "", "", ()))
    >>> found.width, found.height, found.items[0].y
    (1600, 900.0, 200.0)
    """
    width = max(drawing.width, drawing.height * SHAPE)
    height = width / SHAPE
    inner = Group(drawing.items, (width - drawing.width) / 2, (height - drawing.height) / 2, name="slide")
    return replace(drawing, width=width, height=height, items=(inner,))


def _within(view: View, columns: Wrapping, width: float) -> Drawing:
    room = width - 2 * MARGIN
    return composed(view, columns.within(room), "branch", min(room, WIDEST))
