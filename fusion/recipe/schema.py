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
        **_closed(Recipe.model_json_schema(by_alias=True)),
        "title": f"Fusion recipe, format {FORMAT}",
    }


def _closed(rule: Any) -> Any:
    """Returns a rule in which maps take no other names than they may; pydantic (2.14) leaves them free."""
    if isinstance(rule, list):
        return [_closed(each) for each in rule]
    if not isinstance(rule, dict):
        return rule
    closed = {key: _closed(each) for key, each in rule.items()}
    if "patternProperties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed
