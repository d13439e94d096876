"""Recipes cut at the taps that were picked, with the head alone trained, and the study that confirms them."""

from collections.abc import Collection, Mapping, Sequence

from fusion.errors import StudyError
from fusion.recipe.branches import Branch
from fusion.recipe.recipe import Recipe
from fusion.recipe.selectors import Kind, parse_selector
from fusion.recipe.training import Part, Training
from fusion.study.declaration import Arm, Study
from fusion.study.tapping import TapPoint, reader

INNER: frozenset[Kind] = frozenset({"backbone", "stitch"})
STANDS = "as-it-stands"
"""The arm that keeps the recipe's own cuts."""


def picked_recipe(recipe: Recipe, taps: Sequence[TapPoint], *, name: str) -> Recipe:
    """Returns a recipe cut at some taps: one branch for each backbone that has any, the others left out.

    A branch keeps what it reads, its pool and its blocks; branches without a backbone stay. Phases that train layers of
    a backbone are left out.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("VGG16", "ResNet50", output=["ant", "bee"])
    >>> taps = [TapPoint("vgg16", f"block{number}_pool", 0.5, 0, 0) for number in (4, 5)]
    >>> picked_recipe(one, taps, name="two taps").branches["vgg16_view"].cut
    ('block4_pool', 'block5_pool')

    Raises:
        StudyError: If branches are joined by several ops or read each other's maps, or the recipe trains no head.
    """
    if len(recipe.nodes) > 1 or any(branch.of for branch in recipe.branches.values()):
        raise StudyError(
            f"{recipe.name!r} joins its branches by several ops, or one reads another's map, so which taps take part "
            "cannot be exchanged. Pick cuts of it by hand, as axes of a study."
        )
    branches = _branches(recipe, taps)
    blocks = {*recipe.head.blocks, *(name for branch in branches.values() for name in branch.blocks)}
    node = next(iter(recipe.nodes.values()), None)
    auxiliary = {key: each for key, each in recipe.head.auxiliary.items() if key in branches}
    inputs = {branch.input for branch in branches.values()}
    backbones = {branch.backbone for branch in branches.values()}
    return recipe.replaced(
        name=name,
        inputs={key: each for key, each in recipe.inputs.items() if key in inputs},
        backbones={key: each for key, each in recipe.backbones.items() if key in backbones},
        branches=branches,
        fusion=node.replaced(of=tuple(branches)) if node and len(branches) > 1 else None,
        blocks={key: each for key, each in recipe.blocks.items() if key in blocks},
        head=recipe.head.replaced(auxiliary=auxiliary),
        training=head_only(recipe, blocks, fused=len(branches) > 1),
    )


def head_only(recipe: Recipe, blocks: Collection[str], *, fused: bool) -> Training:
    """Returns how a recipe trains without the phases that train layers of backbones; what is not there is left out.

    Where every phase trains some, they are kept without those.

    >>> from fusion.recipe.short import fuse
    >>> [phase.train for phase in head_only(fuse("VGG16", output=["ant", "bee"]), (), fused=False).phases]
    [('head',)]

    Raises:
        StudyError: If nothing is left to train.
    """
    phases = recipe.training.phases if recipe.training else ()
    frozen = [phase for phase in phases if not any(_kind(part) in INNER for part in phase.train)]
    kept = []
    for phase in frozen or phases:
        train = tuple(part for part in phase.train if _is_kept(part, blocks, fused=fused))
        kept += [phase.replaced(train=train)] if train else []
    if recipe.training is None or not kept:
        raise StudyError(
            f"{recipe.name!r} trains no head, so what was picked cannot be confirmed. Give it "
            '"training" with a phase that trains "head".'
        )
    return recipe.training.replaced(phases=tuple(kept))


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
    training = head_only(recipe, set(recipe.blocks), fused=bool(recipe.nodes))
    own = recipe.replaced(name=f"{recipe.name}, {STANDS}", training=training)
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
    found = {}
    for name, branch in recipe.branches.items():
        cuts = tuple(tap.layer for tap in taps if tap.backbone == branch.backbone)
        if branch.backbone is None:
            found[name] = branch
        elif cuts and branch is reader(recipe, branch.backbone):
            found[name] = branch.replaced(cut=cuts)
    return found


def _kind(part: str | Part) -> Kind:
    return parse_selector(part if isinstance(part, str) else part.part).kind


def _is_kept(part: str | Part, blocks: Collection[str], *, fused: bool) -> bool:
    selector = parse_selector(part if isinstance(part, str) else part.part)
    if selector.kind == "block":
        return selector.owner in blocks
    return selector.kind == "head" or (selector.kind == "fusion" and fused)
