"""Recipes cut at the taps that were picked, with the head alone trained, and the study that confirms them."""

from collections.abc import Mapping, Sequence

from fusion.errors import StudyError, listed
from fusion.probe.tapping import TapPoint, reader
from fusion.recipe.branches import Branch
from fusion.recipe.recipe import Recipe
from fusion.recipe.reduction import is_late, reduced, selector_of, trains_what_predicts
from fusion.recipe.selectors import Kind
from fusion.recipe.training import Part, Phase
from fusion.study.declaration import Arm, Study

INNER: frozenset[Kind] = frozenset({"backbone", "stitch"})
STANDS = "as-it-stands"
"""The arm that keeps the recipe's own cuts."""


def picked_recipe(recipe: Recipe, taps: Sequence[TapPoint], *, name: str) -> Recipe:
    """Returns a recipe cut at some taps: one branch for each backbone that has any, the others left out.

    A branch keeps what it reads, its pool and its blocks, but vectors are taken as they are, and maps that a vector is
    wanted of by their mean; branches without a backbone stay. Phases that train layers of a backbone are left out, and
    so is all that is said of what is not there. An input that is the only one left is no longer optional.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("VGG16", "ResNet50", output=["ant", "bee"])
    >>> taps = [TapPoint("vgg16", f"block{number}_pool", 0.5, 0, 0) for number in (4, 5)]
    >>> picked_recipe(one, taps, name="two taps").branches["vgg16_view"].cut
    ('block4_pool', 'block5_pool')

    Raises:
        StudyError: If a branch reads another's map, the recipe trains no head, or vectors and maps of one backbone would
            have to be one vector.
    """
    if any(branch.of for branch in recipe.branches.values()):
        raise StudyError(
            f"In {recipe.name!r} a branch reads another's map, so which taps take part cannot be exchanged. "
            "Pick cuts of it by hand, as axes of a study."
        )
    return head_only(recipe, _branches(recipe, taps), name=name)


def head_only(recipe: Recipe, branches: Mapping[str, Branch], *, name: str) -> Recipe:
    """Returns a recipe with other branches in place of its own, trained without layers of backbones.

    Phases that train some are left out; where the others do not train what predicts, all are kept without those layers.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("VGG16", output=["ant", "bee"])
    >>> [phase.train for phase in head_only(one, one.branches, name="head only").training.phases]
    [('head',)]

    Raises:
        StudyError: If nothing trains what predicts.
    """
    phases = recipe.training.phases if recipe.training else ()
    whole = [_without_inner(phase) for phase in phases if not any(_is_inner(part) for part in phase.train)]
    for several in (
        whole,
        [_without_inner(phase) for phase in phases if not all(map(_is_inner, phase.train))],
    ):
        if recipe.training and several:
            training = recipe.training.replaced(phases=tuple(several))
            made = reduced(recipe.replaced(training=training), branches, name=name)
            if trains_what_predicts(made):
                return made
    raise StudyError(
        f"{recipe.name!r} trains no head, so what was picked cannot be confirmed. Give it "
        f'"training" with a phase that trains "{"fusion" if is_late(recipe) else "head"}".'
    )


def _is_inner(part: str | Part) -> bool:
    return selector_of(part).kind in INNER


def _without_inner(phase: Phase) -> Phase:
    train, reset = (
        tuple(part for part in parts if not _is_inner(part)) for parts in (phase.train, phase.reset)
    )
    return phase.replaced(train=train, reset=reset)


def picked_study(study: Study, recipe: Recipe, picks: Mapping[str, Sequence[TapPoint]]) -> Study:
    """Returns the study that confirms picked taps: each trained by the recipe's real head, over the study's seeds.

    Its recipe, the arm `base`, is that of the first pick: the best tap. The last arm keeps the recipe's own cuts.

    Raises:
        StudyError: As `picked_recipe`.
    """
    made = {
        name: picked_recipe(recipe, taps, name=f"{recipe.name}, {name.replace('-', ' ')}")
        for name, taps in picks.items()
    }
    first, *others = made
    own = head_only(recipe, recipe.branches, name=f"{recipe.name}, {STANDS}")
    arms = {name: Arm(recipe=made[name]) for name in others}
    return Study(
        name=f"{study.name}, confirmed",
        recipe=made[first],
        arms={**arms, STANDS: Arm(recipe=own)},
        metric=study.metric,
        seeds=study.seeds,
        alpha=study.alpha,
    )


def _branches(recipe: Recipe, taps: Sequence[TapPoint]) -> dict[str, Branch]:
    """Returns the branches left, in the recipe's order, each cut at the taps of its backbone."""
    found: dict[str, Branch] = {}
    for name, branch in recipe.branches.items():
        own = [tap for tap in taps if tap.backbone == branch.backbone]
        if branch.backbone is None:
            found[name] = branch
        elif own and branch is reader(recipe, branch.backbone):
            found[name] = _cut(recipe, name, own, alone=len({tap.backbone for tap in taps}) == 1)
    return found


def _cut(recipe: Recipe, name: str, taps: Sequence[TapPoint], *, alone: bool) -> Branch:
    """Returns a branch cut at taps of its backbone, with a pool that they have.

    Args:
        recipe: What it is a branch of.
        name: What it is called.
        taps: At least one.
        alone: Whether no other backbone has taps.
    """
    branch, cut = recipe.branches[name], tuple(tap.layer for tap in taps)
    flat = [tap.layer for tap in taps if tap.flat]
    if flat and len(flat) < len(taps):
        raise StudyError(
            f"Branch {name!r} cannot be cut at {listed(cut)}: {listed(flat)} gives a vector, which is not pooled, and the "
            'others give maps, which are. Name "taps" in the study that are all vectors or all maps.'
        )
    if flat:
        return branch.replaced(cut=cut, pool="none", features=None)
    others = any(each.backbone is None for each in recipe.branches.values())
    as_map = len(cut) == 1 and (others or not alone) and any(op.reads_maps for op in recipe.nodes.values())
    # The mean is what the tap was scored by.
    return branch.replaced(cut=cut, pool="avg" if branch.pool == "none" and not as_map else branch.pool)
