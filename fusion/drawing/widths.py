"""How wide text is, from a built-in table of Helvetica, so that no font is needed to lay a picture out."""

from collections.abc import Sequence
from functools import lru_cache
from unicodedata import category, combining, east_asian_width

from fusion.wording import DASH, MINUS, TIMES

# Advance widths of the characters from space to tilde, in thousandths of the type size (Adobe Core 14 metrics;
# Arial and Liberation Sans have the same ones).
_REGULAR = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584
584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667
611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500
722 500 500 500 334 260 334 584
"""
_BOLD = """
278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584
584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667
611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556
778 556 556 500 389 280 389 584
"""
_SIGNS = {TIMES: 584, "·": 278, DASH: 556, MINUS: 584, "…": 1000, "→": 1000}

_TABLES = {
    bold: {chr(code): int(width) for code, width in enumerate(text.split(), start=32)} | _SIGNS
    for bold, text in ((False, _REGULAR), (True, _BOLD))
}
_WIDE, _OTHER = 1400, 800


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Returns the width of `text` in pixels when set in `size` pixels; outside Latin an upper guess.

    >>> text_width("avg", 10.0), text_width("avg", 10.0, bold=True)
    (16.12, 17.23)
    """
    table = _TABLES[bold]
    return sum(table[sign] if sign in table else _guessed(sign) for sign in text) * size / 1000


def shortened(text: str, size: float, limit: float, *, bold: bool = False) -> str:
    """Returns `text`, ended by an ellipsis where it is wider than `limit` pixels.

    >>> shortened("block3_sepconv2_act", 10.0, 60.0)
    'block3_se…'
    """
    if text_width(text, size, bold=bold) <= limit:
        return text
    room = limit - text_width("…", size, bold=bold)
    kept = 0
    for sign in text:
        room -= text_width(sign, size, bold=bold)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"


def filled(parts: Sequence[str], mark: str, size: float, limit: float) -> list[str]:
    """Returns parts in lines of at most `limit` pixels, with `mark` between those on one line.

    >>> filled(["one", "two", "three"], "; ", 10.0, 50.0)
    ['one; two', 'three']
    """
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}{mark}{part}" if lines else part
        if lines and text_width(longer, size) <= limit:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _guessed(sign: str) -> int:
    if combining(sign) or category(sign) == "Mn":
        return 0
    # Fonts for East Asia use a whole em, those for emoji up to 1.4.
    return _WIDE if east_asian_width(sign) in "WF" else _OTHER
