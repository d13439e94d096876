"""Words that a picture can be asked for by: a level, a style, an engine."""

from collections.abc import Sequence
from typing import TypeVar

from fusion.errors import DrawingError, listed, near, shown

W = TypeVar("W", bound=str)


def chosen(word: str, known: Sequence[W], *, what: str) -> W:
    """Returns the one of some known words that `word` is.

    >>> chosen("dark", ("light", "dark"), what="style")
    'dark'
    >>> chosen("dork", ("light", "dark"), what="style")
    Traceback (most recent call last):
    ...
    fusion.errors.DrawingError: There is no style 'dork'; styles are light, dark. Did you mean 'dark'?

    Args:
        word: What was asked for.
        known: What there is.
        what: What a word stands for, in the singular.

    Raises:
        DrawingError: If it is none of them.
    """
    for each in known:
        if word == each:
            return each
    hint = near(str(word), known)
    raise DrawingError(f"There is no {what} {shown(word)}; {what}s are {listed(known)}.{hint}")
