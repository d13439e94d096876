"""The recipe format as JSON Schema, for editors and for other languages."""

from typing import Any

from fusion.recipe.recipe import FORMAT, Recipe

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Returns the JSON Schema (draft 2020-12) of the recipe format.

    It holds what can be said of a file alone; names, layers and widths are checked by `fusion check`.

    >>> schema()["title"]
    'Fusion recipe, format 1'
    """
    return {
        "$schema": DIALECT,
        **Recipe.model_json_schema(by_alias=True),
        "title": f"Fusion recipe, format {FORMAT}",
    }
