"""Pictures for pages of a given shape: a column of printed text, a slide."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf

from fusion.drawing.boxes import Box
from fusion.drawing.contents import Cards, closer, narrow_cards, ruler_cards
from fusion.drawing.display import Drawing, Group
from fusion.drawing.header import WIDEST
from fusion.drawing.levels import Level
from fusion.drawing.overlays import whole
from fusion.drawing.picture import MARGIN, composed, picture
from fusion.drawing.placing import down
from fusion.drawing.ranks import ranks_in_turn
from fusion.drawing.runs import opened
from fusion.drawing.stagecards import stage_cards
from fusion.drawing.standing import standing
from fusion.drawing.states import View
from fusion.drawing.styles import Style
from fusion.drawing.towers import tower_boxes
from fusion.drawing.wrapping import Wrapping
from fusion.drawing.wraps import wrapped_boxes
from fusion.errors import DrawingError

COLUMN = 800.0
"""Width of a picture for print: set in a text block of seven inches its smallest type is nearly 6 points high."""
ROOMS: Mapping[Level, tuple[float, ...]] = {
    "branch": (470.0, 420.0, 370.0, 300.0),
    "stage": (570.0, 470.0, 370.0, 280.0),
}
"""Widths of rulers, or of rows of stages, that are tried for it."""
FLAT = 1.15
"""How much higher than the least high picture one with wider rulers may be."""
ROOM = 730.0
"""Width of the card of a backbone at layer level, with lines beside it."""
CLOSE = 5.0
"""Room beside things where they have to stand close."""
WIDTHS = (800.0, 1000.0, 1300.0, 1700.0, 2200.0, inf)
"""Widths that are tried for a slide."""
SHAPE = 16 / 9
HEIGHTS = (320.0, 440.0, 560.0, 700.0, 900.0, 1150.0)
"""Heights of columns of layers that are tried for it."""
AROUND = 190.0
"""Height of header and legend, about."""
SMALLEST, BROADEST = 9.0, 2560.0
"""Size of the smallest type, and how wide a slide of layers may be for it to be read: 1440 high, it is 0.63 % of that."""
WIDE: Mapping[Level, Cards] = {"branch": ruler_cards, "stage": stage_cards}
NARROW: Mapping[Level, Callable[..., Mapping[str, Box]]] = {
    "branch": narrow_cards,
    "stage": partial(stage_cards, room=570.0),
}
"""What draws the cards of backbones as wide as they like, and as wide as there is `room`."""


def page(view: View, style: Style, level: Level = "branch", expand: str | Sequence[str] = "cut") -> Drawing:
    """Returns the picture of a graph in the shape its style asks for.

    Args:
        view: The graph.
        style: Its look.
        level: How closely it looks at backbones.
        expand: What is open at layer level.

    Raises:
        DrawingError: If something to be opened is not there.
    """
    if style not in {"paper", "slide"}:
        return picture(view, level, expand)
    if level == "layer":
        return (_layers if style == "paper" else _wrapped)(view, expand)
    return _paper(view, level) if style == "paper" else _slide(view, level)


def _paper(view: View, level: Level) -> Drawing:
    """Returns a picture at most 800 pixels wide, what follows the backbones below them.

    It is wider only where one backbone alone has more parts than can be named side by side. Of widths of rulers that
    fit the widest is taken, unless with another the picture is much less high: a line runs back to a row less.
    """
    limit = COLUMN - 2 * MARGIN
    tried = [Wrapping(whole(view, partial(NARROW[level], room=room))).within(limit) for room in ROOMS[level]]
    fitting = [found for found in tried if found.width <= limit] or tried[-1:]
    high = FLAT * min(found.height for found in fitting)
    return composed(view, next(found for found in fitting if found.height <= high), level, limit)


def _slide(view: View, level: Level) -> Drawing:
    """Returns a picture in the shape of a slide, in as many rows as leave it largest."""
    wide, narrow = (Wrapping(whole(view, cards)) for cards in (WIDE[level], NARROW[level]))
    drawn = [_within(view, narrow if width < WIDEST else wide, width, level) for width in WIDTHS]
    return framed(_largest(drawn))


def _layers(view: View, expand: str | Sequence[str]) -> Drawing:
    """Returns a picture of layers for paper, its backbones one below the other where they are too wide side by side.

    It is wider than 800 pixels only where a single open part is.
    """
    exits = opened(view, expand)
    limit = COLUMN - 2 * MARGIN
    beside, below = (
        whole(view, partial(tower_boxes, opened=exits, room=ROOM, even=even), standing)
        for even in (True, False)
    )
    close = closer(below, CLOSE)
    tried = (
        (beside, None),
        (below, ranks_in_turn(below, limit)),
        # Lines that pass take room too.
        (close, ranks_in_turn(close, 0.85 * limit)),
    )
    for contents, ranks in tried:
        found = down(contents, ranks, limit)
        if found.width <= limit:
            break
    return composed(view, found, "layer", limit)


def _wrapped(view: View, expand: str | Sequence[str]) -> Drawing:
    """Returns a picture of layers for a slide: the layers of each backbone in columns side by side.

    Raises:
        DrawingError: If what is open is so much that its type would be too small to read.
    """
    exits, tried = opened(view, expand), []
    for height in HEIGHTS:
        cards = Wrapping(whole(view, partial(wrapped_boxes, opened=exits, height=height)))
        tried += [cards.within(width - 2 * MARGIN) for width in WIDTHS]
    best = min(tried, key=lambda found: max(found.width, (found.height + AROUND) * SHAPE))
    drawing = framed(composed(view, best, "layer", max(best.width, WIDEST)))
    if drawing.width > BROADEST:
        share, least = (f"{100 * SMALLEST * SHAPE / width:.2f}" for width in (drawing.width, BROADEST))
        raise DrawingError(
            f"So many layers do not fit a slide: its smallest type would be {share} % of its height, less than the "
            f"{least} % that can be read. Open fewer parts (expand 'none', or one part by name), "
            "or take the level 'stage' or the style 'paper'."
        )
    return drawing


def _largest(drawn: Sequence[Drawing]) -> Drawing:
    """Returns the drawing that is shown largest on a page 16 wide and 9 high."""
    return min(drawn, key=lambda drawing: max(drawing.width, drawing.height * SHAPE))


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


def _within(view: View, columns: Wrapping, width: float, level: Level) -> Drawing:
    room = width - 2 * MARGIN
    return composed(view, columns.within(room), level, min(room, WIDEST))
