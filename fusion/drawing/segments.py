"""A backbone along its depth: parts with one resolution, between cuts, that freeze or train."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from fusion.drawing.marks import Mark, layers_mark
from fusion.drawing.parts import SKIPPED, cut_zones, parts
from fusion.drawing.states import State, View, state, trainable_params
from fusion.drawing.titles import chosen_names, from_to, name_stem, part_title, shared_name
from fusion.drawing.widths import shortened
from fusion.graph.nodes import Trunk, Weights, size
from fusion.skeleton.articulation import stages
from fusion.skeleton.flops import uncounted
from fusion.skeleton.layers import Layer, Shape
from fusion.skeleton.names import automatic_number
from fusion.wording import DASH, MINUS, amount, cleaned, work

WIDEST = 110.0
"""How wide the name of a part may be that stands for a stage."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of layers of a backbone.

    Args:
        title: What its layers are called, such as `block3` or, for several, `mixed3` to `7`.
        shape: Shape at the end of the stage it ends with; `()` where a stage goes on after it.
        zone: How many cuts lie before it; as many as there are cuts where it is thrown away, -1 before the entrance.
        layers: Number of layers.
        params: Number of weights.
        flops: Operations for one sample.
        outputs: Numbers that its layers give for one sample; 0 where sizes are left open.
        state: What the phase does to it.
        trainable: How many of its weights gradients change.
        discarded: Whether it lies after every cut, or before the entrance.
        names: The layers.
        uncounted: Kinds of its layers whose operations are not known.
        mark: What happened to them since what the picture is compared with.
    """

    title: str
    shape: Shape
    zone: int
    layers: int = 0
    params: int = 0
    flops: int = 0
    outputs: int = 0
    state: State = "none"
    trainable: int = 0
    discarded: bool = False
    names: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()
    mark: Mark | None = None

    @property
    def work(self) -> str:
        """Its operations in words."""
        return work(self.flops, self.uncounted)

    @property
    def size(self) -> str:
        """How many weights it has, with a minus where they are thrown away."""
        return (MINUS if self.discarded and self.params else "") + amount(self.params)


def segments(trunk: Trunk, view: View) -> tuple[Segment, ...]:
    """Returns the parts of a whole backbone in order: those before its first cut, then those before the next, then the rest."""
    numbers = {name: stage.number for stage in stages(trunk.skeleton) for name in stage.layers}
    ends = {stage.last for stage in stages(trunk.skeleton)}
    zones = cut_zones(trunk.skeleton, trunk.taps, trunk.enter)
    rows = sorted(trunk.skeleton.layers, key=lambda row: (zones[row.name], numbers.get(row.name, 1)))
    titles = Counter(
        _title([trunk.skeleton[name] for name in stage.layers]) for stage in stages(trunk.skeleton)
    )
    found = []
    for (zone, number), part in groupby(rows, key=lambda row: (zones[row.name], numbers.get(row.name, 1))):
        for run in _runs(trunk, tuple(part), view, zone):
            shape = next((row.shape for row in run if row.name in ends), ())
            title = _title(run) if numbers else _last_title(trunk, run)
            # A title that several stages could have tells none of them.
            told = title if title and titles[title] < 2 else _parts_title(trunk, run) or f"stage {number}"
            draft = Segment(told, shape, zone, discarded=zone in {SKIPPED, len(trunk.taps)})
            found.append(measured(trunk, run, draft, view))
    return tuple(found)


def _runs(trunk: Trunk, rows: Sequence[Layer], view: View, zone: int) -> list[tuple[Layer, ...]]:
    """Returns `rows` cut once where freezing ends and training begins, or the other way round; else whole."""
    if zone in {SKIPPED, len(trunk.taps)} or view.trained is None:
        return [tuple(rows)]
    # Batch normalisation that a phase leaves in inference lies between trained layers and parts nothing.
    telling = [row for row in rows if row.params > row.statistics and row.kind != "BatchNormalization"]
    flags = [f"{trunk.backbone}/{row.name}" in view.trained for row in telling]
    changes = [place for place in range(1, len(flags)) if flags[place] != flags[place - 1]]
    if len(changes) != 1:
        return [tuple(rows)]
    border = rows.index(telling[changes[0]])
    return [tuple(rows[:border]), tuple(rows[border:])]


def measured(trunk: Trunk, rows: Sequence[Layer], draft: Segment, view: View) -> Segment:
    """Returns a draft with the size and cost of its layers, and what the phase of `view` does to them."""
    weights = [Weights(f"{trunk.backbone}/{row.name}", row.kind, row.params, row.statistics) for row in rows]
    left = "BatchNormalization" if view.batchnorm == "inference" else ""
    telling = [each for each in weights if each.kind != left and each.params] or weights
    return replace(
        draft,
        layers=len(rows),
        params=sum(row.params for row in rows),
        flops=sum(row.flops for row in rows),
        outputs=0 if any(None in row.shape for row in rows) else sum(size(row.shape) for row in rows),
        state=state(telling, view.trained),
        trainable=trainable_params(weights, view.trained),
        names=tuple(row.name for row in rows),
        uncounted=uncounted(rows),
        mark=layers_mark(trunk, rows, view),
    )


def _title(rows: Iterable[Layer]) -> str:
    """Returns what most of the names that their author chose begin with, and its numbers: `block3`, `mixed3` to `7`."""
    chosen = [row.name for row in rows if automatic_number(row.name, row.kind) is None]
    found = [match.groups() for name in chosen if (match := _NUMBERED.search(name))]
    stem, count = next(iter(Counter(stem for stem, _ in found).most_common(1)), ("", 0))
    if 2 * count <= len(chosen):
        return ""
    numbers = [int(number) for other, number in found if other == stem]
    low, high = min(numbers), max(numbers)
    return f"{stem}{low}" if low == high else f"{stem}{low}{DASH}{high}"


def _last_title(trunk: Trunk, rows: Sequence[Layer]) -> str:
    """Returns what layers are called that no resolution tells apart: all, what they share, else up to which they go."""
    stem = name_stem(trunk.skeleton)
    name = part_title(rows, stem)
    if len(rows) == len(trunk.skeleton.layers):
        return "all layers"
    return name if len(rows) == 1 or shared_name(rows, stem) else f"to {name}"


def _parts_title(trunk: Trunk, rows: Sequence[Layer]) -> str:
    """Returns what the parts in which layers lie are called at a closer look, in short; `""` if they have no name."""
    names = {row.name for row in rows}
    found = [part for part in parts(trunk) if any(row.name in names for row in part.rows)]
    told = from_to(found[0].title, found[-1].title)
    named = told == "stem" or chosen_names(found[0].rows)
    # On a ruler room is scarce: of conv_pw_2 the last word and the number tell enough.
    brief = _WORDS.sub("", told)
    return shortened(cleaned(brief), 10.5, WIDEST, bold=True) if named else ""


_WORDS = re.compile(r"^([A-Za-z]+_)+(?=[A-Za-z]+_?[0-9])")
_NUMBERED = re.compile(r"([A-Za-z]+_?)([0-9]+)")
