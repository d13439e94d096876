"""Parts of a backbone in a picture of its layers: folded to one box, or open with every operation."""

from dataclasses import replace
from math import inf

from fusion.drawing.boxes import STROKES, Box
from fusion.drawing.contents import Contents, Link, closer
from fusion.drawing.display import Group, Item, Polygon, Rect, Text
from fusion.drawing.folding import fold
from fusion.drawing.icons import snowflake, triangle
from fusion.drawing.lanes import thickness
from fusion.drawing.marks import outlined
from fusion.drawing.opboxes import op_box, part_tip, plate
from fusion.drawing.palette import Colour
from fusion.drawing.placing import down
from fusion.drawing.runs import Run
from fusion.drawing.segments import Segment, measured
from fusion.drawing.states import View
from fusion.drawing.strips import layer_cells, with_cells
from fusion.drawing.widths import shortened, text_width
from fusion.graph.nodes import Trunk
from fusion.wording import MINUS, TIMES, amount, cleaned, counted

WIDTH, HEIGHT, PAD = 250.0, 42.0, 12.0
"""Size of a folded box, and room between an open part's border and what it holds."""
CLOSE = 6.0
"""Room beside operations where they have to stand close."""


def folded(trunk: Trunk, view: View, run: Run) -> Box:
    """Returns the box of parts that are not open."""
    facts, count = run.facts, len(run.parts)
    ghost = facts.discarded
    times = f" {TIMES}{count}" if count > 1 else ""
    room = WIDTH - 48 - text_width(times, 11.5, bold=True)
    title = shortened(cleaned(facts.title), 11.5, room, bold=True) + times
    items: list[Item] = [*plate(facts, WIDTH, HEIGHT)]
    items.append(Polygon(((10, 12), (16, 16), (10, 20)), "ghost" if ghost else "mute"))
    signed = facts.state in STROKES and not ghost
    if signed:
        sign = snowflake if facts.state == "frozen" else triangle
        items += sign(28, 16, 4.5, STROKES[facts.state])
    items.append(Text(38.0 if signed else 22.0, 20, title, 11.5, "mute" if ghost else "ink", True))
    items.append(Text(10, 34.5, size_words(facts), 9.5, "mute"))
    items += outlined(facts.mark, WIDTH, HEIGHT)
    name = f"{'discarded' if ghost else facts.state} part {run.parts[-1].exit.name}"
    middle = WIDTH / 2
    tip = part_tip(facts, [part.title for part in run.parts] if count > 1 else [])
    box = Box(name, WIDTH, HEIGHT, tuple(items), {"": (middle, 0)}, {"": (middle, HEIGHT)}, tip=tip)
    return with_cells(box, *layer_cells(view, trunk.backbone, facts.names))


def unfolded(trunk: Trunk, view: View, run: Run, limit: float = inf) -> Box:
    """Returns the box of an open part: every operation, from what enters at the top to what leaves below.

    It is at most `limit` wide where its fullest row is.
    """
    part, facts = run.parts[0], run.facts
    contents, last = _inside(trunk, view, run)
    room = limit - 2 * PAD
    found = down(contents, limit=room)
    if found.width > room:
        found = down(closer(contents, CLOSE), limit=room)
    places = {box.name: box for box in found.boxes}
    width, height = found.width + 2 * PAD, found.height + 2 * PAD
    ghost = facts.discarded
    border = Rect(0, 0, width, height, "page", "ghost" if ghost else "line", 1.0, 10, 4 if ghost else 0)
    inner = Group((*found.lines, *(replace(box, frame=None) for box in found.boxes)), PAD, PAD)
    enters, leaves = (PAD + _middle(places[name]) for name in ("entry", last))
    ports = {"": (enters, PAD)}, {"": (leaves, height - PAD)}
    drawn: tuple[Item, ...] = (border, inner, *outlined(facts.mark, width, height))
    return Box(f"open part {part.exit.name}", width, height, drawn, *ports)


def size_words(facts: Segment) -> str:
    """Returns how much layers are and cost, in words; with a minus what is thrown away.

    >>> size_words(Segment("top", (), 0, layers=2, params=1200, flops=2400))
    '2 layers · 1.20 k params · 2.40 kFLOP'
    """
    sign = MINUS if facts.discarded else ""
    words = [counted(facts.layers, "layer")]
    words += [f"{sign}{amount(facts.params)} params"] if facts.params else []
    known = sign if not facts.uncounted else ""
    words += [f"{known}{facts.work}"] if facts.flops or facts.uncounted else []
    return " · ".join(words)


def _middle(box: Group) -> float:
    return box.x + (box.frame or (0.0, 0.0))[0] / 2


def _inside(trunk: Trunk, view: View, run: Run) -> tuple[Contents, str]:
    """Returns the boxes of an open part with the lines between them, and the name of the box that something leaves."""
    skeleton, part, facts = trunk.skeleton, run.parts[0], run.facts
    boxes: dict[str, Box] = {"entry": part_head(facts)}
    owner: dict[str, str] = {part.before: "entry"}
    links = []
    for op in fold(skeleton, part.rows, {*part.read, *trunk.taps}):
        draft = Segment(op.title, op.exit.shape, facts.zone, discarded=facts.discarded)
        # Only the first layer of all reads none: what enters enters there.
        parents = op.rows[0].parents or (part.before,)
        own = measured(trunk, op.rows, draft, view)
        box = op_box(op, own, len(parents))
        box = with_cells(box, *layer_cells(view, trunk.backbone, own.names))
        boxes[box.name] = box
        owner |= dict.fromkeys((row.name for row in op.rows), box.name)
        for number, parent in enumerate(parents):
            if parent not in owner:
                aside = _aside(parent)
                owner[parent], boxes[aside.name] = aside.name, aside
            colour: Colour = "ghost" if facts.discarded else "line"
            weight = thickness(skeleton[parent or op.exit.name].shape)
            links.append(Link(owner[parent], "", box.name, str(number), colour, weight))
    return Contents(boxes, tuple(links)), owner[part.exit.name]


def part_head(facts: Segment) -> Box:
    """Returns the box that says what an open part is; what enters comes out of it."""
    title, words = shortened(cleaned(facts.title), 11.5, 240.0, bold=True), size_words(facts)
    width = max(text_width(title, 11.5, bold=True) + 16, text_width(words, 9.5)) + 20
    start = width / 2 - text_width(title, 11.5, bold=True) / 2
    colour: Colour = "mute" if facts.discarded else "ink"
    items = (
        Rect(0, 0, width, 36, "panel", "edge", 1.0, 6),
        Polygon(((start - 9, 10), (start - 1, 10), (start - 5, 16)), "mute"),
        Text(width / 2 + 4, 16, title, 11.5, colour, True, "middle"),
        Text(width / 2, 30, words, 9.5, "mute", False, "middle"),
    )
    return Box("entry", width, 36, items, {}, {"": (width / 2, 36)}, margin=10.0, tip=part_tip(facts, []))


def _aside(layer: str) -> Box:
    """Returns the box of a layer of an earlier part that is read past what comes between."""
    words = shortened(f"from {cleaned(layer)}", 9.5, 150.0)
    width = text_width(words, 9.5) + 16
    plate = Rect(0, 0, width, 18, "page", "line", 1.0, 9, 3)
    items = (plate, Text(width / 2, 12.5, words, 9.5, "mute", False, "middle"))
    return Box(f"from {layer}", width, 18, items, {}, {"": (width / 2, 18)}, margin=10.0)
