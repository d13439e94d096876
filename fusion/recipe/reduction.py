"""A recipe with some of its branches: what an ablation compares the whole with."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from fusion.errors import Problem, RecipeError, listed, near, shown
from fusion.recipe.branches import Branch
from fusion.recipe.inputs import Input
from fusion.recipe.ops import Op
from fusion.recipe.outputs import read_by_head
from fusion.recipe.reading import load_recipe, recipe_or_path
from fusion.recipe.recipe import Recipe
from fusion.recipe.references import references
from fusion.recipe.selectors import Selector, parse_selector
from fusion.recipe.training import Part, Phase, Training
from fusion.recipe.weighing import Late
from fusion.recipe.writing import to_data


def only(recipe: Recipe | str | Path, branches: Sequence[str], *, name: str | None = None) -> Recipe:
    """Returns a recipe with some of its branches, and those whose maps they read; nothing is left of what others used.

    Inputs, backbones, blocks, auxiliary outputs and selectors of the others go with them. An op that has one branch left
    is left out, and what it gave is that branch; shares of late fusion add up to one again. An input that is the only
    one left is no longer optional.

    Args:
        recipe: What is reduced, or the path of its file.
        branches: Names of the branches that stay.
        name: What it is called; the recipe's name and those of the branches, if it is not said.

    >>> from fusion.recipe.short import fuse
    >>> one = only(fuse("VGG16", "ResNet50", output=["ant", "bee"]), ["vgg16_view"])
    >>> list(one.backbones), one.fusion
    (['vgg16'], None)

    Raises:
        RecipeError: If the recipe has no such branch, or no phase trains what would predict.
    """
    given = recipe_or_path(recipe)
    recipe = load_recipe(given) if isinstance(given, Path) else given
    problems = references(recipe, to_data(recipe)) or _unnamed(recipe, branches)
    if problems:
        raise RecipeError.of(recipe.name, problems)
    kept = set(branches)
    while fronts := {recipe.branches[each].of or each for each in kept} - kept:
        kept |= fronts
    made = reduced(
        recipe,
        {key: branch for key, branch in recipe.branches.items() if key in kept},
        name=name or f"{recipe.name}, {' and '.join(branches)}",
    )
    if recipe.training and not trains_what_predicts(made):
        text = f"No phase trains what predicts once only {', '.join(branches)} is left."
        raise RecipeError.of(recipe.name, [Problem("/training/phases", text)])
    return made


def _unnamed(recipe: Recipe, branches: Sequence[str]) -> list[Problem]:
    """Returns why these are not names of branches that can stay."""
    if not branches:
        return [Problem("/branches", "No branch is named to stay.")]
    if isinstance(branches, str):
        text = f"Branches that stay are a list of names, got {shown(branches)}. Write [{shown(branches)}]."
        return [Problem("/branches", text)]
    return [
        Problem(
            "/branches",
            f"There is no branch {shown(each)}.{near(each, recipe.branches)} It has: {listed(recipe.branches)}.",
        )
        for each in branches
        if each not in recipe.branches
    ]


def reduced(recipe: Recipe, branches: Mapping[str, Branch], *, name: str) -> Recipe:
    """Returns a recipe with other branches in place of its own, each under the name of the one it comes from.

    What no branch uses is left out, as `only` says; phases that would train nothing are, too.

    Args:
        recipe: What is reduced.
        branches: At least one, in the recipe's order, with all branches whose maps they read.
        name: What it is called.

    >>> from fusion.recipe.short import fuse
    >>> two = fuse("VGG16", "ResNet50", output=["ant", "bee"])
    >>> reduced(two, {"vgg16_view": two.branches["vgg16_view"]}, name="one").name
    'one'
    """
    nodes = _joined(recipe, branches)
    kept = {key: _vector(recipe, key, branch, nodes) for key, branch in branches.items()}
    blocks = {*recipe.head.blocks, *(each for branch in kept.values() for each in branch.blocks)}
    backbones = {branch.backbone for branch in kept.values()}
    helped = {*kept, *nodes} if nodes or not recipe.nodes else set()
    made = recipe.replaced(
        name=name,
        inputs=_inputs(recipe, {branch.input for branch in kept.values()}),
        backbones={key: each for key, each in recipe.backbones.items() if key in backbones},
        branches=kept,
        fusion=(nodes if isinstance(recipe.fusion, Mapping) else nodes["fusion"]) if nodes else None,
        blocks={key: each for key, each in recipe.blocks.items() if key in blocks},
        head=recipe.head.replaced(
            auxiliary={key: each for key, each in recipe.head.auxiliary.items() if key in helped}
        ),
        training=None,
    )
    return made.replaced(training=_training(recipe, made))


def trains_what_predicts(recipe: Recipe) -> bool:
    """Whether a phase trains the last layer: the head's, or those of late fusion.

    >>> from fusion.recipe.short import fuse
    >>> trains_what_predicts(fuse("VGG16", output=["ant", "bee"]))
    True
    """
    last = "fusion" if is_late(recipe) else "head"
    phases = recipe.training.phases if recipe.training else ()
    return any(selector_of(part).kind == last for phase in phases for part in phase.train)


def selector_of(part: str | Part) -> Selector:
    """Returns the selector of what a phase trains.

    >>> selector_of(Part(part="head", learning_rate=0.1)).kind
    'head'
    """
    return parse_selector(part if isinstance(part, str) else part.part)


def is_late(recipe: Recipe) -> bool:
    """Whether the head reads late fusion, so that its output layers are trained as the fusion.

    >>> from fusion.recipe.short import fuse
    >>> is_late(fuse("VGG16", "ResNet50", output=["ant", "bee"]))
    False
    """
    return isinstance(recipe.nodes.get(read_by_head(recipe) or ""), Late)


def _joined(recipe: Recipe, branches: Collection[str]) -> dict[str, Op]:
    """Returns the ops that still join several; one that has a single one left is that one to those that read it."""
    stands = {name: name for name in branches}
    nodes: dict[str, Op] = {}
    waiting = dict(recipe.nodes)
    while waiting:
        # Nodes may be declared before what they read.
        name = next(each for each, op in waiting.items() if not set(op.of) & waiting.keys())
        op = waiting.pop(name)
        places = [place for place, source in enumerate(op.of) if source in stands]
        of = [stands[op.of[place]] for place in places]
        if len(set(of)) > 1:
            nodes[name] = _rejoined(op, places, of)
            stands[name] = name
        elif of:
            stands[name] = of[0]
    return {name: nodes[name] for name in recipe.nodes if name in nodes}


def _rejoined(op: Op, places: Sequence[int], of: Sequence[str]) -> Op:
    """Returns an op that joins what stands at some of its places; weights of late fusion add up to one again."""
    firsts = [number for number, source in enumerate(of) if source not in of[:number]]
    names = tuple(of[number] for number in firsts)
    if not isinstance(op, Late) or not isinstance(op.weights, tuple):
        return op.replaced(of=names)
    shares = [op.weights[places[number]] for number in firsts]
    return op.replaced(of=names, weights=tuple(share / sum(shares) for share in shares))


def _vector(recipe: Recipe, name: str, branch: Branch, nodes: Mapping[str, Op]) -> Branch:
    """Returns a branch that gives the mean of its map where an op that reads maps no longer does."""

    def asks(ops: Mapping[str, Op]) -> bool:
        return any(op.reads_maps and name in op.of for op in ops.values())

    declared = recipe.branches[name]
    whole = branch.pool == declared.pool == "none" and branch.cut == declared.cut
    return branch.replaced(pool="avg") if whole and asks(recipe.nodes) and not asks(nodes) else branch


def _inputs(recipe: Recipe, names: Collection[str | None]) -> dict[str, Input]:
    found = {key: each for key, each in recipe.inputs.items() if key in names}
    if len(found) > 1 or len(found) == len(recipe.inputs):
        return found
    # With no other input beside it nothing stands in for one that is missing.
    return {key: each.replaced(optional=None) for key, each in found.items()}


def _training(recipe: Recipe, made: Recipe) -> Training | None:
    if recipe.training is None:
        return None
    phases = [phase for each in recipe.training.phases if (phase := _kept_phase(each, recipe, made))]
    if not phases:
        return None
    augment = {key: each for key, each in recipe.training.augment.items() if key in made.inputs}
    views = recipe.training.views if augment else None
    return recipe.training.replaced(phases=tuple(phases), augment=augment, views=views)


def _kept_phase(phase: Phase, recipe: Recipe, made: Recipe) -> Phase | None:
    """Returns what is left of a phase; `None` where it would train nothing of what predicts or comes before it."""
    parts = [part for each in phase.train for part in _kept_parts(each, recipe, made)]
    selectors = [selector_of(part) for part in parts]
    train = tuple(part for place, part in enumerate(parts) if selectors[place] not in selectors[:place])
    if is_late(made) and all(selector.kind == "head" for selector in selectors):
        return None
    monitor = phase.monitor
    if monitor not in made.head.reports:
        monitor = monitor.partition(".")[0]
    fresh = dict.fromkeys(str(each) for text in phase.reset for each in _kept_parts(text, recipe, made))
    return phase.replaced(train=train, reset=tuple(fresh), monitor=monitor) if train else None


def _kept_parts(part: str | Part, recipe: Recipe, made: Recipe) -> tuple[str | Part, ...]:
    """Returns what is trained in place of a part; nothing where that is gone."""
    selector = selector_of(part)
    match selector.kind:
        case "block":
            kept = selector.owner in made.blocks
        case "backbone":
            kept = selector.owner in made.backbones
        case "stitch":
            kept = selector.owner in {branch.backbone for branch in made.branches.values() if branch.of}
        case "head":
            # Beside late fusion it is auxiliary outputs alone: what predicts is in the fusion.
            kept = not is_late(recipe) or bool(made.head.auxiliary)
        case "fusion":
            trainable = {name for name, op in made.nodes.items() if op.has_weights}
            kept = selector.owner in trainable if selector.owner else bool(trainable)
            if is_late(recipe) and not is_late(made) and selector.owner in {"", read_by_head(recipe)}:
                # What predicted is gone, and the head predicts in its place.
                return (*((part,) if kept else ()), _renamed(part, "head"))
    return (part,) if kept else ()


def _renamed(part: str | Part, text: str) -> str | Part:
    return text if isinstance(part, str) else part.replaced(part=text)
