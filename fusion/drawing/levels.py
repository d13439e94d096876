"""How closely a picture looks: at branches, at the stages of backbones, or at their layers."""

from typing import Literal, get_args

from fusion.drawing.choices import chosen

Level = Literal["branch", "stage", "layer"]
"""What a backbone is shown as: a ruler, a row of stages, or its layers from top to bottom."""

LEVELS: tuple[Level, ...] = get_args(Level)


def level(word: str) -> Level:
    """Returns the level called `word`.

    >>> level("stage")
    'stage'

    Raises:
        DrawingError: If there is none.
    """
    return chosen(word, LEVELS, what="level")
