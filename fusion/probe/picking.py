"""Recipes cut at the taps that were picked, with the head alone trained, and the study that confirms them."""

from collections.abc import Collection, Mapping, Sequence

from fusion.errors import StudyError, listed
from fusion.probe.tapping import TapPoint, reader
from fusion.recipe.branches import Branch
from fusion.recipe.inputs import Input
from fusion.recipe.ops import Op
from fusion.recipe.outputs import read_by_head
from fusion.recipe.recipe import Recipe
from fusion.recipe.selectors import Kind, Selector, parse_selector
from fusion.recipe.training import Part, Phase, Training
from fusion.recipe.weighing import Late
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
        StudyError: If branches are joined by several ops or read each other's maps, the recipe trains no head, or
            vectors and maps of one backbone would have to be one vector.
    """
    if len(recipe.nodes) > 1 or any(branch.of for branch in recipe.branches.values()):
        raise StudyError(
            f"{recipe.name!r} joins its branches by several ops, or one reads another's map, so which taps take part "
            "cannot be exchanged. Pick cuts of it by hand, as axes of a study."
        )
    branches = _branches(recipe, taps)
    blocks = {*recipe.head.blocks, *(name for branch in branches.values() for name in branch.blocks)}
    fused = len(branches) > 1
    auxiliary = {key: each for key, each in recipe.head.auxiliary.items() if fused and key in branches}
    backbones = {branch.backbone for branch in branches.values()}
    made = recipe.replaced(
        name=name,
        inputs=_inputs(recipe, {branch.input for branch in branches.values()}),
        backbones={key: each for key, each in recipe.backbones.items() if key in backbones},
        branches=branches,
        fusion=_joined(next(iter(recipe.nodes.values()), None), tuple(branches)) if fused else None,
        blocks={key: each for key, each in recipe.blocks.items() if key in blocks},
        head=recipe.head.replaced(auxiliary=auxiliary),
        training=None,
    )
    return made.replaced(training=head_only(recipe, made))


def head_only(recipe: Recipe, made: Recipe) -> Training:
    """Returns how a recipe trains without layers of backbones, for what was made of it; what is not there is left out.

    Phases that train some are left out; where the others do not train what predicts, all are kept without those layers.
    Where late fusion leaves one branch, the head takes its place. What is monitored and is not there becomes the main
    loss.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("VGG16", output=["ant", "bee"])
    >>> [phase.train for phase in head_only(one, one).phases]
    [('head',)]

    Raises:
        StudyError: If nothing trains what predicts.
    """
    phases = recipe.training.phases if recipe.training else ()
    frozen = [phase for phase in phases if not any(_selector(part).kind in INNER for part in phase.train)]
    predicts = "fusion" if _late(made) else "head"
    for several in (frozen, phases):
        kept = [phase for each in several if (phase := _kept_phase(each, recipe, made))]
        if recipe.training and any(_selector(part).kind == predicts for each in kept for part in each.train):
            augment = {key: each for key, each in recipe.training.augment.items() if key in made.inputs}
            views = recipe.training.views if augment else None
            return recipe.training.replaced(phases=tuple(kept), augment=augment, views=views)
    raise StudyError(
        f"{recipe.name!r} trains no head, so what was picked cannot be confirmed. Give it "
        f'"training" with a phase that trains "{"fusion" if _late(recipe) else "head"}".'
    )


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
    own = recipe.replaced(name=f"{recipe.name}, {STANDS}", training=head_only(recipe, recipe))
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


def _inputs(recipe: Recipe, names: Collection[str | None]) -> dict[str, Input]:
    found = {key: each for key, each in recipe.inputs.items() if key in names}
    return {key: each.replaced(optional=None) for key, each in found.items()} if len(found) == 1 else found


def _joined(op: Op | None, names: Collection[str]) -> Op | None:
    """Returns the op that joins those that are left of what it joined, in its order; weights add up to one again."""
    if op is None:
        return None
    places = [place for place, name in enumerate(op.of) if name in names]
    of = tuple(op.of[place] for place in places)
    if not isinstance(op, Late) or not isinstance(op.weights, tuple):
        return op.replaced(of=of)
    shares = [op.weights[place] for place in places]
    return op.replaced(of=of, weights=tuple(share / sum(shares) for share in shares))


def _kept_phase(phase: Phase, recipe: Recipe, made: Recipe) -> Phase | None:
    """Returns what is left of a phase; `None` where it would train nothing of what predicts or comes before it."""
    parts = [part for each in phase.train if (part := _kept_part(each, recipe, made)) is not None]
    selectors = [_selector(part) for part in parts]
    train = tuple(part for place, part in enumerate(parts) if selectors[place] not in selectors[:place])
    if _late(made) and all(selector.kind == "head" for selector in selectors):
        return None
    monitor = phase.monitor
    if monitor not in made.head.reports:
        monitor = monitor.partition(".")[0]
    return phase.replaced(train=train, monitor=monitor) if train else None


def _kept_part(part: str | Part, recipe: Recipe, made: Recipe) -> str | Part | None:
    """Returns what is trained in place of a part; `None` where there is nothing."""
    selector = _selector(part)
    match selector.kind:
        case "block":
            return part if selector.owner in made.blocks else None
        case "head" if _late(recipe):
            # Auxiliary outputs alone: what predicts is in the fusion.
            return part if made.head.auxiliary else None
        case "head":
            return part
        case "fusion" if made.nodes:
            return part if selector.owner in {"", *made.nodes} else _renamed(part, "fusion")
        case "fusion" if _late(recipe):
            return _renamed(part, "head")
    return None


def _renamed(part: str | Part, text: str) -> str | Part:
    return text if isinstance(part, str) else part.replaced(part=text)


def _selector(part: str | Part) -> Selector:
    return parse_selector(part if isinstance(part, str) else part.part)


def _late(recipe: Recipe) -> bool:
    """Whether the head reads late fusion, so that its output layers are trained as the fusion."""
    return isinstance(recipe.nodes.get(read_by_head(recipe) or ""), Late)
