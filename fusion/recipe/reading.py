"""Plain data to values: every problem found, also those that hide behind another."""

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from fusion.errors import Problem, RecipeError, nearest
from fusion.recipe.parsing import parse, read_text
from fusion.recipe.recipe import Recipe
from fusion.recipe.references import references, unused
from fusion.recipe.translation import Place, pointer, reports
from fusion.recipe.upgrades import upgraded
from fusion.recipe.values import Value

V = TypeVar("V", bound=Value)

UNIQUE = "*"
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
      /brances       Unknown key 'brances'. Did you mean 'branches'?
      /inputs        Expected 1 or more in it, got {}.
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
        raise RecipeError.of(source, found.problems)
    return found.recipe


def examine(data: Any) -> Examined:
    """Returns what can be read of a recipe, and every problem found on the way; none follows from another."""
    try:
        data = upgraded(data)
    except RecipeError as error:
        return Examined(None, error.problems)
    recipe, problems, doubtful = _read(data, Recipe, STAND_INS)
    if recipe is not None:
        places = {problem.place for problem in problems}
        found = references(recipe, _as_meant(data))
        problems += [problem for problem in found if places.isdisjoint(_upwards(problem.place))]
        if not any(place[0] in NAMING for place in doubtful) and not found:
            problems += unused(recipe)
    return Examined(recipe, tuple(problems), frozenset(doubtful))


def read(data: Any, kind: type[V]) -> tuple[V | None, list[Problem]]:
    """Returns the value of `kind` that `data` say, without the parts that are wrong, and what is wrong.

    What is wrong is taken out and the rest read again, so that no problem hides another. Where a part
    cannot do without what was taken out, the part goes as well, and that is no further problem.
    """
    value, problems, _ = _read(data, kind, {})
    return value, problems


def _read(
    data: Any, kind: type[V], stand_ins: Mapping[Place, Any]
) -> tuple[V | None, list[Problem], set[Place]]:
    """Returns also the places that were taken out, or that a mistyped key was meant for."""
    problems: list[Problem] = []
    rest, gone = copy.deepcopy(data), set[Place]()
    while True:
        try:
            value = kind.model_validate(rest, by_alias=True, by_name=False, context={"file": True})
        except ValidationError as error:
            found = list(reports(error))
            problems += [report.problem for report in found if not _follows(report.place, gone)]
            for report in found:
                place = report.place
                # What was taken out already is missing now: what holds it cannot do without.
                while place in gone:
                    place = place[:-1]
                if not place:
                    return None, problems, gone
                gone |= {place, _take_out(rest, place, stand_ins), report.meant or place}
        else:
            return value, problems, gone


def _follows(place: Place, gone: Collection[Place]) -> bool:
    """Whether something is wrong only because of what is gone: it is missing, or its parts do not agree any more."""
    return any(other[: len(place)] == place for other in gone)


def _take_out(data: Any, place: Place, stand_ins: Mapping[Place, Any]) -> Place:
    """Takes the value at `place` out of `data`; an entry of a list with its whole list, as indices must not move.

    Returns the place of what is gone. What stands in for it stays there.
    """
    holder = data
    for depth, part in enumerate(place[:-1]):
        if isinstance(holder, dict) and part not in holder:
            return place[: depth + 1]
        holder = holder[part]
    stand_in = stand_ins.get(tuple("*" if isinstance(part, int) else part for part in place))
    if stand_in is not None:
        holder[place[-1]] = copy.deepcopy(stand_in) if stand_in != UNIQUE else pointer(place)
    elif isinstance(holder, dict):
        holder.pop(place[-1], None)
    else:
        return _take_out(data, place[:-1], stand_ins)
    return place


def _as_meant(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns sections under the names they were meant to have, so that the names in them count as declared."""
    known = [field.alias or name for name, field in Recipe.model_fields.items()]
    return {key if key in known else nearest(key, known) or key: value for key, value in data.items()}


def _upwards(place: str) -> Iterator[str]:
    """Yields a place and all that hold it."""
    while place:
        yield place
        place = place.rpartition("/")[0]
