"""Curves over depth: how the metric changes with the layer a backbone is cut at, pair by pair."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusion.report.marks import WIDTH, band, dot, line, scale, stroke, svg, text, ticks
from fusion.study.arms import ArmFacts, CutPlace
from fusion.study.claims import Comparison

HEIGHT, LEFT, ROW = 380, 70, 15


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


def layers(found: Comparison, drawn: tuple[Curve, ...]) -> str:
    """Returns the plot: paired differences to the reference by depth with their intervals as bands; '' without curves."""
    rows = {each.arm: (each.mean, each.low, each.high) for each in found.differences}
    rows[found.reference] = (0.0, 0.0, 0.0)
    drawn = tuple(each for each in drawn if sum(arm in rows for _, arm in each.points) > 1)
    if not drawn or len(rows) < 2:
        return ""
    on_curves = {arm for each in drawn for _, arm in each.points}
    controls = [arm for arm in rows if arm not in on_curves and arm != found.reference]
    taps = sorted(
        {place for each in drawn for place, _ in each.points}, key=lambda place: (place.depth, place.tap)
    )
    step = (WIDTH - LEFT - 220) / max(1, len(taps) - 1)
    x = {place: LEFT + 30 + number * step for number, place in enumerate(taps)}
    y = scale([value for each in rows.values() for value in each], HEIGHT - 90, 16)
    right = WIDTH - 170
    body = []
    for tick in ticks(y):
        body += [line([(LEFT, y(tick)), (right, y(tick))], "edge", width=1)]
        body += [text((LEFT - 8, y(tick) + 4), f"{tick:+g}" if tick else "0", anchor="end", kind="mute")]
    body += [line([(LEFT, y(0)), (right, y(0))], "mute", dashes="4 3")]
    named = [_Named(y(0), f"{found.reference} (reference)", "mute", "4 3")]
    for arm in controls[:6]:
        mean, low, high = rows[arm]
        body += [band([(LEFT, y(low)), (right, y(low)), (right, y(high)), (LEFT, y(high))], "mute")]
        body += [line([(LEFT, y(mean)), (right, y(mean))], "mute", dashes="2 3")]
        named += [_Named(y(mean), arm, "mute", "2 3")]
    for number, each in enumerate(drawn):
        colour, dashes = stroke(number)
        points = [(x[place], rows[arm], arm) for place, arm in each.points if arm in rows]
        upper = [(at, y(row[2])) for at, row, _ in points]
        body += [band([*upper, *((at, y(row[1])) for at, row, _ in reversed(points))], colour)]
        body += [line([(at, y(row[0])) for at, row, _ in points], colour, width=2, dashes=dashes)]
        body += [
            dot((at, y(row[0])), colour, f"{arm}: {row[0]:+.4f}, {row[1]:+.4f} to {row[2]:+.4f}")
            for at, row, arm in points
        ]
        if len(drawn) > 1:
            named += [_Named(y(points[-1][1][0]), each.name, colour, dashes)]
    body += _beside(named, right + 8)
    for place, at in x.items():
        where = f'transform="rotate(-28 {at:.1f} {HEIGHT - 76})"'
        body += [
            text((at, HEIGHT - 76), place.tap.rpartition("/")[2], anchor="end").replace(
                "<text", f"<text {where}", 1
            )
        ]
    body += [
        text(
            (LEFT, 10),
            f"{found.metric}: arm minus {found.reference}, with 95 % intervals",
            kind="mute",
            longest=100,
        )
    ]
    return svg(HEIGHT, f"{found.metric} by the layer that is cut at", body)


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
