"""Scores of taps before anything trains, as pictures: over depth, against operations, likeness, and shares."""

from collections.abc import Mapping, Sequence
from typing import Any

from fusion.report.marks import WIDTH, dot, line, scale, stroke, svg, text, ticks
from fusion.report.pareto import Priced, pareto
from fusion.report.scored import Scores, likeness, shapley

HEIGHT, LEFT, RIGHT = 340, 70, 190


def score_charts(scores: Scores, measure: str) -> dict[str, str]:
    """Returns the pictures of what `fusion study score` found, by name; those with nothing to show are left out.

    Args:
        scores: What it found.
        measure: What the ridge score is: accuracy or skill.
    """
    priced = [
        Priced(each["tap"], each["ridge"], each["flops"]) for each in scores.taps if each["flops"] is not None
    ]
    found = {
        "layers": by_depth(scores, measure),
        "pareto": pareto(priced, f"{measure} of a ridge probe"),
        "likeness": likeness(scores),
        "shares": shapley(scores),
    }
    return {name: chart for name, chart in found.items() if chart}


def by_depth(scores: Scores, measure: str) -> str:
    """Returns the plot of the ridge score by depth, a line for each backbone, its best tap named; '' for less than two."""
    if len(scores.taps) < 2:
        return ""
    x = scale([each["depth"] for each in scores.taps], LEFT, WIDTH - RIGHT)
    y = scale([each["ridge"] for each in scores.taps], HEIGHT - 52, 24)
    body = []
    for tick in ticks(y):
        body += [line([(LEFT, y(tick)), (WIDTH - RIGHT, y(tick))], "edge", width=1)]
        body += [text((LEFT - 8, y(tick) + 4), f"{tick:g}", anchor="end", kind="mute")]
    for tick in ticks(x):
        body += [text((x(tick), HEIGHT - 32), f"{tick:g}", anchor="middle", kind="mute")]
    backbones = list(dict.fromkeys(each["backbone"] for each in scores.taps))
    for number, name in enumerate(backbones):
        rows = [each for each in scores.taps if each["backbone"] == name]
        body += _curve(name, rows, (x, y), number)
    said = f"{measure} of a ridge probe by depth in the backbone"
    body += [text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8), said, anchor="middle", longest=100)]
    return svg(HEIGHT, said, body)


def _curve(name: str, rows: Sequence[Mapping[str, Any]], scales: Any, number: int) -> list[str]:
    x, y = scales
    colour, dashes = stroke(number)
    best = max(rows, key=lambda each: each["ridge"])
    body = [line([(x(each["depth"]), y(each["ridge"])) for each in rows], colour, width=2, dashes=dashes)]
    body += [
        dot(
            (x(each["depth"]), y(each["ridge"])),
            colour,
            f"{each['tap']}: {each['ridge']:.4f}",
            filled=each is best,
        )
        for each in rows
    ]
    at = 34 + 40 * number
    body += [
        line([(WIDTH - RIGHT + 14, at - 4), (WIDTH - RIGHT + 34, at - 4)], colour, width=2, dashes=dashes)
    ]
    body += [text((WIDTH - RIGHT + 40, at), name, longest=20)]
    tap = best["tap"].rpartition("/")[2]
    body += [text((WIDTH - RIGHT + 40, at + 15), f"best: {tap}", kind="mute", longest=22)]
    return body
