"""Recipes looked at without being built: read, checked, resolved to a graph, costed, drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.backbones.catalogue import Shelf
from fusion.backbones.expectations import misprepared
from fusion.backbones.registered import unmet, unregistered
from fusion.errors import Problem, RecipeError
from fusion.graph.costs import Costs
from fusion.graph.costs import costs as costs_of
from fusion.graph.making import examine_graph
from fusion.graph.nodes import FusionGraph
from fusion.graph.uses import Catalogue
from fusion.recipe.parsing import parse, read_text
from fusion.recipe.reading import Examined, examine, in_order, load_recipe, recipe_or_path
from fusion.recipe.recipe import Recipe
from fusion.recipe.references import references, unused
from fusion.recipe.writing import to_data

if TYPE_CHECKING:
    from fusion.figures.figure import Figure

Source = Recipe | FusionGraph | str | Path
"""A recipe, one that is resolved already, or the path of its file."""


def resolve(
    recipe: Source, *, folders: Sequence[str | Path] = (), catalogue: Catalogue | None = None
) -> FusionGraph:
    """Returns a recipe, or the one in a JSON file, as a graph: every shape, cost and trainable weight.

    Keras is loaded only where the table of a backbone is not in the cache yet.

    Args:
        recipe: The recipe, or the path of its file; a graph is given back as it is.
        folders: Where files of backbones lie; the recipe file's own folder and those in FUSION_WEIGHTS come after them.
        catalogue: Where layer tables come from, if not from these folders.

    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
    ...     branches={"all": {"input": "photo", "backbone": "eye", "cut": "block2_pool"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> [node.name for node in resolve(one).nodes]
    ['photo', 'eye.prepare', 'eye', 'all.pool', 'output']

    Raises:
        RecipeError: Listing every problem, each with its JSON Pointer.
    """
    if isinstance(recipe, FusionGraph):
        return recipe
    found, problems = _examined(recipe, catalogue or Shelf(tuple(places(recipe, folders))))
    if problems or found is None:
        raise RecipeError.of(recipe.name if isinstance(recipe, Recipe) else str(recipe), problems)
    return found


def places(recipe: Source, folders: Sequence[str | Path] = ()) -> list[Path]:
    """Returns where the files of a recipe's backbones may lie: in some folders, then beside its own file.

    >>> [place.name for place in places("recipes/quickstart.json", ["weights"])]
    ['weights', 'recipes']
    """
    beside = [Path(recipe).absolute().parent] if isinstance(recipe, str | Path) else []
    return [*map(Path, folders), *beside]


def check(
    recipe: Recipe | str | Path, *, folders: Sequence[str | Path] = (), catalogue: Catalogue | None = None
) -> tuple[Problem, ...]:
    """Returns every problem of a recipe, or of the one in a JSON file; none if it can be built.

    Arguments are those of `resolve`.

    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
    ...     branches={"all": {"input": "photo", "backbone": "eye", "cut": "block2_pol"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> print(check(one)[0].text)
    'eye' (TinyVGG) has no layer 'block2_pol'. Did you mean 'block2_pool' (8x8x8)?
    ...
    """
    return tuple(_examined(recipe, catalogue or Shelf(tuple(places(recipe, folders))))[1])


def costs(recipe: Source, *, folders: Sequence[str | Path] = ()) -> Costs:
    """Returns what a recipe's model costs: weights, operations and memory, by part and in all.

    Arguments are those of `resolve`.

    >>> costs(
    ...     Recipe(
    ...         name="one",
    ...         inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...         branches={"all": {"input": "facts"}},
    ...         head={"output": {"task": "regression"}},
    ...     )
    ... ).params
    5

    Raises:
        RecipeError: Listing every problem, each with its JSON Pointer.
    """
    return costs_of(resolve(recipe, folders=folders))


def draw(
    recipe: Source,
    *,
    phase: int = 0,
    style: str = "auto",
    level: str = "branch",
    expand: str | Sequence[str] = (),
    values: Mapping[str, float] | None = None,
    values_name: str = "value",
    against: Source | None = None,
    folders: Sequence[str | Path] = (),
) -> "Figure":
    """Returns the picture of a recipe, coloured by what its phase number `phase`, from 0, trains.

    Args:
        recipe: The recipe, or the path of its file; or a graph.
        phase: As all up to `values_name` in `fusion.figures.figure.Look`.
        style: `light`, `dark`, `auto`, `paper` or `slide`.
        level: `branch`, `stage` or `layer`: how closely backbones are shown.
        expand: What is open at layer level.
        values: Numbers to lay over it as colour, by address.
        values_name: What they are, such as `accuracy`.
        against: An earlier one: what changed from it is outlined and said in words.
        folders: Where files of backbones lie, as in `resolve`.

    Raises:
        RecipeError: Listing every problem, each with its JSON Pointer.
        DrawingError: If there is no such phase, style or level, nothing of that name to open, or nothing at the
            address of a value.
    """
    # Who only checks need not wait for what draws.
    from fusion.figures.figure import Look
    from fusion.figures.figure import draw as drawn

    look = Look(phase=phase, style=style, level=level, expand=expand, values=values, values_name=values_name)
    former = None if against is None else resolve(against, folders=folders)
    return drawn(resolve(recipe, folders=folders), look, against=former)


def sketch(recipe: Recipe | str | Path, *, catalogue: Catalogue | None = None) -> FusionGraph | None:
    """Returns what can be drawn of a recipe with an op that does not fit what it joins; `None` if something else is wrong.

    Its `misfits` say what does not fit, and pictures end there. Nothing else is to be done with it.

    >>> table = {"kind": "tabular", "columns": ["area"]}
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"a": table, "b": table | {"columns": ["rooms", "price"]}},
    ...     branches={"left": {"input": "a"}, "right": {"input": "b"}},
    ...     fusion={"op": "add", "from": ["left", "right"]},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> print(sketch(one).misfits["fusion"])
    add needs vectors of one width: left 1, right 2. Write ...
    """
    where = catalogue or Shelf(tuple(places(recipe)))
    found = check(recipe, catalogue=where)
    try:
        whole = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    except RecipeError:
        return None
    names = {f"/fusion/{name}" if isinstance(whole.fusion, dict) else "/fusion": name for name in whole.nodes}
    graph, left, fitting = None, {problem.place for problem in found}, whole
    while left and left <= names.keys():
        # One that projects joins vectors of any width, and has weights to be trained as others; neither is drawn.
        for place in left:
            joined = {"op": "concat", "from": list(whole.nodes[names[place]].of), "project": 1}
            fitting = fitting.replace(place, joined)
        graph, more = _examined(fitting, where)
        left = {problem.place for problem in more} - left if more else set()
    misfits = {names[problem.place]: problem.text for problem in reversed(found) if problem.place in names}
    return replace(graph, recipe=whole, misfits=misfits) if graph else None


def _examined(recipe: Recipe | str | Path, catalogue: Catalogue) -> tuple[FusionGraph | None, list[Problem]]:
    given = recipe_or_path(recipe)
    if isinstance(given, Recipe):
        data: Any = to_data(given)
        read = Examined(given, tuple(references(given, data) or unused(given)))
    else:
        try:
            data = parse(read_text(given), source=str(given))
        except RecipeError as error:
            return None, list(error.problems)
        read = examine(data)
    if read.recipe is None:
        return None, in_order(read.problems, data)
    # As where options cannot be read: the layers of what is not there are not known.
    absent = {("backbones", name, "options") for name in unregistered(read.recipe)}
    graph, more = examine_graph(read.recipe, catalogue, doubtful=read.doubtful | absent)
    return graph, in_order([*read.problems, *unmet(read.recipe), *misprepared(read.recipe), *more], data)
