"""Recipes looked at without being built: read, checked, resolved to a graph, costed, drawn."""

from pathlib import Path
from typing import Any

from fusion.backbones import catalogue
from fusion.drawing.figure import Figure
from fusion.drawing.figure import draw as drawn
from fusion.errors import Problem, RecipeError
from fusion.graph.costs import Costs
from fusion.graph.costs import costs as costs_of
from fusion.graph.making import examine_graph
from fusion.graph.nodes import FusionGraph
from fusion.graph.trunks import Catalogue
from fusion.recipe.parsing import parse, read_text
from fusion.recipe.reading import Examined, examine, in_order
from fusion.recipe.recipe import Recipe
from fusion.recipe.references import references, unused
from fusion.recipe.writing import to_data

Source = Recipe | FusionGraph | str | Path
"""A recipe, one that is resolved already, or the path of its file."""


def resolve(recipe: Source, *, catalogue: Catalogue = catalogue) -> FusionGraph:
    """Returns a recipe, or the one in a JSON file, as a graph: every shape, cost and trainable weight.

    Keras is loaded only where the table of a backbone is not in the cache yet.

    Args:
        recipe: The recipe, or the path of its file; a graph is given back as it is.
        catalogue: Where layer tables come from.

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
    found, problems = _examined(recipe, catalogue)
    if problems or found is None:
        raise RecipeError.of(recipe.name if isinstance(recipe, Recipe) else str(recipe), problems)
    return found


def check(recipe: Recipe | str | Path, *, catalogue: Catalogue = catalogue) -> tuple[Problem, ...]:
    """Returns every problem of a recipe, or of the one in a JSON file; none if it can be built.

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
    return tuple(_examined(recipe, catalogue)[1])


def costs(recipe: Source) -> Costs:
    """Returns what a recipe's model costs: weights, operations and memory, by part and in all.

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
    return costs_of(resolve(recipe))


def draw(recipe: Source, *, phase: int = 0) -> Figure:
    """Returns the picture of a recipe, coloured by what its phase number `phase`, from 0, trains.

    Raises:
        RecipeError: Listing every problem, each with its JSON Pointer.
        DrawingError: If there is no such phase.
    """
    return drawn(resolve(recipe), phase=phase)


def _examined(recipe: Recipe | str | Path, catalogue: Catalogue) -> tuple[FusionGraph | None, list[Problem]]:
    if not isinstance(recipe, Recipe | str | Path):
        raise RecipeError(
            f"A recipe is a fusion.Recipe or the path of a file, got {type(recipe).__name__}. "
            "Of plain data make one by fusion.Recipe(**data)."
        )
    if isinstance(recipe, Recipe):
        data: Any = to_data(recipe)
        read = Examined(recipe, tuple(references(recipe, data) or unused(recipe)))
    else:
        try:
            data = parse(read_text(Path(recipe)), source=str(recipe))
        except RecipeError as error:
            return None, list(error.problems)
        read = examine(data)
    if read.recipe is None:
        return None, in_order(read.problems, data)
    graph, more = examine_graph(read.recipe, catalogue, doubtful=read.doubtful)
    return graph, in_order([*read.problems, *more], data)
