"""What scores foretold, where a run's folder has them: against what was measured, and how taps are alike."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from fusion.errors import StudyError
from fusion.report.curves import Curve
from fusion.report.marks import WIDTH, dot, line, scale, shortened, svg, text, ticks
from fusion.study.claims import Comparison
from fusion.wording import cleaned

SCORES, FUSIONS = "scores.json", "fusions.json"


@dataclass(frozen=True, slots=True)
class Scores:
    """What `fusion study score` wrote.

    Args:
        taps: A row for each tap.
        similarity: Debiased CKA between them.
        shares: By tap, its Shapley share of what all taps can tell together.
    """

    taps: tuple[Mapping[str, Any], ...]
    similarity: tuple[tuple[float, ...], ...] = ()
    shares: Mapping[str, float] = field(default_factory=dict)


def read_scores(folder: Path) -> Scores | None:
    """Returns the scores in the folder of a run; `None` where there are none.

    >>> read_scores(Path("nowhere")) is None
    True

    Raises:
        StudyError: If the files are not what `fusion study score` writes.
    """
    if not (folder / SCORES).exists():
        return None
    try:
        found = json.loads((folder / SCORES).read_text(encoding="utf-8"))
        path = folder / FUSIONS
        fused = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        taps = tuple(
            {"tap": str(each["tap"]), **each, "ridge": float(each["ridge"])} for each in found["taps"]
        )
        alike = tuple(tuple(map(float, row)) for row in found.get("similarity", ()))
        shares = {str(tap): float(share) for tap, share in fused.get("shares", {}).items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StudyError(
            f"The scores in {folder} cannot be read: {error!r}. Remove them, or write them again: fusion study score"
        ) from error
    return Scores(taps, alike, shares)


def measured(found: Comparison, drawn: Sequence[Curve]) -> dict[str, float]:
    """Returns by tap the mean of the first arm on a curve that is cut there and came to its end with every seed."""
    means = {each.arm: each.mean for each in found.whole_arms}
    taps: dict[str, float] = {}
    for curve in drawn:
        for place, arm in curve.points:
            if arm in means:
                taps.setdefault(place.tap, means[arm])
    return taps


def against(scores: Scores, found: Comparison, taps: Mapping[str, float]) -> str:
    """Returns the plot of the ridge score of each tap against what arms cut there came to; '' for less than two."""
    points = [(each["ridge"], taps[each["tap"]], each["tap"]) for each in scores.taps if each["tap"] in taps]
    if len(points) < 2:
        return ""
    x, y = scale([each[0] for each in points], 70, WIDTH - 40), scale([each[1] for each in points], 250, 16)
    body = []
    for tick in ticks(y):
        body += [line([(70, y(tick)), (WIDTH - 40, y(tick))], "edge", width=1)]
        body += [text((62, y(tick) + 4), f"{tick:g}", anchor="end", kind="mute")]
    body += [text((x(tick), 270), f"{tick:g}", anchor="middle", kind="mute") for tick in ticks(x)]
    for ridge, mean, tap in points:
        right = x(ridge) > WIDTH / 2
        body += [dot((x(ridge), y(mean)), "frozen", f"{tap}: ridge {ridge:.4f}, measured {mean:.4f}")]
        beside = (x(ridge) + (-9 if right else 9), y(mean) - 8)
        body += [text(beside, tap.rpartition("/")[2], anchor="end" if right else "start")]
    body += [
        text(
            (WIDTH / 2, 292),
            f"measured {found.metric} against the ridge score, before training",
            anchor="middle",
            longest=100,
        )
    ]
    return svg(300, "Scores against what was measured", body)


def likeness(scores: Scores) -> str:
    """Returns the map of CKA between taps, dark where they are alike; '' without it."""
    names, size = [each["tap"] for each in scores.taps], len(scores.similarity)
    if not size or size != len(names):
        return ""
    cell, left = min(34.0, 440 / size), 260
    body = []
    for row, values in enumerate(scores.similarity):
        body += [text((left - 8, 16 + cell * (row + 0.5)), shortened(names[row], 36), anchor="end")]
        for column, value in enumerate(values):
            shown = min(1.0, max(0.0, value))
            said = escape(cleaned(f"{names[row]}, {names[column]}: {value:.2f}"))
            body += [
                f'<rect x="{left + cell * column:.1f}" y="{12 + cell * row:.1f}" width="{cell - 1:.1f}" height="{cell - 1:.1f}" '
                f'style="fill:var(--frozen);fill-opacity:{shown:.2f};stroke:var(--edge)"><title>{said}</title></rect>'
            ]
    low = 24 + cell * size
    said = "likeness of taps (debiased CKA): dark where two arrange the examples alike"
    body += [text((WIDTH / 2, low + 12), said, anchor="middle", longest=100)]
    return svg(low + 22, "Likeness of taps (CKA)", body)


def shapley(scores: Scores) -> str:
    """Returns bars of each tap's Shapley share; '' without them."""
    if not scores.shares:
        return ""
    x = scale([0.0, *scores.shares.values()], 270, WIDTH - 80)
    body = []
    for number, (tap, share) in enumerate(scores.shares.items()):
        y = 14 + 24 * number
        start, end = sorted((x(0), x(share)))
        body += [
            text((260, y + 13), shortened(tap, 36), anchor="end"),
            f'<rect x="{start:.1f}" y="{y}" width="{end - start:.1f}" height="16" style="fill:var(--frozen)"/>',
            text((end + 6, y + 13), f"{share:.3f}", kind="mute"),
        ]
    low = 24 + 24 * len(scores.shares)
    said = "Shapley share of each tap in the skill of all; the shares add up to it"
    body += [text((WIDTH / 2, low + 12), said, anchor="middle", longest=100)]
    return svg(low + 22, "Shapley share of each tap", body)
