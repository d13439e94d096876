"""Looks of a picture: its colours, and how wide it may be."""

from collections.abc import Mapping
from typing import Literal, get_args

from fusion.drawing.choices import chosen
from fusion.drawing.palette import DARK, LIGHT, Colour

Style = Literal["auto", "light", "dark", "paper", "slide"]
"""`auto` is light where it cannot ask the reader's screen; `paper` is for a column of text, `slide` for 16:9, both light."""

STYLES: tuple[Style, ...] = get_args(Style)


def style(word: str) -> Style:
    """Returns the style called `word`.

    >>> style("dark")
    'dark'

    Raises:
        DrawingError: If there is none.
    """
    return chosen(word, STYLES, what="style")


def colours(style: Style) -> Mapping[Colour, str]:
    """Returns the colours of a style, for writers that cannot ask the reader's screen.

    >>> colours("auto")["page"], colours("dark")["page"]
    ('#FFFFFF', '#0D1117')
    """
    return DARK if style == "dark" else LIGHT
