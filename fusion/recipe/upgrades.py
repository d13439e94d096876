"""Older versions of the recipe format, brought up to the present one step by step."""

from collections.abc import Callable, Mapping
from typing import Any

from fusion.errors import Problem, RecipeError, listed, shown
from fusion.recipe.recipe import FORMAT

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes the data of one version, returns those of the next."""

UPGRADES: Mapping[int, Upgrade] = {}
"""For each older version, the step to the version after it."""


def upgraded(data: Any, upgrades: Mapping[int, Upgrade] = UPGRADES) -> Any:
    """Returns `data` in the present version of the format.

    >>> upgraded({"recipe": 0, "title": "x"}, {0: lambda old: {"recipe": 1, "name": old["title"]}})
    {'recipe': 1, 'name': 'x'}

    Raises:
        RecipeError: If the version is missing, newer than this package, or too old.
    """
    version = data.get("recipe") if isinstance(data, dict) else None
    if isinstance(version, bool) or not isinstance(version, int):
        got = shown(version if isinstance(data, dict) else data)
        text = f'A recipe is an object with "recipe": {FORMAT}, the version of its format; got {got}.'
        raise RecipeError.of("recipe", [Problem("/recipe" if isinstance(data, dict) else "", text)])
    if version > FORMAT:
        text = (
            f"The format is version {shown(version)}; this package reads up to {FORMAT}. Use a newer fusion."
        )
        raise RecipeError.of("recipe", [Problem("/recipe", text)])
    while version < FORMAT:
        if version not in upgrades:
            known = listed(map(str, sorted([*upgrades, FORMAT])))
            text = f"There is no version {shown(version)} of the format that can be read; there is {known}."
            raise RecipeError.of("recipe", [Problem("/recipe", text)])
        data = upgrades[version](data)
        version = data["recipe"]
    return data
