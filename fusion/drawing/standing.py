"""The things between and below backbones in a picture that runs from top to bottom."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fusion.drawing.boxes import ROW, Box, shares
from fusion.drawing.contents import Cards, Contents, contents
from fusion.drawing.display import Circle, Group, Item, Point, Rect, Text
from fusion.drawing.icons import op_sign
from fusion.drawing.states import View
from fusion.drawing.widths import shortened, text_width
from fusion.graph.nodes import Node
from fusion.recipe.joining import Add, Average, Concat, Maximum, Multiply

APART = 12.0
"""Room beside each thing."""


def standing(view: View, cards: Cards) -> Contents:
    """Returns everything a picture of layers shows, with ports above and below, its backbones as `cards` draws them."""
    found = contents(view, cards)
    nodes = {node.name: node for node in view.graph.nodes}
    boxes = {name: _stood(view, box, nodes.get(name)) for name, box in found.boxes.items()}
    return Contents(boxes, found.links)


def lying_bar(box: Box, title: str, widths: Sequence[int]) -> Box:
    """Returns the box of a concatenation whose vectors enter above, a segment for each, in proportion to its width.

    >>> lying_bar(Box("fusion", 0, 0, ()), "concat", [768, 1024]).outlets[""][1]
    26.0
    """
    sizes = shares([float(each) for each in widths], [44.0] * len(widths), max(64.0 * len(widths), 110.0))
    words, total, width = shortened(title, 11.5, 150.0, bold=True), str(sum(widths)), sum(sizes)
    items: list[Item] = []
    inlets: dict[str, Point] = {}
    x = 0.0
    for number, (each, size) in enumerate(zip(widths, sizes, strict=True)):
        items.append(Rect(x, 0, size, 26, "paper", "ink", 1.4, 2.0))
        items.append(Text(x + size / 2, 16.8, str(each), 10.5, "ink", True, "middle"))
        inlets[str(number)] = (x + size / 2, 0.0)
        x += size
    said = max(text_width(words, 11.5, bold=True), text_width(total, 9.5)) + 10
    items += [Text(x + 10, 11, words, 11.5, "ink", True), Text(x + 10, 23, total, 9.5, "mute")]
    return _balanced(replace(box, width=width, height=26.0, items=tuple(items), inlets=inlets), said)


def standing_circle(box: Box, op: str, title: str, width: int, count: int) -> Box:
    """Returns the box of an op on vectors of equal width, which enter above.

    >>> len(standing_circle(Box("fusion", 0, 0, ()), "add", "add", 64, 3).inlets)
    3
    """
    radius = 16.0 + 2.5 * count
    words = shortened(title, 11.5, 150.0, bold=True)
    moves = [(number - (count - 1) / 2) * min(11.0, 1.5 * radius / count) for number in range(count)]
    inlets = {str(n): (radius + dx, radius - (radius**2 - dx**2) ** 0.5) for n, dx in enumerate(moves)}
    items: tuple[Item, ...] = (
        Circle(radius, radius, radius, "paper", "ink", 1.6),
        Group(op_sign(op, radius), radius, radius),
        Text(2 * radius + 8, radius - 2, words, 11.5, "ink", True),
        Text(2 * radius + 8, radius + 10, str(width), 9.5, "mute"),
    )
    said = max(text_width(words, 11.5, bold=True), text_width(str(width), 9.5)) + 8
    whole = replace(box, width=2 * radius, height=2 * radius, items=items, inlets=inlets, symmetric=True)
    return _balanced(whole, said)


def _stood(view: View, box: Box, node: Node | None) -> Box:
    if box.role == "card":
        return box
    op = view.graph.recipe.nodes[node.layer] if node and node.kind == "fusion" else None
    title = next((item.text for item in box.items if isinstance(item, Text)), "")
    shapes = [parent.shape for parent in view.graph.parents(node.name)] if node else []
    widths = [shape[-1] or 0 for shape in shapes]
    match op:
        case Concat(project=None):
            return lying_bar(box, title, widths)
        case Add(project=None) | Average(project=None) | Maximum(project=None) | Multiply(project=None):
            return standing_circle(box, op.op, title, widths[0], len(widths))
        case _:
            return lying_bar(box, title, widths) if node and node.kind == "join" else _turned(box)


def _turned(box: Box) -> Box:
    """Returns a box whose ports move from its sides to above and below."""
    return replace(
        box,
        inlets={key: (x, 0.0) for key, x in _along(box, box.inlets).items()},
        outlets={key: (x, box.height) for key, x in _along(box, box.outlets).items()},
        margin=APART,
    )


def _along(box: Box, ports: Mapping[str, Point]) -> dict[str, float]:
    room = min(ROW, box.width / max(len(ports), 1))
    return {key: box.width / 2 + room * (n - (len(ports) - 1) / 2) for n, key in enumerate(ports)}


def _balanced(box: Box, said: float) -> Box:
    """Returns a box with room for words of some width on its right, and as much on its left."""
    moved = Group(box.items, said, 0)
    return replace(
        box,
        width=box.width + 2 * said,
        items=(moved,),
        inlets={key: (x + said, y) for key, (x, y) in box.inlets.items()},
        outlets={"": (said + box.width / 2, box.height)},
        margin=APART,
    )
