"""Everything put together: a header, boxes in columns, lines between them, a legend."""

from collections.abc import Iterator, Sequence

from fusion.drawing.boxes import Box
from fusion.drawing.columns import Columns, Place, columns
from fusion.drawing.contents import contents
from fusion.drawing.display import Drawing, Group, Item, Line, flattened
from fusion.drawing.header import header, phase_name
from fusion.drawing.legend import legend
from fusion.drawing.routing import Wire, gutter, routed, wires
from fusion.drawing.states import View
from fusion.wording import cleaned

MARGIN, ABOVE, BELOW = 20.0, 24.0, 24.0
"""Room around a picture, between header and boxes, and between boxes and legend."""


def picture(view: View) -> Drawing:
    """Returns the picture of a graph at branch level: lanes stacked, from inputs on the left to the prediction."""
    top, found = header(view), columns(contents(view))
    drawn = [wires(found, column) for column in range(found.count)]
    lefts = _lefts(found, drawn)
    width = max(top.width, lefts[-1])
    height = max(place.top + place.box.height for place in found.places.values())
    boxes = tuple(_boxes(found, lefts))
    names = {item.name for item, *_ in flattened(boxes) if isinstance(item, Group)}
    below = legend(view, width, names)
    body_top = MARGIN + top.height + ABOVE
    legend_top = body_top + height + BELOW
    indent = MARGIN + (width - lefts[-1]) / 2
    items: list[Item] = [
        Group(top.items, MARGIN, MARGIN, name="header", frame=(width, top.height)),
        Group(boxes, indent, body_top, name="boxes"),
        Group(tuple(_lines(found, drawn, lefts)), indent, body_top, name="lines"),
        Group(below.items, MARGIN, legend_top, name=below.name, frame=below.frame),
    ]
    full = (2 * MARGIN + width, legend_top + (below.frame or (0, 0))[1] + MARGIN)
    return Drawing(*full, cleaned(view.graph.recipe.name), _description(view), tuple(items))


def _lefts(found: Columns, drawn: Sequence[Sequence[Wire]]) -> list[float]:
    """Returns the left edge of each column, then the right edge of the last."""
    lefts, x = [], 0.0
    for column in range(found.count):
        lefts.append(x)
        x += _width(found, column) + (gutter(drawn[column]) if column + 1 < found.count else 0.0)
    return [*lefts, x]


def _width(found: Columns, column: int) -> float:
    return max(place.box.width for place in found.column(column))


def _left(found: Columns, place: Place, lefts: Sequence[float]) -> float:
    """Returns the left edge of a box: beside a card at the card's right edge, else in the middle of its column."""
    room = _width(found, place.column) - place.box.width
    carded = any(other.box.role == "card" for other in found.column(place.column))
    return lefts[place.column] + (room if carded else room / 2)


def _lines(found: Columns, drawn: Sequence[Sequence[Wire]], lefts: Sequence[float]) -> Iterator[Line]:
    for column, every in enumerate(drawn):
        right = lefts[column] + _width(found, column)
        starts, ends = {}, {}
        for wire in every:
            link = wire.link
            source, target = found.places[link.source], found.places[link.target]
            passing = target.box.role == "passage"
            begins = (
                right
                if source.box.role == "passage"
                else _left(found, source, lefts) + source.box.outlets[link.outlet][0]
            )
            starts[f"{link.source} {link.outlet}"] = begins
            inset = (
                0.0
                if passing
                else _left(found, target, lefts) - lefts[column + 1] + target.box.inlets[link.inlet][0]
            )
            ends[f"{link.target} {link.inlet}"] = lefts[column + 1] + inset
            if passing:
                y = target.middle
                yield Line(
                    ((lefts[column + 1], y), (lefts[column + 1] + _width(found, column + 1), y)),
                    link.colour,
                    link.weight,
                )
        yield from routed(every, starts, ends, right)


def _boxes(found: Columns, lefts: Sequence[float]) -> Iterator[Group]:
    for column in range(found.count):
        for place in found.column(column):
            if place.box.role != "passage":
                yield _placed(place.box, _left(found, place, lefts), place.top)


def _placed(box: Box, x: float, y: float) -> Group:
    return Group(box.items, x, y, tip=box.tip, name=box.name, frame=(box.width, box.height))


def _description(view: View) -> str:
    recipe = view.graph.recipe
    branches = ", ".join(
        f"{name} ({branch.backbone} cut at {' and '.join(branch.cuts)})" if branch.backbone else name
        for name, branch in recipe.branches.items()
    )
    ops = ", ".join(op.op for op in recipe.nodes.values()) or "no fusion"
    return cleaned(f"Branches {branches}; {ops}; {recipe.head.output.task}; {phase_name(view)}.")
