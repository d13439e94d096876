"""Plain data to values: every problem found, also those that hide behind another."""

import copy
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from fusion.errors import Problem, RecipeError
from fusion.recipe.parsing import parse, read_text
from fusion.recipe.recipe import Recipe
from fusion.recipe.references import references
from fusion.recipe.translation import reports
from fusion.recipe.upgrades import upgraded
from fusion.recipe.values import Value

V = TypeVar("V", bound=Value)


def load_recipe(path: str | Path) -> Recipe:
    """Returns the recipe in the JSON file at `path`, its names checked against each other.

    Layers, widths and selectors are checked when a graph is made of it: `fusion.graph` or `fusion check`.

    Raises:
        RecipeError: Listing every problem, each with its JSON Pointer.
    """
    path = Path(path)
    return from_json(read_text(path), source=str(path))


def from_json(text: str, *, source: str = "recipe") -> Recipe:
    """Returns the recipe that `text` writes as JSON.

    >>> from_json('{"recipe": 1, "name": "x", "inputs": {}, "brances": {}, "head": {}}')
    Traceback (most recent call last):
    ...
    fusion.errors.RecipeError: recipe: 4 problems
      /brances       Unknown key 'brances'. Did you mean 'branches'?
      /inputs        Expected a list at least 1 long, got {}.
      /branches      Missing key 'branches'.
      /head/output   Missing key 'output'.

    Raises:
        RecipeError: Listing every problem, each with its JSON Pointer.
    """
    return from_data(parse(text, source=source), source=source)


def from_data(data: Any, *, source: str = "recipe") -> Recipe:
    """Returns the recipe that plain data of JSON's types say, names checked.

    Raises:
        RecipeError: Listing every problem, each with its JSON Pointer.
    """
    recipe, problems = examine(data)
    if problems or recipe is None:
        raise RecipeError.of(source, problems)
    return recipe


def examine(data: Any) -> tuple[Recipe | None, list[Problem]]:
    """Returns what can be read of a recipe, and every problem found on the way.

    Parts that cannot be read are left out of the recipe, so that the rest can be examined further;
    it is `None` where too little is left.
    """
    try:
        data = upgraded(data)
    except RecipeError as error:
        return None, list(error.problems)
    recipe, problems = read(data, Recipe)
    if recipe is not None:
        problems += references(recipe, data)
    return recipe, problems


def read(data: Any, kind: type[V]) -> tuple[V | None, list[Problem]]:
    """Returns the value of `kind` that `data` say, without the parts that are wrong, and what is wrong.

    What is wrong is taken out and the rest read again, so that no problem hides another. Where a part
    cannot do without what was taken out, the part goes as well, and that is no further problem.
    """
    problems: list[Problem] = []
    rest, gone = copy.deepcopy(data), set[tuple[str | int, ...]]()
    while True:
        try:
            value = kind.model_validate(rest, by_alias=True, by_name=False, context={"file": True})
        except ValidationError as error:
            for problem, place in reports(error):
                if place not in gone:
                    problems.append(problem)
                while place in gone:
                    place = place[:-1]
                if not place:
                    return None, problems
                gone |= {place, _take_out(rest, place)}
        else:
            return value, problems


def _take_out(data: Any, place: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Takes the value at `place` out of `data`; an entry of a list with its whole list, as indices must not move.

    Returns the place of what is gone.
    """
    *above, last = place
    holder = data
    for part in above:
        holder = holder[part]
    if isinstance(holder, dict):
        holder.pop(last, None)
        return place
    return _take_out(data, tuple(above))
