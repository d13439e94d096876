"""What stands above a picture: its name, its phase, what freezes and trains, and what it costs."""

from dataclasses import dataclass

from fusion.drawing.boxes import shares
from fusion.drawing.display import Group, Item, Rect, Text
from fusion.drawing.icons import snowflake, triangle
from fusion.drawing.states import State, View, trainable_params
from fusion.drawing.widths import filled, shortened, text_width
from fusion.graph.costs import BYTES, Costs, costs
from fusion.wording import amount, cleaned, memory, work

BAR, BAR_HEIGHT, TITLE, WIDEST = 404.0, 22.0, 19.0, 860.0
"""Width and height of the bar of weights, size of the title, and how wide a title may be."""


@dataclass(frozen=True, slots=True)
class Header:
    """The lines above a picture: `height` is what they take, `width` the least a picture must have."""

    width: float
    height: float
    items: tuple[Item, ...]


def header(view: View, limit: float = WIDEST) -> Header:
    """Returns what stands above the picture of a graph, from its top left corner, its words at most `limit` wide."""
    found, name = costs(view.graph), cleaned(view.graph.recipe.name)
    title = shortened(name, TITLE, limit, bold=True)
    phase, parts = shortened(phase_name(view), 12.0, limit), _totals(found)
    heading = Group(
        (Text(0, 17, title, TITLE, "ink", True),), tip=name if title != name else "", name="title"
    )
    items = (heading, Text(0, 38, phase, 12.0, "mute"), *_bar(view, found, 48.0))
    # Beside the bar where there is room, else below it.
    beside = limit >= WIDEST
    x, y = (BAR + 16, 63) if beside else (0.0, 87)
    lines = [" · ".join(parts)] if beside else filled(parts, " · ", 11.0, limit)
    items += tuple(Text(x, y + 15 * number, line, 11.0, "mute") for number, line in enumerate(lines))
    widths = (
        text_width(title, TITLE, bold=True),
        text_width(phase, 12.0),
        BAR,
        *(x + text_width(line, 11.0) for line in lines),
    )
    return Header(max(widths), max(48.0 + BAR_HEIGHT, y + 15 * len(lines) - 11), items)


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


def _bar(view: View, found: Costs, y: float) -> tuple[Item, ...]:
    if view.trained is None:
        plate = Rect(0, y, BAR, BAR_HEIGHT, "panel", "line", 1.1, 3)
        words = f"{amount(found.params)} params"
        return (
            Group(
                (plate, Text(BAR / 2, y + 15, words, 11.0, "ink", True, "middle")), name="undeclared share"
            ),
        )
    trained = trainable_params(view.graph.kept_weights.values(), view.trained)
    sizes: dict[State, int] = {"frozen": found.params - trained, "trainable": trained}
    shown = {state: size for state, size in sizes.items() if size}
    least = [text_width(_words(state, size), 11.0, bold=True) + 36 for state, size in shown.items()]
    items, x = [], 0.0
    for (state, size), width in zip(
        shown.items(), shares([float(s) for s in shown.values()], least, BAR), strict=True
    ):
        items.append(_share(state, size, x, y, width))
        x += width
    return tuple(items)


def _words(state: State, size: int) -> str:
    return f"{amount(size)} {state}"


def _share(state: State, size: int, x: float, y: float, width: float) -> Group:
    sign = snowflake if state == "frozen" else triangle
    items = (
        Rect(0, 0, width, BAR_HEIGHT, "frozen" if state == "frozen" else "trainable", None, 0, 3),
        *sign(15, BAR_HEIGHT / 2, 5.5, "page"),
        Text(27, 15, _words(state, size), 11.0, "page", True),
    )
    return Group(items, x, y, tip=f"{size:,} params {state}", name=f"{state} share")
