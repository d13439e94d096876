"""The arms of a study: recipes that differ in what is varied, each checked before the first trial runs."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from typing import Any

from fusion.backbones.catalogue import Shelf, find_digest
from fusion.checking import places, resolve
from fusion.errors import FusionError, Problem, RecipeError, listed, near, shown
from fusion.graph.nodes import FusionGraph
from fusion.graph.uses import Catalogue
from fusion.recipe.backbones import AnyBackbone
from fusion.recipe.head import METRICS
from fusion.recipe.reading import from_data, load_recipe
from fusion.recipe.recipe import Recipe
from fusion.recipe.reduction import only
from fusion.recipe.translation import Place, pointer
from fusion.recipe.writing import SEED_PLACE, exchanged, recipe_hash, to_data, unseeded
from fusion.study.cuts import cut_arms
from fusion.study.declaration import BASE, AnyRecipe, Arm, Study
from fusion.study.own import has_own_weights


@dataclass(frozen=True, slots=True)
class Variants:
    """What a study declares.

    Args:
        arms: Its arms by name, `base` first, each resolved; none means the same as another.
        repeated: Those left out, by name, each with the arm that means the same.
    """

    arms: Mapping[str, FusionGraph]
    repeated: Mapping[str, str]


def variants(
    study: Study,
    *,
    folder: Path = Path(),
    folders: Sequence[Path] = (),
    shelf: Callable[[tuple[Path, ...]], Catalogue] = Shelf,
) -> dict[str, FusionGraph]:
    """Returns the arms of a study by name, `base` first, each resolved; none means the same as another.

    Two mean the same if their recipes do but for the seed, which is the study's, and the files of their backbones, wherever
    they lie, have one content.

    Args:
        study: What is varied.
        folder: Folder its paths are relative to.
        folders: Where weights files lie; the folder of each recipe's file comes after them.
        shelf: Makes of the folders of an arm where its layer tables come from.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> cuts = {"/branches/tinyvgg_view/cut": ["block1_pool", "block2_pool", "block3_pool"]}
    >>> list(variants(Study(name="cuts", recipe=one, axes=cuts)))
    ['base', 'tinyvgg_view/cut=block1_pool', 'tinyvgg_view/cut=block2_pool']

    Raises:
        RecipeError: Listing every problem of every arm, each with its place in the study.
    """
    return dict(all_variants(study, folder=folder, folders=folders, shelf=shelf).arms)


def all_variants(
    study: Study,
    *,
    folder: Path = Path(),
    folders: Sequence[Path] = (),
    shelf: Callable[[tuple[Path, ...]], Catalogue] = Shelf,
) -> Variants:
    """Returns the arms of a study, and those that are left out as they mean the same as another.

    Arguments and errors are those of `variants`.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> cuts = {"/branches/tinyvgg_view/cut": ["block3_pool"]}
    >>> all_variants(Study(name="cuts", recipe=one, axes=cuts)).repeated
    {'tinyvgg_view/cut=block3_pool': 'base'}
    """
    problems = list(_seeded(study))
    found: dict[str, FusionGraph] = {}
    repeated: dict[str, str] = {}
    names: dict[str, Place] = {}
    known: dict[str, list[tuple[str, list[Path]]]] = {}
    for name, place, source, arm in chain(_arms(study), _cuts(study, found, problems)):
        names[name] = place
        try:
            recipe, where = _changed(source, arm, folder), _places(source, folder, folders)
            alike = known.setdefault(recipe_hash(unseeded(recipe)), [])
            same = next((other for other, there in alike if _is_one(recipe, where, there)), None)
            if same is not None:
                repeated[name] = same
                continue
            found[name] = resolve(recipe, catalogue=shelf(tuple(where)))
            alike.append((name, where))
        except RecipeError as error:
            lines = [f"{each.place} {each.text}".lstrip() for each in error.problems] or [str(error)]
            problems.append(Problem(pointer(place), "\n".join([f"Arm {name!r} cannot be built:", *lines])))
    problems += [*_unlike(found), *_undefined(study, found[BASE])] if BASE in found else []
    problems += _never_raced(study)
    if study.cuts is None or ("cuts",) in names.values():
        # Else it is not known which arms there would be.
        problems += _without_reference(study, [name for name in names if name not in repeated])
    if problems:
        raise RecipeError.of(f"study {study.name!r}", problems)
    return Variants(found, repeated)


def _never_raced(study: Study) -> list[Problem]:
    """Returns why a race would stop no arm, if it is so: it compares them only when all seeds have run."""
    count, rungs = len(study.numbers), study.racing.rungs if study.racing else ()
    if not rungs or rungs[0] < count:
        return []
    text = (
        f"No rung is below the {count} seeds of the study, so that nothing could be stopped, got "
        f"{', '.join(map(str, rungs))}. Name an earlier rung, or more seeds, or leave `racing` out."
    )
    return [Problem("/racing/rungs", text)]


def weight_places(
    study: Study, arm: str, *, folder: Path = Path(), folders: Sequence[Path] = ()
) -> list[Path]:
    """Returns where the weights files of an arm may lie: in some folders, then beside the recipe it is made of.

    >>> weight_places(Study(name="one", recipe="recipes/a.json"), "base", folders=[Path("w")])[0].as_posix()
    'w'
    """
    declared = study.arms.get(arm)
    source = declared.recipe if declared and declared.recipe is not None else study.recipe
    return _places(source, folder, folders)


def metric_of(study: Study, graph: FusionGraph) -> str:
    """Returns the metric a study compares by: the one it names, or the first of its task.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> metric_of(Study(name="one", recipe=one), resolve(one))
    'accuracy'
    """
    return study.metric or METRICS[graph.recipe.head.output.task][0]


def _arms(study: Study) -> Iterator[tuple[str, Place, AnyRecipe, Arm]]:
    """Yields each arm's name, its place in the study, what it is made of and how it differs."""
    yield BASE, ("recipe",), study.recipe, Arm()
    for name, arm in study.arms.items():
        source = study.recipe if arm.recipe is None else arm.recipe
        yield name, ("arms", name), source, arm
    for values in product(*study.axes.values()) if study.axes else ():
        change = dict(zip(study.axes, values, strict=True))
        yield ", ".join(map(_named, change.items())), ("axes",), study.recipe, Arm(change=change)


def _cuts(
    study: Study, found: Mapping[str, FusionGraph], problems: list[Problem]
) -> Iterator[tuple[str, Place, AnyRecipe, Arm]]:
    """Yields the same of arms that ask where to cut, once the recipe is resolved; adds what is wrong with them."""
    if study.cuts is None or BASE not in found:
        return
    try:
        arms = cut_arms(study.cuts, found[BASE])
    except RecipeError as error:
        problems += error.problems
        return
    for name, arm in arms.items():
        if name in study.arms:
            text = f'{name!r} is the name of an arm of "cuts"; give this one another.'
            problems.append(Problem(pointer(("arms", name)), text))
        else:
            yield name, ("cuts",), study.recipe, Arm(change=arm.change)


def _named(change: tuple[str, Any]) -> str:
    place, value = change
    text = value if isinstance(value, str) else json.dumps(_plain(value), separators=(",", ":"))
    if isinstance(value, str) and _is_json(value):
        # The text "1" is another value than the number 1.
        text = json.dumps(value)
    return f"{'/'.join(place.split('/')[-2:]).lstrip('/')}={text}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _plain(value: Any) -> Any:
    return to_data(value) if hasattr(value, "model_dump") else value


def _seeded(study: Study) -> Iterator[Problem]:
    """Yields a problem for each change of the training's seed, which every trial has from the study."""
    of_arms = ((("arms", name, "change"), arm.change) for name, arm in study.arms.items())
    changes: Iterator[tuple[Place, Mapping[str, Any]]] = chain([(("axes",), study.axes)], of_arms)
    for place, change in changes:
        if SEED_PLACE in change:
            text = f'A study runs each arm with its own seeds, so {SEED_PLACE} would change nothing; use "seeds" of the study.'
            yield Problem(pointer((*place, SEED_PLACE)), text)


def _changed(source: AnyRecipe, arm: Arm, folder: Path) -> Recipe:
    whole = source if isinstance(source, Recipe) else _read(folder / source)
    recipe = only(whole, arm.branches) if arm.branches else whole
    if not arm.change:
        return recipe
    data: Any = to_data(recipe)
    for place, value in arm.change.items():
        data = exchanged(data, place, _plain(value))
    return from_data(data, source=recipe.name)


def _read(path: Path) -> Recipe:
    try:
        return load_recipe(path)
    except RecipeError as error:
        raise RecipeError.of(str(path), [Problem("", f"In {path}:"), *error.problems]) from error


def _places(source: AnyRecipe, folder: Path, folders: Sequence[Path]) -> list[Path]:
    if isinstance(source, Recipe):
        return [*folders, folder]
    return places(folder / source, folders)


def _is_one(recipe: Recipe, here: Sequence[Path], there: Sequence[Path]) -> bool:
    """Whether the backbones of a recipe are the same whichever of two lists of folders their files are looked for in."""
    if here == there:
        return True
    if has_own_weights(recipe):
        return False
    return all(_content(each, here) == _content(each, there) for each in recipe.backbones.values())


def _content(backbone: AnyBackbone, folders: Sequence[Path]) -> str | None:
    """Returns the digest of a backbone's file; none where it is not there, which is told as the trials are made."""
    try:
        return find_digest(backbone, folders)
    except FusionError:
        return None


def _unlike(found: Mapping[str, FusionGraph]) -> Iterator[Problem]:
    """Yields a problem for each arm that predicts something else than the first, or has no training."""
    base = found[BASE].recipe.head.output
    for name, graph in found.items():
        output = graph.recipe.head.output
        if graph.recipe.training is None:
            text = f'Arm {name!r} says nothing of training, so it cannot run; give its recipe "training".'
            yield Problem("/recipe", text)
        if (output.task, output.width, output.labels) != (base.task, base.width, base.labels):
            text = f"Arm {name!r} predicts something else than {BASE!r}, so they cannot be compared."
            yield Problem("/arms", text)


def _without_reference(study: Study, arms: Sequence[str]) -> Iterator[Problem]:
    if study.reference not in arms:
        hint = near(study.reference, arms)
        text = f"There is no arm {shown(study.reference)}.{hint} Arms: {listed(arms)}."
        yield Problem("/reference", text)


def _undefined(study: Study, base: FusionGraph) -> Iterator[Problem]:
    """Yields a problem for each metric and backbone that a study names and its recipe does not have."""
    task = base.recipe.head.output.task
    known = (*METRICS[task], "loss")
    if study.metric is not None and study.metric not in known:
        hint = near(study.metric, known)
        text = f"A {task} has no metric {shown(study.metric)}.{hint} It has: {listed(known)}."
        yield Problem("/metric", text)
    for backbone in study.taps:
        if backbone not in base.trunks:
            text = f"There is no backbone {shown(backbone)}. Declared: {listed(base.trunks)}."
            yield Problem(pointer(("taps", backbone)), text)
