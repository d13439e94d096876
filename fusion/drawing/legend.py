"""What stands below a picture: what its signs mean. Only those that occur are explained."""

from collections.abc import Callable, Collection, Mapping

from fusion.drawing.boxes import DASH, DOTS, FILLS, STROKES, WEIGHTS, letter
from fusion.drawing.display import Group, Item, Line, Rect, Text
from fusion.drawing.icons import feature_map, scissors, snowflake, triangle
from fusion.drawing.levels import Level
from fusion.drawing.marks import BORDERS, SIGNS
from fusion.drawing.palette import SHADES, Colour
from fusion.drawing.states import State, View
from fusion.drawing.streams import streams
from fusion.drawing.values import Values
from fusion.drawing.widths import filled, shortened, text_width
from fusion.wording import TIMES, cleaned

SIZE, GAP, LINE = 10.0, 22.0, 20.0

CONVENTIONS: Mapping[Level, tuple[str, ...]] = {
    "branch": (
        "width of a segment ~ number of layers, with room for its name, the bar being the whole backbone",
        "numbers in segments: weights",
        f"H{TIMES}W{TIMES}C: tensor after a segment",
    ),
    "stage": (f"H{TIMES}W{TIMES}C: tensor after a stage",),
    "layer": (
        f"H{TIMES}W{TIMES}C: tensor between parts",
        f"{TIMES}3: three parts in one box",
        "/2: half the resolution",
        "\N{RIGHTWARDS ARROW} 64: channels it gives",
        "BN: batch normalisation; it and activations are in the box of what they finish",
    ),
}
"""What the picture of each level takes for granted about backbones."""
ALWAYS = (
    "line width ~ log of tensor size",
    "1 FLOP = 1 multiplication or addition, per sample",
    "activations: all outputs in float32",
)
SCALE = ("bar at the top ~ number of weights",)
"""What is said of the bar in the header."""

_TRAINING: tuple[tuple[State, Callable[[float, float, float, Colour], tuple[Item, ...]], str], ...] = (
    ("frozen", snowflake, "frozen"),
    ("trainable", triangle, "trainable (thick border)"),
)

Entry = tuple[float, tuple[Item, ...], str]
"""Width of a sign, the sign around a line at height 0, and what it means."""


def legend(view: View, width: float, shown: Collection[str], level: Level) -> Group:
    """Returns the legend in lines of at most `width` pixels, for a picture at some level of groups with the names `shown`."""
    placed: list[Item] = []
    x, y = 0.0, 10.0
    for size, sign, words in _entries(view, shown):
        needed = size + 6 + text_width(words, SIZE)
        if x and x + needed > width:
            x, y = 0.0, y + LINE
        placed += [Group(sign, x, y), Text(x + size + 6, y + 3.5, words, SIZE)]
        x += needed + GAP
    y += LINE
    said = [
        *(CONVENTIONS[level] if view.graph.trunks else ()),
        *(SCALE if view.trained is not None and not view.graph.misfits else ()),
        *ALWAYS,
    ]
    for line in filled(said, "; ", SIZE, width):
        placed.append(Text(0, y + 3.5, line, SIZE, "mute"))
        y += 15
    return Group(tuple(placed), name="legend", frame=(width, y - 4))


def _entries(view: View, shown: Collection[str]) -> list[Entry]:
    graph = view.graph
    entries: list[Entry] = _scale(view.values) if view.values else []
    entries += _changes(shown)
    if view.trained is not None:
        for state, sign, words in _TRAINING:
            plate = Rect(0, -7, 20, 14, FILLS[state], STROKES[state], WEIGHTS.get(state, 1.1), 3)
            entries.append((20.0, (plate, *sign(10, 0, 4.2, STROKES[state])), words))
    else:
        entries.append(
            (20.0, (Rect(0, -7, 20, 14, "paper", "line", 1.1, 3),), "weights, no training declared")
        )
    entries.append((22.0, (Rect(0, -7, 22, 14, "paper", "line", 1.1, 7),), "no weights"))
    if any(name.startswith("mixed ") for name in shown):
        halves = (Rect(0, -7, 10, 14, "frozen_fill"), Rect(10, -7, 10, 14, "trainable_fill"))
        border = Rect(0, -7, 20, 14, None, "line", 1.6, 3)
        entries.append((20.0, (*halves, border), "some of each, by share of weights"))
    if any(name.startswith("discarded ") for name in shown):
        hatched = Rect(0, -7, 22, 14, "ghost_fill", "ghost", 1.1, 3, 4, hatched=True)
        entries.append((22.0, (hatched,), "discarded, never built"))
    if graph.auxiliary:
        entries.append((22.0, (Rect(0, -7, 22, 14, "paper", "line", 1.1, 3, DASH),), "in training only"))
    if graph.misfits:
        entries.append(
            (22.0, (Rect(0, -7, 22, 14, "paper", "ink", 3.0, 3, DOTS),), "does not fit what it reads")
        )
    if "cut" in shown:
        entries.append((14.0, scissors(7, 0, "ink"), "cut"))
    if "feature map" in shown:
        drawn = (Line(((0, 0), (24, 0)), "line", 2.4), *feature_map((28, 28, 64), 12, 0))
        entries.append((24.0, drawn, "feature map: height ~ log H, width ~ log C"))
    badges = streams(graph)
    if badges:
        twice = (Rect(0, -7, 20, 14, "paper", "ink", 1, 4), Rect(3, -4, 14, 8, None, "ink", 1, 2))
        entries.append((20.0, twice, "double border: shared weights, counted once"))
    for badge in sorted(set(badges.values()), key=lambda badge: badge.letter):
        line = Line(((17, 0), (33, 0)), badge.colour, 2.4)
        entries.append((33.0, (*letter(badge, 8, 0), line), f"stream {badge.letter}"))
    return entries


def _changes(shown: Collection[str]) -> list[Entry]:
    """Returns the borders of what changed."""
    words = {**SIGNS, "changed": "~ changed (a thin border: only in width, by what it reads)"}
    return [
        (22.0, (Rect(0, -7, 22, 14, None, "ink", weight, 4, dash),), words[kind])
        for kind, (weight, dash) in BORDERS.items()
        if kind in shown
    ]


def _scale(values: Values) -> list[Entry]:
    """Returns the bar of shades between the least and the greatest value."""
    low, high = values.ends
    before, size = text_width(low, SIZE) + 5, 18.0
    bar: list[Item] = [Text(0, 3.5, low, SIZE)]
    bar += [
        Rect(before + size * place, -7, size, 14, shade, "line", 0.8) for place, shade in enumerate(SHADES)
    ]
    end = before + size * len(SHADES) + 5
    bar.append(Text(end, 3.5, high, SIZE))
    words = (
        f"{shortened(cleaned(values.name), SIZE, 200.0)}, below what it is of; of a layer, where that ends"
    )
    return [(end + text_width(high, SIZE), tuple(bar), words)]
