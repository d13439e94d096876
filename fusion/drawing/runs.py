"""Which parts of a backbone a picture of layers shows open, and which it folds to one box."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from fusion.drawing.parts import SKIPPED, Part, parts
from fusion.drawing.segments import Segment, measured
from fusion.drawing.states import View
from fusion.drawing.titles import from_to, pattern
from fusion.errors import DrawingError, near, shown
from fusion.graph.nodes import Trunk

WORDS = ("cut", "all", "none")
"""What may be opened other than by name: the parts that end at a cut, all that are kept, or none."""

Opened = Mapping[str, frozenset[str]]
"""For each backbone the layers that leave the parts to show open."""


@dataclass(frozen=True, slots=True)
class Run:
    """Parts shown as one box, or one part shown open.

    Args:
        parts: The parts in order; all of one stage that the phase treats alike.
        facts: What they are called in all, their size, cost and state.
        is_open: Whether the layers are shown.
    """

    parts: tuple[Part, ...]
    facts: Segment
    is_open: bool


def opened(view: View, expand: str | Sequence[str]) -> Opened:
    """Returns what is to be shown open.

    Args:
        view: The graph.
        expand: `"cut"`, `"all"`, `"none"`, the name of a backbone, of a part such as `block4` or of a layer, these
            also behind their backbone as in `vgg/block4`; or several of them.

    Raises:
        DrawingError: If something has no such name.
    """
    found: dict[str, set[str]] = {name: set() for name in view.graph.trunks}
    for word in [expand] if isinstance(expand, str) else expand:
        hits = {name: _hits(trunk, word) for name, trunk in view.graph.trunks.items()}
        if word not in WORDS and not any(hits.values()):
            raise DrawingError(_unknown(view, word))
        for name, exits in hits.items():
            found[name] |= exits
    return {name: frozenset(exits) for name, exits in found.items()}


def runs(trunk: Trunk, view: View, exits: Collection[str]) -> tuple[Run, ...]:
    """Returns a backbone from top to bottom: parts that `exits` leave open, others beside each other in one box."""
    singles = [replace(single(trunk, part, view), is_open=part.exit.name in exits) for part in parts(trunk)]
    return tuple(
        _run(trunk, tuple(part for run in group for part in run.parts), view, is_open=group[0].is_open)
        for key, found in groupby(enumerate(singles), key=_alike)
        if (group := [run for _, run in found])
    )


def single(trunk: Trunk, part: Part, view: View) -> Run:
    """Returns a part alone, folded."""
    return _run(trunk, (part,), view, is_open=False)


def _alike(numbered: tuple[int, Run]) -> tuple[int | str, ...]:
    """Returns what is equal for runs that are shown as one: never for what is open or trains in part."""
    number, run = numbered
    facts, part = run.facts, run.parts[0]
    if run.is_open:
        return (number,)
    apart = number if facts.state == "mixed" and not facts.discarded else 0
    happened = facts.mark.words if facts.mark else ""
    return (
        -1,
        part.zone,
        part.stage,
        "" if facts.discarded else facts.state,
        apart,
        pattern(part.title),
        happened,
    )


def _run(trunk: Trunk, found: tuple[Part, ...], view: View, *, is_open: bool) -> Run:
    rows = [row for part in found for row in part.rows]
    last = found[-1]
    draft = Segment(
        from_to(found[0].title, last.title),
        last.exit.shape,
        last.zone,
        discarded=last.zone in {SKIPPED, len(trunk.taps)},
    )
    return Run(found, measured(trunk, rows, draft, view), is_open)


def _hits(trunk: Trunk, word: str) -> set[str]:
    every = parts(trunk)
    kept = {part.exit.name for part in every if SKIPPED < part.zone < len(trunk.taps)}
    owner, _, name = word.rpartition("/")
    if word == "cut":
        return {tap for tap in trunk.taps if tap in kept}
    if word in {"all", trunk.backbone}:
        return kept
    if owner and owner != trunk.backbone:
        return set()
    return {part.exit.name for part in every if name == part.title or any(name == r.name for r in part.rows)}


def _unknown(view: View, word: str) -> str:
    trunks = view.graph.trunks
    known = [*WORDS, *trunks]
    known += [
        name
        for trunk in trunks.values()
        for part in parts(trunk)
        for name in (part.title, *(r.name for r in part.rows))
    ]
    if not trunks:
        return f"There is nothing to open by {shown(word)}: the recipe has no backbone."
    few = ", ".join(
        f"{name}: {', '.join(part.title for part in parts(trunk))}" for name, trunk in trunks.items()
    )
    return f"There is no backbone, part or layer {shown(word)} to open.{near(word, known)} Parts of {few}."
