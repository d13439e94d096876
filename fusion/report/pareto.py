"""What accuracy costs: the metric of each arm against the operations of a prediction, or another cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fusion.report.marks import WIDTH, Scale, dot, line, scale, shortened, svg, text, ticks
from fusion.study.claims import Comparison, Cost
from fusion.wording import amount, operations

HEIGHT = 340
LETTER = 6.6
"""About how wide a letter is."""
AXES: Mapping[Cost, tuple[str, Callable[[float], str]]] = {
    "flops": ("operations of a prediction", operations),
    "params": ("weights", amount),
    "trainable": ("weights that train", amount),
    "seconds": ("seconds of a trial", "{:g}".format),
}
"""What is said of each cost, and how it is written."""


@dataclass(frozen=True, slots=True)
class Priced:
    """What something is worth and costs.

    Args:
        name: What.
        value: How good it is.
        cost: What it costs.
    """

    name: str
    value: float
    cost: float


def priced(found: Comparison) -> tuple[Priced, ...]:
    """Returns the mean and the cost, where it is known, of each arm that came to its end with every seed, in what arms are compared by."""
    costs = {each.arm: getattr(each, found.by) for each in found.whole_arms}
    return tuple(
        Priced(each.arm, each.mean, cost)
        for each in found.whole_arms
        if (cost := costs[each.arm]) is not None
    )


def front(several: Sequence[Priced], *, better: str = "higher") -> list[Priced]:
    """Returns those that no other beats at no more cost, the cheapest first.

    >>> arms = [Priced("a", 0.9, 10), Priced("b", 0.8, 20), Priced("c", 0.95, 30)]
    >>> [each.name for each in front(arms)]
    ['a', 'c']
    """
    sign = 1 if better == "higher" else -1
    kept: list[Priced] = []
    for each in sorted(several, key=lambda one: (one.cost, -sign * one.value)):
        if not kept or sign * each.value > sign * kept[-1].value:
            kept.append(each)
    return kept


def pareto(several: Sequence[Priced], metric: str, *, better: str = "higher", by: Cost = "flops") -> str:
    """Returns the plot, with a line through those that none beats at no more cost; '' for one alone."""
    if len(several) < 2:
        return ""
    axis, said_of = AXES[by]
    x = scale([0.0, *(each.cost for each in several)], 70, WIDTH - 30)
    y = scale([each.value for each in several], HEIGHT - 50, 16)
    body = []
    for tick in ticks(y):
        body += [line([(70, y(tick)), (WIDTH - 30, y(tick))], "edge", width=1)]
        body += [text((62, y(tick) + 4), f"{tick:g}", anchor="end", kind="mute")]
    for tick in ticks(x):
        if tick >= 0:
            body += [text((x(tick), HEIGHT - 32), said_of(tick), anchor="middle", kind="mute")]
    best = front(several, better=better)
    body += [line([(x(each.cost), y(each.value)) for each in best], "frozen")] if len(best) > 1 else []
    names = {each.name for each in best}
    for each in several:
        at, told = (x(each.cost), y(each.value)), each.name in names
        tip = f"{each.name}: {each.value:.4f}, {said_of(each.cost)}"
        body += [dot(at, "frozen" if told else "mute", tip)]
    body += _named(best, several, x, y)
    said = f"{metric} against {axis}"
    body += [text((WIDTH / 2, HEIGHT - 8), said, anchor="middle", longest=100)]
    return svg(HEIGHT, said, body)


Box = tuple[float, float, float, float]
"""Left, right, top and bottom."""


def _named(best: Sequence[Priced], several: Sequence[Priced], x: Scale, y: Scale) -> list[str]:
    """Returns names beside points, from the best on, as far as there is room; tooltips have all."""
    taken: list[Box] = [
        (x(each.cost) - 5, x(each.cost) + 5, y(each.value) - 5, y(each.value) + 5) for each in several
    ]
    body = []
    for each in reversed(best):
        at = (x(each.cost), y(each.value))
        name = shortened(each.name, 36)
        for side in ("end", "start"):
            # The line rises to the right: above it on its left and below it on its right there is room.
            beside = (at[0] - 9, at[1] - 8) if side == "end" else (at[0] + 9, at[1] + 16)
            left = beside[0] - LETTER * len(name) * (side == "end")
            box = (left, left + LETTER * len(name), beside[1] - 10, beside[1] + 3)
            inside = left > 70 and box[1] < WIDTH - 4 and box[2] > 0 and box[3] < HEIGHT - 44
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                body.append(text(beside, name, anchor=side))
                break
    return body


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
