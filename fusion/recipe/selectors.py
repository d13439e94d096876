"""Selectors: which weights a phase trains, as a short text."""

import re
from dataclasses import dataclass
from typing import Literal

from fusion.errors import shown

SELECTOR = re.compile(
    r"(?P<part>block:|fusion:|stitch:)?(?P<owner>[A-Za-z][A-Za-z0-9_-]*)(?:\[(?P<range>[^\]]*)\])?"
)

Kind = Literal["head", "fusion", "block", "stitch", "backbone"]
PARTS: dict[str, Kind] = {"block:": "block", "fusion:": "fusion", "stitch:": "stitch"}
"""What a selector picks, by what stands before the name."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A parsed selector.

    Args:
        kind: What it picks from.
        owner: Name of the backbone, block or fusion node, of a stitch that of the backbone it leads into; `""` for the
            head and the whole fusion.
        first: First layer of a range, or `None` where it is open.
        last: Last layer of a range, or `None` where it is open.
    """

    kind: Kind
    owner: str = ""
    first: str | None = None
    last: str | None = None


def parse_selector(text: str) -> Selector:
    """Returns the selector that `text` writes.

    `head`, `fusion`, `fusion:NODE`, `block:NAME`, `stitch:BACKBONE`, `BACKBONE`, `BACKBONE[LAYER]`,
    `BACKBONE[FIRST..LAST]` with either end open.

    >>> parse_selector("vgg[block4_conv1..]")
    Selector(kind='backbone', owner='vgg', first='block4_conv1', last=None)
    >>> parse_selector("block:embed").owner
    'embed'

    Raises:
        ValueError: If the text is no selector; the message says what one looks like.
    """
    found = SELECTOR.fullmatch(text)
    whole = found and (found["part"] or found["owner"] in ("head", "fusion"))
    if not found or (whole and found["range"] is not None):
        raise ValueError(
            f"{shown(text)} is no selector. Write head, fusion, fusion:NODE, block:NAME, stitch:BACKBONE, "
            "BACKBONE, BACKBONE[LAYER] or BACKBONE[FIRST..LAST] with either end open."
        )
    if found["part"]:
        return Selector(PARTS[found["part"]], found["owner"])
    if found["range"] is None:
        match found["owner"]:
            case "head":
                return Selector("head")
            case "fusion":
                return Selector("fusion")
        return Selector("backbone", found["owner"])
    first, dots, last = found["range"].partition("..")
    if not first and not last:
        raise ValueError(f"{text!r} has an empty range; write {found['owner']} for the whole backbone.")
    return Selector("backbone", found["owner"], first or None, (last or None) if dots else first)
