"""The calls of backbones that a recipe needs: branches that read the same on the same size have one in common."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fusion.errors import Problem
from fusion.graph.stitches import Entry, clash
from fusion.graph.uses import Catalogue, Use, Uses, uses
from fusion.recipe.preprocessing import Preprocess
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import Place, pointer
from fusion.skeleton.layers import Skeleton


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a backbone, by all branches that ask for it.

    Args:
        name: Name of its node.
        use: What is called on what.
        skeleton: The backbone's table at that shape.
        preprocess: What the backbone's weights want images turned into.
        prepared: Whether an image it reads is resized or rescaled before.
        taps: For each branch that reads it, the layers it reads.
        entry: Where it begins, if not at the backbone's input.
        front: Name of the call whose map it reads then; `""` if it reads an image.
    """

    name: str
    use: Use
    skeleton: Skeleton
    preprocess: Preprocess
    prepared: bool
    taps: Mapping[str, tuple[str, ...]]
    entry: Entry | None = None
    front: str = ""


def calls(
    recipe: Recipe, catalogue: Catalogue, problems: list[Problem], *, doubtful: Collection[Place] = ()
) -> tuple[Call, ...]:
    """Returns every call of every backbone; what is wrong with sizes, cuts and entrances is added to `problems`.

    A backbone whose options could not be read is left out: its layers are not known.
    """
    unknown = {place[1] for place in doubtful if place[:1] == ("backbones",) and place[2:3] == ("options",)}
    return _called(recipe, uses(recipe, catalogue, problems, unknown), problems)


def entered(calls: Sequence[Call]) -> str:
    """Returns the layer at which calls of one backbone enter it, all the same; `""` where they read images."""
    return next((call.entry.enter for call in calls if call.entry), "")


def _called(recipe: Recipe, found: Uses, problems: list[Problem]) -> tuple[Call, ...]:
    """Returns a call for each use; a branch that cannot be beside one before it on the same backbone is left out."""
    made: dict[Use, Call] = {}
    settled: dict[str, Entry | None] = {}
    for use, table in found.tables.items():
        read: dict[str, tuple[str, ...]] = {}
        for name in (name for name, other in found.of.items() if other == use and found.taps.get(name)):
            entry = found.entries.get(name)
            if use.front is not None and (entry is None or not _is_read(recipe, name, made.get(use.front))):
                continue
            clashing = clash(entry, settled.setdefault(use.backbone, entry), use.backbone)
            if clashing is None:
                read[name] = found.taps[name]
            else:
                problems.append(Problem(pointer(("branches", name, clashing[0])), clashing[1]))
        if table is not None and (read or use.front is None):
            entry = found.entries[next(iter(read))] if use.front else None
            front = made[use.front].name if use.front else ""
            made[use] = Call(_name(use, [*found.tables]), *table, read, entry, front)
    return tuple(made.values())


def _is_read(recipe: Recipe, name: str, front: Call | None) -> bool:
    return front is not None and recipe.branches[name].of in front.taps


def _name(use: Use, every: Sequence[Use]) -> str:
    """Returns the backbone's name, and where it is called more than once also on what."""
    same = [other for other in every if other.backbone == use.backbone]
    if len(same) == 1:
        return use.backbone
    if sum(other.input == use.input for other in same) == 1:
        return f"{use.backbone}@{use.input}"
    name, at = f"{use.backbone}@{use.input}", use
    while at.front is not None:
        name, at = f"{name}@{at.shape[0]}x{at.shape[1]}", at.front
    return f"{name}@{at.shape[0]}x{at.shape[1]}"
