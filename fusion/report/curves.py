"""Curves over depth: how the metric changes with the layer a backbone is cut at, pair by pair."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fusion.report.marks import WIDTH, Scale, band, dot, line, scale, stroke, svg, text, ticks
from fusion.study.arms import ArmFacts, CutPlace
from fusion.study.claims import Comparison

HEIGHT, LEFT, RIGHT, ROW = 380, 70, WIDTH - 170, 15


@dataclass(frozen=True, slots=True)
class Curve:
    """Arms that differ in one branch's cut alone, or in how far a backbone is transferred.

    Args:
        name: What they have in common.
        branch: The branch; of arms that ask where to cut and train on, the backbone.
        points: Where each is cut, and its name, from the first layer to the last.
    """

    name: str
    branch: str
    points: tuple[tuple[CutPlace, str], ...]


def curves(facts: Mapping[str, ArmFacts]) -> tuple[Curve, ...]:
    """Returns the curves there are among arms; arms in none are controls.

    >>> facts = {
    ...     arm: ArmFacts({"branches": {"one": {"cut": cut}}}, {"one": CutPlace(f"eye/{cut}", depth)})
    ...     for arm, cut, depth in [("base", "b3", 0.9), ("one/cut=b1", "b1", 0.3)]
    ... }
    >>> [arm for _, arm in curves(facts)[0].points]
    ['one/cut=b1', 'base']
    """
    groups: dict[tuple[str, str], list[tuple[CutPlace, str]]] = defaultdict(list)
    for arm, each in facts.items():
        for branch, place in each.cuts.items():
            groups[branch, each.kind or _but_for(each, branch)].append((place, arm))
    found = []
    for (branch, _), points in groups.items():
        if len({place.tap for place, _ in points}) > 1:
            ordered = sorted(points, key=lambda point: point[0].depth)
            kind = facts[ordered[0][1]].kind
            found.append(Curve(kind or _common(branch, [arm for _, arm in ordered]), branch, tuple(ordered)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where things lie in the plot.

    Args:
        reference: The arm that the others are compared with.
        rows: By arm, its difference to it, with the ends of its interval.
        x: Where each layer lies.
        y: Where differences lie.
    """

    reference: str
    rows: Mapping[str, tuple[float, float, float]]
    x: Mapping[CutPlace, float]
    y: Scale


def layers(found: Comparison, drawn: tuple[Curve, ...]) -> str:
    """Returns the plot: paired differences to the reference by depth with their intervals as bands; '' without curves."""
    rows = {each.arm: (each.mean, each.low, each.high) for each in found.differences}
    rows[found.reference] = (0.0, 0.0, 0.0)
    drawn = tuple(each for each in drawn if sum(arm in rows for _, arm in each.points) > 1)
    if not drawn or len(rows) < 2:
        return ""
    plot, on_curves = _plot(found.reference, rows, drawn), {arm for each in drawn for _, arm in each.points}
    controls = [arm for arm in rows if arm not in {*on_curves, found.reference}][:6]
    body, named = [*_axis(plot)], [_Named(plot.y(0), f"{found.reference} (reference)", "mute", "4 3")]
    for arm in controls:
        body += _control(plot, arm)
        named.append(_Named(plot.y(rows[arm][0]), arm, "mute", "2 3"))
    for number, each in enumerate(drawn):
        body += _curve(plot, each, number)
        last = [arm for _, arm in each.points if arm in rows][-1]
        named.append(_Named(plot.y(rows[last][0]), each.name, *stroke(number)))
    title = f"{found.metric}: arm minus {found.reference}, with 95 % intervals"
    body += [*_beside(named, RIGHT + 8), *_taps(plot.x), text((LEFT, 10), title, kind="mute", longest=100)]
    return svg(HEIGHT, f"{found.metric} by the layer that is cut at", body)


def _plot(reference: str, rows: Mapping[str, tuple[float, float, float]], drawn: tuple[Curve, ...]) -> _Plot:
    taps = sorted(
        {place for each in drawn for place, _ in each.points}, key=lambda place: (place.depth, place.tap)
    )
    step = (WIDTH - LEFT - 220) / max(1, len(taps) - 1)
    x = {place: LEFT + 30 + number * step for number, place in enumerate(taps)}
    y = scale([value for each in rows.values() for value in each], HEIGHT - 90, 16)
    return _Plot(reference, rows, x, y)


def _axis(plot: _Plot) -> Iterator[str]:
    """Yields lines across the plot with what they stand for, and that of the reference."""
    y = plot.y
    for tick in ticks(y):
        yield line([(LEFT, y(tick)), (RIGHT, y(tick))], "edge", width=1)
        yield text((LEFT - 8, y(tick) + 4), f"{tick:+g}" if tick else "0", anchor="end", kind="mute")
    yield line([(LEFT, y(0)), (RIGHT, y(0))], "mute", dashes="4 3")


def _control(plot: _Plot, arm: str) -> Iterator[str]:
    """Yields the band and the line of an arm that is on no curve."""
    mean, low, high = map(plot.y, plot.rows[arm])
    yield band([(LEFT, low), (RIGHT, low), (RIGHT, high), (LEFT, high)], "mute")
    yield line([(LEFT, mean), (RIGHT, mean)], "mute", dashes="2 3")


def _curve(plot: _Plot, drawn: Curve, number: int) -> Iterator[str]:
    """Yields a curve: its band, its line and its points."""
    (colour, dashes), y = stroke(number), plot.y
    points = [(plot.x[place], plot.rows[arm], arm) for place, arm in drawn.points if arm in plot.rows]
    upper = [(at, y(high)) for at, (_, _, high), _ in points]
    lower = [(at, y(low)) for at, (_, low, _), _ in reversed(points)]
    yield band([*upper, *lower], colour)
    yield line([(at, y(mean)) for at, (mean, _, _), _ in points], colour, width=2, dashes=dashes)
    for at, (mean, low, high), arm in points:
        yield dot((at, y(mean)), colour, f"{arm}: {mean:+.4f}, {low:+.4f} to {high:+.4f}")


def _taps(x: Mapping[CutPlace, float]) -> Iterator[str]:
    """Yields the names of layers, aslant."""
    for place, at in x.items():
        name = text((at, HEIGHT - 76), place.tap.rpartition("/")[2], anchor="end")
        yield name.replace("<text", f'<text transform="rotate(-28 {at:.1f} {HEIGHT - 76})"', 1)


@dataclass(frozen=True, slots=True)
class _Named:
    """A line with its name at its end.

    Args:
        y: Where the line ends.
        name: Its name.
        colour: Its colour.
        dashes: Its dashes.
    """

    y: float
    name: str
    colour: str
    dashes: str


def _beside(named: Sequence[_Named], left: float) -> list[str]:
    """Returns the names of lines to the right of their ends, as near to them as they do not overlap."""
    body = []
    ordered = sorted(named, key=lambda each: each.y)
    lowest = HEIGHT - 90 - ROW * (len(ordered) - 1)
    at = -math.inf
    for number, each in enumerate(ordered):
        at = max(at + ROW, min(each.y, lowest + ROW * number))
        body += [line([(left, at), (left + 18, at)], each.colour, dashes=each.dashes)]
        kind = "mute" if each.colour == "mute" else ""
        body += [text((left + 24, at + 4), each.name, kind=kind, longest=20)]
    return body


def _but_for(facts: ArmFacts, branch: str) -> str:
    data = json.loads(json.dumps(facts.recipe))
    data["branches"][branch].pop("cut", None)
    return json.dumps(data, sort_keys=True)


def _common(branch: str, arms: list[str]) -> str:
    parts = [[part for part in arm.split(", ") if not part.startswith(f"{branch}/cut=")] for arm in arms]
    return next((", ".join(each) for each in parts if each and each != ["base"]), branch)
