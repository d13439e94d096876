"""What stands above a picture: its name, its phase, what freezes and trains, and what it costs."""

from dataclasses import dataclass, replace

from fusion.drawing.boxes import STROKES, shares
from fusion.drawing.display import Group, Item, Rect, Text
from fusion.drawing.icons import snowflake, triangle
from fusion.drawing.states import State, View, trainable_params
from fusion.drawing.widths import filled, shortened, text_width
from fusion.graph.costs import BYTES, Costs, costs
from fusion.wording import amount, cleaned, memory, work

BAR, BAR_HEIGHT, TITLE, WIDEST = 404.0, 22.0, 19.0, 860.0
"""Width and height of the bar of weights, size of the title, and how wide a title may be."""
SLIVER = 2.0
"""Width of what is hardly any of the weights, so that it is seen."""


@dataclass(frozen=True, slots=True)
class Header:
    """The lines above a picture: `height` is what they take, `width` the least a picture must have."""

    width: float
    height: float
    items: tuple[Item, ...]


def header(view: View, limit: float = WIDEST) -> Header:
    """Returns what stands above the picture of a graph, from its top left corner, its words at most `limit` wide."""
    name = cleaned(view.graph.recipe.name)
    title = shortened(name, TITLE, limit, bold=True)
    if view.graph.misfits:
        return _misfitting(view, title, limit)
    found = costs(view.graph)
    phase, parts = shortened(phase_name(view), 12.0, limit), _totals(found)
    heading = Group(
        (Text(0, 17, title, TITLE, "ink", True),), tip=name if title != name else "", name="title"
    )
    bar, end = _bar(view, found, 48.0)
    items = (heading, Text(0, 38, phase, 12.0, "mute"), *bar)
    # Beside the bar where there is room, else below it.
    beside = limit >= WIDEST
    x, y = (end + 16, 63) if beside else (0.0, 87)
    lines = [" · ".join(parts)] if beside else filled(parts, " · ", 11.0, limit)
    items += tuple(Text(x, y + 15 * number, line, 11.0, "mute") for number, line in enumerate(lines))
    widths = (
        text_width(title, TITLE, bold=True),
        text_width(phase, 12.0),
        end,
        *(x + text_width(line, 11.0) for line in lines),
    )
    return Header(max(widths), max(48.0 + BAR_HEIGHT, y + 15 * len(lines) - 11), items)


def _misfitting(view: View, title: str, limit: float) -> Header:
    """Returns what stands above what cannot be built: why, instead of what it would cost."""
    words = " ".join(["Cannot be built:", *view.graph.misfits.values()]).split()
    lines = filled(words, " ", 12.0, limit)
    items = (
        Text(0, 17, title, TITLE, "ink", True),
        *(Text(0, 38 + 16 * number, line, 12.0, "ink", True) for number, line in enumerate(lines)),
    )
    width = max(text_width(title, TITLE, bold=True), *(text_width(line, 12.0, bold=True) for line in lines))
    return Header(width, 32.0 + 16 * len(lines), items)


def phase_name(view: View) -> str:
    """Returns which phase a picture shows, in words."""
    phases = view.graph.phases
    if not phases:
        return "no training declared"
    name = f"phase {view.phase + 1} of {len(phases)}: {cleaned(phases[view.phase].name)}"
    training = view.graph.recipe.training
    reset = training.phases[view.phase].reset if training else ()
    return f"{name}, {', '.join(reset)} begun afresh" if reset else name


def _totals(found: Costs) -> list[str]:
    lost = found.discarded
    cut = f"cuts discard {amount(lost.params)} params and {work(lost.flops, found.unsaved)}"
    parts = [
        f"{amount(found.params)} params, {memory(BYTES * found.params)} in float32",
        work(found.flops, found.uncounted),
        f"{memory(found.activation_bytes)} activations per sample",
        cut if lost.layers else "",
    ]
    return [part for part in parts if part]


def _bar(view: View, found: Costs, y: float) -> tuple[tuple[Item, ...], float]:
    """Returns the bar of weights with its words, and where they end."""
    if view.trained is None:
        plate = Rect(0, y, BAR, BAR_HEIGHT, "panel", "line", 1.1, 3)
        words = Text(BAR / 2, y + 15, f"{amount(found.params)} params", 11.0, "ink", True, "middle")
        return (Group((plate, words), name="undeclared share"),), BAR
    trained = trainable_params(view.graph.kept_weights.values(), view.trained)
    sizes: dict[State, int] = {"frozen": found.params - trained, "trainable": trained}
    shown = {state: size for state, size in sizes.items() if size}
    widths = shares([float(size) for size in shown.values()], [SLIVER] * len(shown), BAR)
    items, x, end = [], 0.0, BAR
    for (state, size), width in zip(shown.items(), widths, strict=True):
        share, reach = _share(state, size, x, width)
        items.append(replace(share, x=x, y=y))
        x, end = x + width, max(end, reach)
    return tuple(items), end


def _share(state: State, size: int, x: float, width: float) -> tuple[Group, float]:
    """Returns a part of the bar that begins at `x`, and where its words end: behind the bar where it is too narrow."""
    words = f"{amount(size)} {state}"
    inside = text_width(words, 11.0, bold=True) + 36 <= width
    start, sign = 0.0 if inside else BAR - x, snowflake if state == "frozen" else triangle
    items = (
        Rect(0, 0, width, BAR_HEIGHT, STROKES[state], None, 0, min(3.0, width / 2)),
        *sign(start + 15, BAR_HEIGHT / 2, 5.5, "page" if inside else STROKES[state]),
        Text(start + 27, 15, words, 11.0, "page" if inside else "ink", True),
    )
    end = 0.0 if inside else BAR + 27 + text_width(words, 11.0, bold=True)
    return Group(items, tip=f"{size:,} params {state}", name=f"{state} share"), end
