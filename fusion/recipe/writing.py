"""Values to plain data and canonical JSON, and the short hash that identifies a recipe."""

import copy
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from fusion.errors import Problem, RecipeError, listed, near, shown
from fusion.recipe.recipe import Recipe
from fusion.recipe.values import Value

SEED_PLACE = "/training/seed"
"""Where a recipe has the seed of its training."""
NAMED = {"inputs": "input", "backbones": "backbone", "branches": "branch", "blocks": "block"}
"""Parts of a recipe whose entries have names of the user's, by what one of them is called."""


def to_data(value: Value) -> dict[str, Any]:
    """Returns a value as plain data of JSON's types, without what equals its default."""
    data: dict[str, Any] = value.model_dump(mode="json", exclude_defaults=True)
    return data


def to_json(value: Value) -> str:
    r"""Returns a value as canonical JSON: keys in the order of the format, defaults left out.

    >>> from fusion.recipe.inputs import Image
    >>> to_json(Image(shape=(8, 8, 3)))
    '{\n  "kind": "image",\n  "shape": [8, 8, 3]\n}\n'
    """
    return _written(to_data(value), "") + "\n"


def recipe_hash(recipe: Recipe) -> str:
    """Returns 12 hexadecimal digits that identify what a recipe means.

    `name`, `notes`, `$schema` and keys that start with `x-` do not count, nor do defaults written out or
    the order of keys.

    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"x": {"kind": "tabular", "columns": ["a"]}},
    ...     branches={"b": {"input": "x"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> recipe_hash(one) == recipe_hash(one.replaced(name="two"))
    True
    """
    text = json.dumps(meaning(recipe), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def meaning(recipe: Recipe) -> dict[str, Any]:
    """Returns as plain data what a recipe means: without what is free, and without its name and notes.

    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"x": {"kind": "tabular", "columns": ["a"]}},
    ...     branches={"b": {"input": "x"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> meaning(one) == meaning(one.replaced(notes="why", extras={"x-by": "me"}))
    True
    """
    found: dict[str, Any] = _meant(to_data(recipe.replaced(name="-", notes="", editor_schema=None)))
    return found


def unseeded(recipe: Recipe) -> Recipe:
    """Returns a recipe with the default seed of its training, if it has one.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("VGG16[block4_pool]", output=["ants", "bees"])
    >>> unseeded(one.replace(SEED_PLACE, 7)) == one
    True
    """
    return recipe.replaced(training=recipe.training.replaced(seed=0)) if recipe.training else recipe


def seedless(recipe: Recipe) -> dict[str, Any]:
    """Returns as plain data what recipes have in common whose models differ in the values of their weights alone.

    Of what they mean (`meaning`), left out are the seed of the training, and which file weights come from, if any.

    >>> from fusion.recipe.short import fuse
    >>> own, fresh, known = (
    ...     fuse("VGG16[block4_pool]", output=["ants", "bees"], weights=weights)
    ...     for weights in ("eye.h5", None, "imagenet")
    ... )
    >>> seedless(own) == seedless(fresh), seedless(own) == seedless(known)
    (True, False)
    """
    data = meaning(unseeded(recipe))
    for backbone in data.get("backbones", {}).values():
        if isinstance(backbone.get("weights"), dict) or backbone.get("weights", "") is None:
            backbone["weights"] = "of a file, or fresh"
    return data


def exchanged(data: Any, place: str, value: Any) -> Any:
    """Returns a copy of `data` with the value at the JSON Pointer `place` exchanged.

    Objects on the way that are not written are made, as all their values may be defaults; of inputs, backbones, branches and
    blocks whole ones alone are.

    >>> exchanged({"a": [1, 2]}, "/a/1", 3)
    {'a': [1, 3]}
    >>> exchanged({}, "/optimizer/name", "sgd")
    {'optimizer': {'name': 'sgd'}}

    Raises:
        RecipeError: If `place` leads nowhere, or into what has a name that is not there.
    """
    start, *parts = [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")]
    _find_named(data, parts, place)
    try:
        if start:
            raise ValueError(start)
        return _exchanged(data, parts, value)
    except (IndexError, TypeError, ValueError):
        text = "This leads to no value. A place is a JSON Pointer such as /branches/left/cut."
        raise RecipeError.of("recipe", [Problem(place, text)]) from None


def _find_named(data: Any, parts: Sequence[str], place: str) -> None:
    """Makes sure that what a place leads into is there, where that is an entry with a name of the user's."""
    if len(parts) < 3 or parts[0] not in NAMED or not isinstance(data, dict):
        return
    kind, name = parts[:2]
    known = data.get(kind, {})
    if isinstance(known, dict) and name not in known:
        text = f"There is no {NAMED[kind]} {shown(name)}.{near(name, known)} It has: {listed(known)}."
        raise RecipeError.of("recipe", [Problem(place, text)])


def _exchanged(data: Any, parts: Sequence[str], value: Any) -> Any:
    if not parts:
        return copy.deepcopy(value)
    key, *rest = parts
    if isinstance(data, dict):
        return {**data, key: _exchanged(data.get(key, {}), rest, value)}
    if not isinstance(data, list) or not key.isdecimal():
        raise TypeError(key)
    index = int(key)
    return [*data[:index], _exchanged(data[index], rest, value), *data[index + 1 :]]


def _meant(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _meant(child) for key, child in data.items() if not key.startswith("x-")}
    return [_meant(child) for child in data] if isinstance(data, list) else data


def _written(data: Any, indent: str) -> str:
    """JSON that people read: what fits stands on one line."""
    line = json.dumps(data, ensure_ascii=False)
    if not isinstance(data, dict | list) or not data:
        return line
    if len(indent) + len(line) <= 100 and not (isinstance(data, dict) and indent == ""):
        return line
    deeper = indent + "  "
    if isinstance(data, list):
        entries = [deeper + _written(child, deeper) for child in data]
    else:
        entries = [
            f"{deeper}{json.dumps(key, ensure_ascii=False)}: {_written(child, deeper)}"
            for key, child in data.items()
        ]
    opening, closing = ("[", "]") if isinstance(data, list) else ("{", "}")
    return opening + "\n" + ",\n".join(entries) + "\n" + indent + closing
