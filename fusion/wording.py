"""Numbers and names as pictures, tables and messages say them."""

import unicodedata
from collections.abc import Collection, Sequence

TIMES, MINUS, DASH = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}", "\N{EN DASH}"
LONGEST = 400
"""Characters of a text that are kept at all; what is longer helps no reader, not even as a tooltip."""
FORMULA = tuple("=+-@\t\r")
"""What the text of a cell begins with that a spreadsheet would run."""


def cleaned(text: str) -> str:
    r"""Returns `text` on one line, without control characters and marks that would turn what stands beside it.

    >>> cleaned("two\tlines\n\x00 and \u202ea turn")
    'two lines and a turn'
    """
    spaced = " ".join(
        "".join(sign if sign.isprintable() or sign.isspace() else _kept(sign) for sign in text).split()
    )
    return spaced if len(spaced) <= LONGEST else spaced[: LONGEST - 1] + "…"


def amount(number: float) -> str:
    """Returns a number with three digits and its thousands as a letter.

    >>> amount(23_851_784), amount(173_000), amount(5), amount(0)
    ('23.9 M', '173 k', '5', '0')
    """
    value, sign = float(number), ""
    for following in (" k", " M", " G", " T"):
        if value < 999.5:
            break
        value, sign = value / 1000, following
    if not sign:
        return f"{value:.0f}"
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{sign}"


def operations(number: float) -> str:
    """Returns floating point operations in words.

    >>> operations(4_840_000_000), operations(256)
    ('4.84 GFLOP', '256 FLOP')
    """
    text = amount(number)
    return f"{text}FLOP" if " " in text else f"{text} FLOP"


def work(flops: float | None, uncounted: Collection[str] = ()) -> str:
    """Returns operations in words, or that they are not known: `None`, or those of some kinds of layers are not counted.

    >>> work(256), work(256, ["FNetEncoder"])
    ('256 FLOP', 'FLOP not known')
    """
    return "FLOP not known" if uncounted or flops is None else operations(flops)


def memory(count: float) -> str:
    """Returns bytes in words.

    >>> memory(202_375_168), memory(40)
    ('193 MiB', '40 B')
    """
    value, unit = float(count), "B"
    for following in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1023.5:
            break
        value, unit = value / 1024, following
    return f"{value:.{0 if unit == 'B' or value >= 9.95 else 1}f} {unit}"


def dimensions(shape: Sequence[int | None]) -> str:
    """Returns a shape in words.

    >>> dimensions((None, 12, 768)).split(TIMES)
    ['?', '12', '768']
    """
    return TIMES.join("?" if size is None else str(size) for size in shape)


def counted(number: int, noun: str) -> str:
    """Returns a number with its noun.

    >>> counted(1, "class of two"), counted(3, "column")
    ('1 class of two', '3 columns')
    """
    return f"{number} {noun}" + ("s" if number != 1 else "")


def table_cell(value: object) -> object:
    """Returns a cell of a CSV table; a text that a spreadsheet would run is marked as text, numbers stay.

    >>> table_cell("=1+1"), table_cell("-2.5"), table_cell("-a"), table_cell(-1)
    ("'=1+1", '-2.5', "'-a", -1)
    """
    if not isinstance(value, str) or value[:1] not in FORMULA:
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def _kept(sign: str) -> str:
    # The joiner holds emoji together; other format characters turn the direction of text or hide in it.
    return sign if sign == "\u200d" and unicodedata.category(sign) == "Cf" else ""
