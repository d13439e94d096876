"""Plain data to values: every problem found, also those that hide behind another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fusion.errors import Problem, RecipeError, nearest
from fusion.recipe.parsing import parse, read_text
from fusion.recipe.recipe import Recipe
from fusion.recipe.references import references, unused
from fusion.recipe.salvage import UNIQUE, Context, salvage
from fusion.recipe.translation import Place, pointer
from fusion.recipe.upgrades import upgraded
from fusion.recipe.values import Value, key_of

V = TypeVar("V", bound=Value)

STAND_INS: Mapping[Place, Any] = {
    ("name",): UNIQUE,
    ("head",): {"output": {"task": "binary"}},
    ("head", "output"): {"task": "binary"},
    ("training", "phases", "*", "name"): UNIQUE,
    ("training", "phases", "*", "train"): ["head"],
    ("training", "phases", "*", "train", "*"): "head",
    ("training", "phases", "*", "epochs"): 1,
}
"""What takes the place of a required value that is wrong, so that all around it can be examined; `UNIQUE` is a name
no other has. A recipe that holds one is never built."""

NAMING = ("branches", "fusion", "head")
"""Where names that are declared elsewhere are used."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What an examination found.

    Args:
        recipe: What could be read, for further examination; `None` where that is too little.
        problems: Everything that is wrong.
        doubtful: Places whose values are not what was meant, as that could not be read.
    """

    recipe: Recipe | None
    problems: tuple[Problem, ...]
    doubtful: frozenset[Place] = frozenset()


def recipe_or_path(given: Recipe | str | Path) -> Recipe | Path:
    """Returns a recipe, or the path of its file, as it is given where either may be.

    >>> recipe_or_path({"name": "x"})
    Traceback (most recent call last):
    ...
    fusion.errors.RecipeError: A recipe is a fusion.Recipe or the path of a file, got dict. Of plain data make one by
    fusion.Recipe(**data).

    Raises:
        RecipeError: If it is neither.
    """
    if isinstance(given, str | Path):
        return Path(given)
    if not isinstance(given, Recipe):
        raise RecipeError(
            f"A recipe is a fusion.Recipe or the path of a file, got {type(given).__name__}. "
            "Of plain data make one by fusion.Recipe(**data)."
        )
    return given


def load_recipe(path: str | Path) -> Recipe:
    """Returns the recipe in the JSON file at `path`, its names checked against each other.

    Layers, widths and selectors are checked when a graph is made of it: `fusion.resolve` or `fusion check`.

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
    fusion.errors.RecipeError: recipe: 3 problems
      /inputs        Expected 1 or more entries, got {}.
      /brances       Unknown key 'brances'. Did you mean 'branches'?
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
    found = examine(data)
    if found.problems or found.recipe is None:
        raise RecipeError.of(source, in_order(found.problems, data))
    return found.recipe


def examine(data: Any) -> Examined:
    """Returns what can be read of a recipe, and every problem found on the way; none follows from another."""
    try:
        data = upgraded(data)
    except RecipeError as error:
        return Examined(None, error.problems)
    recipe, problems, doubtful = salvage(data, _validated(Recipe), STAND_INS)
    if recipe is not None:
        # What stands in for a value that could not be read has no problems of its own.
        places = {problem.place for problem in problems} | {pointer(place) for place in doubtful}
        found = references(recipe, _as_meant(data))
        problems += [problem for problem in found if places.isdisjoint(_upwards(problem.place))]
        if not any(place[0] in NAMING for place in doubtful) and not found:
            problems += unused(recipe)
    return Examined(recipe, tuple(problems), frozenset(doubtful))


def read(data: Any, kind: type[V]) -> tuple[V | None, list[Problem]]:
    """Returns the value of `kind` that the data of a file say, without the parts that are wrong, and what is wrong."""
    value, problems, _ = salvage(data, _validated(kind))
    return value, problems


def in_order(problems: Iterable[Problem], data: Any) -> list[Problem]:
    """Returns problems in the order in which their places stand in the data; what is missing comes after the rest.

    >>> found = [Problem("/b", "Bad."), Problem("/a/1", "Bad."), Problem("/a/c", "Missing.")]
    >>> [problem.place for problem in in_order(found, {"a": [1, 2], "b": 3})]
    ['/a/1', '/a/c', '/b']
    """

    def place_of(problem: Problem) -> list[int]:
        holder, found = data, []
        for part in problem.place.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            keys = list(holder) if isinstance(holder, dict) else []
            if isinstance(holder, list):
                keys = [str(index) for index in range(len(holder))]
            found.append(keys.index(name) if name in keys else len(keys))
            holder = holder[int(name) if isinstance(holder, list) else name] if name in keys else None
        return found

    return sorted(problems, key=place_of)


def _validated(kind: type[V]) -> Callable[[Any, Context], V]:
    """Returns what makes a value of the data of a file, where keys have the names of the format only."""
    return lambda data, context: kind.model_validate(
        data, by_alias=True, by_name=False, context=context | {"file": True}
    )


def _as_meant(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns sections under the names they were meant to have, so that the names in them count as declared."""
    known = [key_of(name, field) for name, field in Recipe.model_fields.items()]
    return {key if key in known else nearest(key, known) or key: value for key, value in data.items()}


def _upwards(place: str) -> Iterator[str]:
    """Yields a place and all that hold it."""
    while place:
        yield place
        place = place.rpartition("/")[0]
