"""The boxes of single operations in a picture of layers."""

from collections.abc import Sequence

from fusion.drawing.boxes import FILLS, STROKES, WEIGHTS, Box
from fusion.drawing.display import Item, Rect, Text
from fusion.drawing.folding import Op
from fusion.drawing.icons import snowflake, triangle
from fusion.drawing.marks import outlined
from fusion.drawing.palette import Colour
from fusion.drawing.segments import Segment
from fusion.drawing.widths import shortened, text_width
from fusion.wording import amount, cleaned, counted, dimensions

HEIGHT, PORT, NAME = 32.0, 16.0, 135.0
"""Height of a box, room between its inlets, and for the name of a layer."""


def op_box(op: Op, own: Segment, count: int) -> Box:
    """Returns the box of an op with `count` inlets above; `own` is its size, its cost and its state.

    >>> from fusion.skeleton.layers import Layer
    >>> add = Layer("sum", "Add", ("a", "b"), (8, 8, 4))
    >>> op_box(Op((add,), add, "add"), Segment("add", (8, 8, 4), 0), 2).inlets.keys()
    dict_keys(['0', '1'])
    """
    title = shortened(op.title, 10.5, 210.0, bold=True)
    name = ending(cleaned(op.main.name))
    said = " · ".join([name, amount(own.params)]) if own.params else name
    words = f"{said} → {dimensions(op.exit.shape[-1:])}"
    signed = own.state in STROKES and not own.discarded
    widest = max(text_width(title, 10.5, bold=True), text_width(words, 9.5))
    width = max(widest + (36 if signed else 20), PORT * count + 20)
    middle = width / 2 + (8 if signed else 0)
    colour: Colour = "mute" if own.discarded else "ink"
    items: list[Item] = [
        *plate(own, width, HEIGHT),
        Text(middle, 13.5, title, 10.5, colour, True, "middle"),
        Text(middle, 26.5, words, 9.5, "mute", False, "middle"),
    ]
    if signed:
        sign = snowflake if own.state == "frozen" else triangle
        items += sign(11, HEIGHT / 2, 4.2, STROKES[own.state])
    items += outlined(own.mark, width, HEIGHT, brief="sign")
    inlets = {str(n): (width / 2 + PORT * (n - (count - 1) / 2), 0.0) for n in range(count)}
    tip = part_tip(own, [row.name for row in op.rows])
    outlets = {"": (width / 2, HEIGHT)}
    drawn = tuple(items)
    return Box(op_name(op, own), width, HEIGHT, drawn, inlets, outlets, 10.0, tip, symmetric=True)


def op_name(op: Op, own: Segment) -> str:
    """Returns what the box of an op is called in the picture.

    >>> from fusion.skeleton.layers import Layer
    >>> add = Layer("sum", "Add", ("a", "b"), (8, 8, 4))
    >>> op_name(Op((add,), add, "add"), Segment("add", (8, 8, 4), 0))
    'none op sum'
    """
    return f"{'discarded' if own.discarded else own.state} op {op.exit.name}"


def ending(name: str) -> str:
    """Returns a name, with an ellipsis for its beginning where it is too long: layers differ in how their names end.

    >>> ending("convnext_tiny_stage_2_block_8_depthwise_conv")
    '…_2_block_8_depthwise_conv'
    """
    if text_width(name, 9.5) <= NAME:
        return name
    room, kept = NAME - text_width("…", 9.5), ""
    for sign in reversed(name):
        room -= text_width(sign, 9.5)
        if room < 0:
            break
        kept = sign + kept
    return f"…{kept}"


def plate(facts: Segment, width: float, height: float) -> Sequence[Item]:
    """Returns what stands behind the words of a box, by what the phase does to what it shows.

    >>> [item.hatched for item in plate(Segment("top", (), 1, discarded=True), 90, 30)]
    [True]
    """
    if facts.discarded:
        return [Rect(0, 0, width, height, "ghost_fill", "ghost", 1.1, 6, 4, hatched=True)]
    if facts.state == "mixed":
        split = width * (1 - facts.trainable / facts.params)
        return [
            Rect(0, 0, width, height, "frozen_fill", None, 0, 6),
            Rect(split, 0, width - split, height, "trainable_fill", None, 0, 6),
            Rect(0, 0, width, height, None, "line", 1.6, 6),
        ]
    fill, stroke = FILLS.get(facts.state, "paper"), STROKES.get(facts.state, "line")
    # What has no weights has round ends.
    radius = 6.0 if facts.params else 12.0
    return [Rect(0, 0, width, height, fill, stroke, WEIGHTS.get(facts.state, 1.1), radius)]


def part_tip(facts: Segment, names: Sequence[str]) -> str:
    """Returns what a pointer that rests on layers is told: their names, their size and what happens to them.

    >>> part_tip(Segment("add", (8, 8, 4), 0, layers=1), ["sum"])[:31]
    'add: sum. 1 layer, 0 params, 0 '
    """
    what = "discarded, never built" if facts.discarded else f"{facts.trainable:,} trainable"
    said = ": ".join([cleaned(facts.title), *([cleaned(", ".join(names))] if names else [])])
    size = f"{counted(facts.layers, 'layer')}, {facts.params:,} params, {what}"
    return f"{said}. {size}, {facts.work}, gives {dimensions(facts.shape)}"
