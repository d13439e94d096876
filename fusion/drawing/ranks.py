"""In which column, or row, each thing of a picture stands: behind all that it reads."""

from collections.abc import Mapping
from itertools import pairwise

from fusion.drawing.contents import Contents, Link


def ranks_of(found: Contents) -> dict[str, int]:
    """Returns the column of each box: one right of the last thing it reads; cards that read as many others stand level.

    >>> from fusion.drawing.boxes import Box
    >>> boxes = {name: Box(name, 9, 9, ()) for name in "ab"}
    >>> ranks_of(Contents(boxes, (Link("a", "", "b", "", "line", 1.0),)))
    {'a': 0, 'b': 1}
    """
    cards = {name for name, box in found.boxes.items() if box.role == "card"}
    ranks = _behind(found, dict.fromkeys(found.boxes, 0), dict.fromkeys(found.boxes, 1))
    turns = _behind(found, dict.fromkeys(found.boxes, 0), {name: int(name in cards) for name in found.boxes})
    for turn in sorted({turns[name] for name in cards}):
        own = [name for name in cards if turns[name] == turn]
        level = max(ranks[name] for name in own)
        ranks = _behind(found, ranks | dict.fromkeys(own, level), dict.fromkeys(found.boxes, 1))
    return ranks


def _behind(found: Contents, least: Mapping[str, int], steps: Mapping[str, int]) -> dict[str, int]:
    """Returns numbers, at the `least` those given, with which each thing is a step of what it reads beyond it."""
    ranks = dict(least)
    for _ in found.boxes:
        before = dict(ranks)
        for link in found.links:
            ranks[link.target] = max(ranks[link.target], ranks[link.source] + steps[link.source])
        if ranks == before:
            break
    return ranks


def ranks_in_turn(found: Contents, limit: float) -> dict[str, int]:
    """Returns rows with one card each, in their order, and behind them what reads any; no other row wider than `limit`.

    >>> from fusion.drawing.boxes import Box
    >>> boxes = {name: Box(name, 9, 9, (), role="card") for name in "ab"}
    >>> boxes |= {name: Box(name, 20, 9, (), margin=5) for name in "cd"}
    >>> links = tuple(Link("a", "", name, "", "line", 1.0) for name in "cd")
    >>> ranks_in_turn(Contents(boxes, links), 30)
    {'a': 0, 'b': 1, 'c': 2, 'd': 3}
    """
    cards = [name for name, box in found.boxes.items() if box.role == "card"]
    read = dict.fromkeys(link.target for link in found.links if link.source in cards)
    order = [*pairwise(cards), *((card, name) for card in cards[-1:] for name in read)]
    for _ in found.boxes:
        turns = tuple(Link(source, "", target, "", "line", 0.0) for source, target in order)
        ranks = ranks_of(Contents(found.boxes, (*found.links, *turns)))
        more = _excess(found, ranks, limit)
        if not more:
            break
        order += more
    return ranks


def _excess(found: Contents, ranks: dict[str, int], limit: float) -> list[tuple[str, str]]:
    """Returns, of the first row that is too wide, its first thing with each that has to stand below it."""
    for rank in range(1 + max(ranks.values())):
        width, names = 0.0, [name for name in found.boxes if ranks[name] == rank]
        for place, name in enumerate(names):
            width += found.boxes[name].width + 2 * found.boxes[name].margin
            if place and width > limit:
                return [(names[0], other) for other in names[place:]]
    return []
