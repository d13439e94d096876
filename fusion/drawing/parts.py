"""A backbone as a chain of parts, each with one way out: what a picture of its layers folds and opens."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from fusion.drawing.titles import NUMBER, chosen_names, name_stem, number_in, part_title, shared_name
from fusion.graph.nodes import Trunk
from fusion.skeleton.articulation import stages
from fusion.skeleton.cuts import kept
from fusion.skeleton.kinds import ADJUSTING, FINISHING, PADDING
from fusion.skeleton.layers import Layer, Skeleton

SKIPPED = -1
"""Zone of what lies before the entrance of a backbone."""

LARGEST = 60
"""Layers of a part that is split further, where what goes around its ends does not go around it whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """Layers of a backbone that one tensor leaves.

    Args:
        title: What their names begin with, such as `conv4_block6`.
        rows: The layers, each after those it reads; the last gives what leaves it.
        zone: How many cuts lie before it; as many as there are cuts where it is thrown away, -1 before the entrance.
        stage: Number of the stage it ends in.
        before: What leaves the part before it; `""` for the first.
        read: Those of its layers that other parts read.
    """

    title: str
    rows: tuple[Layer, ...]
    zone: int
    stage: int
    before: str = ""
    read: frozenset[str] = frozenset()

    @property
    def exit(self) -> Layer:
        """The layer that gives what leaves it."""
        return self.rows[-1]


def parts(trunk: Trunk) -> tuple[Part, ...]:
    """Returns the whole backbone of a trunk: the parts up to its first cut, those up to the next, then the rest.

    Parts end where one tensor carries everything, at the articulations that no normalisation or activation merely
    finishes; where there is hardly any, as in NASNet, at joins that with earlier ends carry everything. Parts without
    branches join those beside them that the author numbered alike: VGG16's `block1_conv1` to `block1_pool`.
    """
    return _parts(trunk.skeleton, trunk.taps, trunk.enter)


@lru_cache(maxsize=64)
def _parts(skeleton: Skeleton, taps: tuple[str, ...], enter: str) -> tuple[Part, ...]:
    zones = cut_zones(skeleton, taps, enter)
    numbers = {name: stage.number for stage in stages(skeleton) for name in stage.layers}
    found: list[Part] = []
    for zone in range(SKIPPED, len(taps) + 1):
        rows = _late(row for row in skeleton.layers if zones[row.name] == zone)
        ended = {part.exit.name for part in found}
        drafts = []
        for whole in _split(rows, _ends(rows)):
            for run in _smaller(whole, ended):
                drafts.append(
                    Part(part_title(run, name_stem(skeleton)), run, zone, numbers.get(run[-1].name, 1))
                )
                ended.add(run[-1].name)
        found += _joined(drafts, name_stem(skeleton))
    if not NUMBER.search(found[0].title) or not shared_name(found[0].rows, name_stem(skeleton)):
        found[0] = replace(found[0], title="stem")
    return tuple(_linked(_told_apart(found, name_stem(skeleton))))


def _told_apart(found: Sequence[Part], stem: str) -> list[Part]:
    """Returns parts with what leaves them for a title where several between two cuts have the same."""
    counts = Counter((part.zone, part.title) for part in found)
    return [
        replace(part, title=part.exit.name.removeprefix(stem)) if counts[part.zone, part.title] > 1 else part
        for part in found
    ]


def _linked(found: Sequence[Part]) -> Iterator[Part]:
    """Yields parts with what they have to do with each other."""
    owner = {row.name: part.exit.name for part in found for row in part.rows}
    read = {
        parent
        for part in found
        for row in part.rows
        for parent in row.parents
        if owner[parent] != part.exit.name
    }
    for before, part in zip([None, *found], found, strict=False):
        own = frozenset(row.name for row in part.rows if row.name in read)
        yield replace(part, before=before.exit.name if before else "", read=own)


def cut_zones(skeleton: Skeleton, taps: Sequence[str], enter: str = "") -> dict[str, int]:
    """Returns for each layer how many cuts lie before it; as many as there are cuts where it is thrown away.

    What lies before an entrance, or gives what is stitched in its place, is thrown away too: `SKIPPED`.

    >>> rows = (Layer("x", "InputLayer", (), (8,)), Layer("a", "ReLU", ("x",), (8,)))
    >>> rows += (Layer("b", "ReLU", ("a",), (8,)),)
    >>> cut_zones(Skeleton("tiny", (8,), rows, "b", ""), ["a"])
    {'x': 0, 'a': 0, 'b': 1}
    """
    zones = {row.name: len(taps) for row in skeleton.layers}
    for number, tap in reversed(list(enumerate(taps))):
        zones |= dict.fromkeys(kept(skeleton, [tap]), SKIPPED if enter else number)
        zones |= dict.fromkeys(kept(skeleton, [tap], enter), number)
    return zones


def _late(rows: Iterator[Layer]) -> list[Layer]:
    """Returns rows as late as what reads them allows, so that what is adapted for a later part stands with it."""
    order = list(rows)
    ahead = dict.fromkeys((row.name for row in order), 0)
    for row in reversed(order):
        for parent in row.parents:
            if parent in ahead:
                ahead[parent] = max(ahead[parent], ahead[row.name] + 1)
    return sorted(order, key=lambda row: -ahead[row.name])


def _ends(rows: Sequence[Layer]) -> list[int]:
    """Returns the places after which nothing before is read but the row there."""
    last = {parent: place for place, row in enumerate(rows) for parent in row.parents}
    waiting = last.keys() - {row.name for row in rows}
    found = []
    for place, row in enumerate(rows):
        waiting -= {parent for parent in row.parents if last[parent] == place}
        waiting |= {row.name} & last.keys()
        if waiting <= {row.name}:
            found.append(place)
    return found


def _loose_ends(rows: Sequence[Layer], ended: Collection[str]) -> list[int]:
    """Returns the places of joins, some way apart, after which only they are read and earlier such ends.

    What an activation or a crop makes of an earlier end counts as that end.
    """
    last = {parent: place for place, row in enumerate(rows) for parent in row.parents}
    passed, waiting = set(ended), last.keys() - {row.name for row in rows}
    found: list[int] = []
    for place, row in enumerate(rows):
        waiting -= {parent for parent in row.parents if last[parent] == place}
        waiting |= {row.name} & last.keys()
        apart = place - (found[-1] if found else -1) > LARGEST // 4
        if waiting - passed <= {row.name} and len(row.parents) > 1 and apart:
            found.append(place)
            passed.add(row.name)
        elif len(row.parents) == 1 and not row.params and row.parents[0] in passed:
            passed.add(row.name)
    return [*found, *([len(rows) - 1] if len(rows) - 1 not in found else [])]


def _pushed(parts: Sequence[tuple[Layer, ...]]) -> list[tuple[Layer, ...]]:
    """Returns parts without what they themselves do not read: it goes to the part that does."""
    found: list[tuple[Layer, ...]] = []
    late: list[Layer] = []
    for part in parts:
        rows, late = [*late, *part], []
        read = {part[-1].name}
        for row in reversed(rows):
            if row.name in read:
                read.update(row.parents)
            else:
                late.insert(0, row)
        found.append(tuple(row for row in rows if row not in late))
    return found


def _split(rows: Sequence[Layer], ends: Sequence[int]) -> list[tuple[Layer, ...]]:
    """Returns rows cut after `ends`, but not before what merely finishes nor after what only prepares."""
    found, start = [], 0
    for place in ends:
        row, after = rows[place], rows[place + 1] if place + 1 < len(rows) else None
        finished = after is not None and after.kind in FINISHING and _is_one(row, after)
        inside = bool(row.container) and after is not None and after.container == row.container
        if after is None or not (
            (finished and place + 1 in ends) or inside or row.kind in PADDING | ADJUSTING
        ):
            found.append(tuple(rows[start : place + 1]))
            start = place + 1
    return [*found, tuple(rows[start:])] if start < len(rows) else found


def _is_one(row: Layer, after: Layer) -> bool:
    """Returns whether the author put two layers in one nested model, and did not begin another name with the second."""
    begun = [name.partition("_")[0] for name in chosen_names([row, after])]
    return after.container == row.container and len(set(begun)) < 2


def _smaller(rows: tuple[Layer, ...], ended: Collection[str]) -> list[tuple[Layer, ...]]:
    return _pushed(_split(rows, _loose_ends(rows, ended))) if len(rows) > LARGEST else [rows]


def _joined(drafts: Sequence[Part], stem: str) -> list[Part]:
    found: list[Part] = []
    for part in drafts:
        before = found[-1] if found else None
        if before and _kin(before, part):
            rows = before.rows + part.rows
            title = before.title if part.title.startswith(f"{before.title}_") else part_title(rows, stem)
            found[-1] = replace(part, title=title, rows=rows)
        else:
            found.append(part)
    return found


def _kin(before: Part, part: Part) -> bool:
    """Returns whether two parts have one beginning of a name; or are chains of one number, or of one stage without names."""
    if part.title.startswith(f"{before.title}_") and NUMBER.search(before.title):
        return True
    numbers = [number_in(each.rows) for each in (before, part)]
    alike = numbers[0] == numbers[1] and (bool(numbers[0]) or before.stage == part.stage)
    return alike and _is_chain(before) and _is_chain(part)


def _is_chain(part: Part) -> bool:
    names = [row.name for row in part.rows]
    return all(row.parents == (names[place],) for place, row in enumerate(part.rows[1:]))
