"""What is laid over a picture: values below what they belong to, and borders around what another recipe has not."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import networkx as nx

from fusion.drawing.boxes import Box
from fusion.drawing.changes import former_names, marks
from fusion.drawing.contents import Cards, Contents, Link, contents
from fusion.drawing.display import Circle, Group, Item, Line, Polygon, Rect, Strokes, Text
from fusion.drawing.marks import BORDERS, Mark
from fusion.drawing.states import View
from fusion.drawing.strips import below, with_cells
from fusion.drawing.widths import text_width

ROOM, WORDS = 5.0, 9.5
"""Room between a thing and the border that says it changed, and the size of the words below it."""
THIN = 1.2
"""Weight where nothing but the width changed, by what a thing reads."""


def overlaid(view: View, found: Contents) -> Contents:
    """Returns what a picture shows, with the values of branches, taps and fusions below their boxes."""
    if view.values is None:
        return found
    boxes = dict(found.boxes)
    for name, cells in view.values.nodes.items():
        layer = view.graph[name].layer
        shown = next(each for each in (name, f"block {layer}", f"trunk {layer}") if each in boxes)
        boxes[shown] = with_cells(boxes[shown], cells, view.values.name)
    return Contents(boxes, found.links)


def whole(view: View, cards: Cards, arranged: Callable[[View, Cards], Contents] = contents) -> Contents:
    """Returns everything a picture shows, as `arranged` stands it, with what is laid over it."""
    now = arranged(view, cards)
    if view.before is None:
        return overlaid(view, now)
    formerly = former_names(view)
    was = _renamed(arranged(view.before, cards), {old: new for new, old in formerly.items()})
    found = marks(view, now, was, formerly)
    gone = {
        name: replace(box, items=ghostly(box.items))
        for name, box in was.boxes.items()
        if name not in now.boxes and name in found
    }
    both = {**overlaid(view, now).boxes, **gone}
    boxes = {name: bordered(box, found[name]) if name in found else box for name, box in both.items()}
    return Contents(boxes, (*now.links, *_former(boxes, now.links, was.links)))


def _renamed(found: Contents, names: Mapping[str, str]) -> Contents:
    boxes = {
        names.get(name, name): replace(box, name=names.get(name, name)) for name, box in found.boxes.items()
    }
    links = (
        replace(link, source=names.get(link.source, link.source), target=names.get(link.target, link.target))
        for link in found.links
    )
    return Contents(boxes, tuple(links))


def bordered(box: Box, mark: Mark) -> Box:
    """Returns a box in a border that says what happened to it, with words below.

    >>> bordered(Box("a", 60, 30, (), {"": (0, 15)}, {"": (60, 15)}), Mark("added")).outlets
    {'': (65.0, 20.0)}
    """
    words = Text(0, 11, mark.words, WORDS, "ink", True, "middle")
    width = max(text_width(mark.words, WORDS, bold=True), box.width)
    said = below(box, (replace(words, x=width / 2),), width, 14.0)
    weight, dash = BORDERS[mark.kind]
    full = said.width + 2 * ROOM, said.height + 2 * ROOM
    border = Rect(0, 0, *full, None, "ink", THIN if mark.is_mere_width else weight, 8.0, dash)
    return replace(
        said,
        width=full[0],
        height=full[1],
        items=(Group(said.items, ROOM, ROOM), Group((border,), name=mark.kind)),
        inlets={key: (x + ROOM, y + ROOM) for key, (x, y) in said.inlets.items()},
        outlets={key: (x + ROOM, y + ROOM) for key, (x, y) in said.outlets.items()},
        margin=max(box.margin, 8.0),
    )


def ghostly(items: Iterable[Item]) -> tuple[Item, ...]:
    """Returns items in the grey of what is not there any more.

    >>> ghostly([Text(0, 0, "gone", 9.5)])[0].colour
    'mute'
    """
    found: list[Item] = []
    for item in items:
        match item:
            case Group():
                found.append(replace(item, items=ghostly(item.items), name=""))
            case Rect() | Circle():
                stroke, fill = item.stroke and "ghost", item.fill and "ghost_fill"
                found.append(replace(item, stroke=stroke, fill=fill))
            case Text():
                found.append(replace(item, colour="mute"))
            case Line() | Strokes():
                found.append(replace(item, stroke="ghost"))
            case Polygon():
                found.append(replace(item, fill="ghost"))
    return tuple(found)


def _former(boxes: Mapping[str, Box], now: Iterable[Link], was: Iterable[Link]) -> list[Link]:
    """Returns the links that are gone, dashed, but for those that would turn the picture into a circle."""
    graph = nx.DiGraph([(link.source, link.target) for link in now])
    graph.add_nodes_from(boxes)
    pairs, found = set(graph.edges), []
    for link in was:
        if not {link.source, link.target} <= boxes.keys():
            continue
        if (link.source, link.target) in pairs or nx.has_path(graph, link.target, link.source):
            continue
        graph.add_edge(link.source, link.target)
        outlets, inlets = boxes[link.source].outlets, boxes[link.target].inlets
        outlet = link.outlet if link.outlet in outlets else [*outlets][-1]
        inlet = link.inlet if link.inlet in inlets else [*inlets][-1]
        found.append(replace(link, outlet=outlet, inlet=inlet, colour="ghost", weight=1.4, dash=4.0))
    return found
