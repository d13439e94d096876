"""JSON text to plain data, refusing what `json` lets pass: duplicate keys, NaN, bytes that are not UTF-8."""

import json
from pathlib import Path
from typing import Any, NoReturn

from fusion.errors import Problem, RecipeError
from fusion.recipe.translation import pointer


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys stood twice."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    keys = [key for key, _ in pairs]
    found.twice = tuple(sorted({key for key in keys if keys.count(key) > 1}))
    return found


def parse(text: str, *, source: str) -> Any:
    """Returns the data that `text` writes as JSON (RFC 8259), each key of an object once.

    >>> parse('{"a": 1, "a": 2}', source="x.json")
    Traceback (most recent call last):
    ...
    fusion.errors.RecipeError: x.json: 1 problem
      /a   The key 'a' stands more than once in one object; keep one.

    Raises:
        RecipeError: If it is no JSON, with line and column, or a key stands twice.
    """

    def refuse(constant: str) -> NoReturn:
        raise RecipeError.of(source, [Problem("", f"{constant} is no number of JSON; write a finite one.")])

    try:
        data = json.loads(text, object_pairs_hook=_object, parse_constant=refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise RecipeError.of(source, [Problem("", f"No valid JSON at {place}: {error.msg}.")]) from None
    except RecursionError:
        raise RecipeError.of(source, [Problem("", "The JSON is nested too deeply to be read.")]) from None
    if problems := _twice(data, ()):
        raise RecipeError.of(source, problems)
    return data


def read_text(path: Path) -> str:
    """Returns the text of a file, which is UTF-8 with or without a byte order mark.

    Raises:
        RecipeError: If it cannot be read; the message says why.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        text = f"The file is not UTF-8 text (byte {error.start})."
    except OSError as error:
        text = f"The file cannot be read: {error.strerror}."
    raise RecipeError.of(str(path), [Problem("", text)])


def _twice(data: Any, place: tuple[str | int, ...]) -> list[Problem]:
    found = []
    if isinstance(data, _Object):
        text = "The key {!r} stands more than once in one object; keep one."
        found = [Problem(pointer((*place, key)), text.format(key)) for key in data.twice]
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return found + [problem for key, child in children for problem in _twice(child, (*place, key))]
