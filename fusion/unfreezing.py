"""Gradual unfreezing with rates that fall with depth, written out as the phases it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx

from fusion.checking import Source, resolve
from fusion.errors import TrainingError, listed, near, shown
from fusion.graph.nodes import FusionGraph, Trunk
from fusion.recipe.recipe import Recipe
from fusion.recipe.selectors import parse_selector
from fusion.recipe.training import Part, Phase
from fusion.skeleton.articulation import digraph, natural_cuts, stages

BY = ("stage", "block")
PACE = 1 / 2.6
"""How rates fall from group to group in Howard and Ruder (2018), section 3.2."""


def unfreeze(
    recipe: Source,
    *backbones: str,
    by: str = "stage",
    epochs: int = 1,
    learning_rate: float = 1e-4,
    decay: float = PACE,
    groups: int | None = None,
) -> Recipe:
    """Returns a recipe with phases after its own in each of which a further part of its backbones trains, the last first.

    What of the last phase is no part of these backbones trains on, by `learning_rate` where it has no rate of its own; each
    group of layers by the rate of the one after it times `decay` (Howard and Ruder, "Universal Language Model Fine-tuning
    for Text Classification", 2018). All else, such as the optimizer, is as in the last phase.

    Args:
        recipe: The recipe, or the path of its file; with one phase or more, such as one that trains the head.
        backbones: Which; all of them where none is named.
        by: What trains from a phase on: one more `stage` (one resolution), or one more `block` (one natural cut).
        epochs: Of each phase.
        learning_rate: Of what comes after the backbones.
        decay: In 0..1.
        groups: How many groups are unfrozen at most; all if `None`. A backbone without a layer that everything passes
            through, such as NASNet, is one group.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block2_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> for phase in unfreeze(one, by="stage", learning_rate=0.001, decay=0.5).training.phases[1:]:
    ...     print([(part.part, part.learning_rate) for part in phase.parts])
    [('head', 0.001), ('tinyvgg[block1_pool..]', 0.0005)]
    [('head', 0.001), ('tinyvgg[block1_pool..]', 0.0005), ('tinyvgg[..block1_pool]', 0.00025)]

    Raises:
        RecipeError: Listing every problem of the recipe.
        TrainingError: If it has no phase to go on from, there is no such backbone, nothing of one can train, or a number
            is none that makes sense.
    """
    graph = resolve(recipe)
    declared = graph.recipe
    if declared.training is None:
        raise TrainingError(
            f"{declared.name!r} has no training to go on from. Write a phase that trains the head first."
        )
    if not 0 < decay <= 1:
        raise TrainingError(f"Rates fall by a factor above 0 and up to 1, got decay={decay}.")
    if by not in BY:
        raise TrainingError(f"A backbone is unfrozen by {listed(BY)}, got {by!r}.{near(by, BY)}")
    if groups is not None and (type(groups) is not int or groups < 1):
        raise TrainingError(
            f"How many groups are unfrozen is a whole number from 1 on, or None for all, got groups={groups!r}."
        )
    chosen = _chosen(declared, backbones)
    last = declared.training.phases[-1]
    kept = [part for part in last.train if not _is_of(part, chosen)]
    ladders = [_groups(graph, name, by)[:groups] for name in chosen]
    optimizer = last.optimizer.replaced(learning_rate=learning_rate)
    made = list(declared.training.phases)
    for depth in range(1, max(map(len, ladders)) + 1):
        parts = [
            Part(part=group.text, learning_rate=float(f"{learning_rate * decay**number:.4g}"))
            for ladder in ladders
            for number, group in enumerate(ladder[:depth], start=1)
        ]
        name = _name(
            " and ".join(ladder[depth - 1].above for ladder in ladders if len(ladder) >= depth), made
        )
        made.append(
            last.replaced(name=name, train=(*kept, *parts), epochs=epochs, optimizer=optimizer, reset=())
        )
    return declared.replaced(training=declared.training.replaced(phases=tuple(made)))


def _is_of(part: str | Part, backbones: Sequence[str]) -> bool:
    selector = parse_selector(part if isinstance(part, str) else part.part)
    return selector.kind == "backbone" and selector.owner in backbones


@dataclass(frozen=True, slots=True)
class _Group:
    """Layers of a backbone that begin to train together.

    Args:
        text: The selector of these.
        above: That of these and all after them.
    """

    text: str
    above: str


def _chosen(recipe: Recipe, backbones: Sequence[str]) -> tuple[str, ...]:
    for name in backbones:
        if not isinstance(name, str):
            raise TrainingError(
                f"Backbones are named one by one, got {shown(name)}. Write unfreeze(recipe, "
                f"{', '.join(map(repr, recipe.backbones))})."
            )
        if name not in recipe.backbones:
            raise TrainingError(
                f"The recipe has no backbone {name!r}.{near(name, recipe.backbones)} It has {listed(recipe.backbones)}."
            )
    if not recipe.backbones:
        raise TrainingError(f"{recipe.name!r} has no backbone to unfreeze.")
    return tuple(dict.fromkeys(backbones)) or tuple(recipe.backbones)


def _groups(graph: FusionGraph, name: str, by: str) -> list[_Group]:
    """Returns the groups of a backbone, the last of its layers first."""
    trunk, rows = graph.trunks[name], _rows(graph.trunks[name])
    trains = {
        address.partition("/")[2]
        for address, each in graph.weights.items()
        if address.partition("/")[0] == name and each.params > each.statistics
    }
    trains = {row for row in trains if trunk.skeleton[row].kind != "BatchNormalization"}
    found: list[_Group] = []
    last = ""
    for end, first in reversed(_bounds(graph, name, by)):
        stop = rows.index(last) + 1 if last else len(rows)
        # Without weights of their own layers go with those before them; something must be left for these, too.
        if trains & {*rows[rows.index(first) : stop]} and trains & {*rows[: rows.index(end) + 1]}:
            found.append(_Group(f"{name}[{first}..{last}]", f"{name}[{first}..]"))
            last = end
    if not trains:
        raise TrainingError(f"Nothing of the backbone {name!r} can train, so there is nothing to unfreeze.")
    return [*found, _Group(f"{name}[..{last}]" if last else name, name)]


def _bounds(graph: FusionGraph, name: str, by: str) -> list[tuple[str, str]]:
    """Returns where a backbone parts in two, in order: the last layer before, and the first after that a range can name."""
    trunk, rows = graph.trunks[name], _rows(graph.trunks[name])
    linked = digraph(trunk.skeleton).subgraph(rows)
    passed = [
        row
        for row in rows
        if len(nx.ancestors(linked, row)) + len(nx.descendants(linked, row)) + 1 == len(rows)
    ]
    table = trunk.skeleton
    ends = {each.last for each in stages(table)} if by == "stage" else {*natural_cuts(table)}
    found = []
    for end in (row for row in passed[:-1] if row in ends):
        # A layer without weights may stand in both: then a range is clear also where paths part after it.
        first = end if f"{name}/{end}" not in graph.weights else rows[rows.index(end) + 1]
        if first in passed:
            found.append((end, first))
    return found


def _rows(trunk: Trunk) -> list[str]:
    return [row for row in trunk.skeleton.rows if row in trunk.kept]


def _name(text: str, phases: Sequence[Phase]) -> str:
    """Returns a name that no phase has yet."""
    taken = {phase.name for phase in phases}
    names = (text, *(f"{text} {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
