"""JSON text to plain data, refusing what `json` lets pass: duplicate keys, NaN, numbers and depths no recipe has."""

import json
from collections import Counter
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from fusion.errors import Problem, RecipeError, shown
from fusion.recipe.translation import Place, pointer

DEEPEST = 50
"""Levels of lists and objects in one another; a recipe without free keys has six."""


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys stood twice."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    counts = Counter(key for key, _ in pairs)
    found.twice = tuple(sorted(key for key, count in counts.items() if count > 1))
    return found


def parse(text: str, *, source: str) -> Any:
    """Returns the data that `text` writes as JSON (RFC 8259), each key of an object once, each number finite.

    >>> parse('{"a": 1, "a": 2}', source="x.json")
    Traceback (most recent call last):
    ...
    fusion.errors.RecipeError: x.json: 1 problem
      /a   The key 'a' stands more than once in one object; keep one.

    Raises:
        RecipeError: If it is no JSON, with line and column; or a key stands twice, a text holds half a character,
            or a number or the nesting is too large.
    """
    try:
        data = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_float, parse_int=_int
        )
        problems = list(_problems(data, ()))
    except json.JSONDecodeError as error:
        problems = [Problem("", f"No valid JSON at line {error.lineno}, column {error.colno}: {error.msg}.")]
    except ValueError as error:
        problems = [Problem("", str(error))]
    except RecursionError:
        problems = [Problem("", f"The JSON is nested more than {DEEPEST} levels deep.")]
    if problems:
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


def _refuse(number: str) -> NoReturn:
    raise ValueError(f"{shown(number)} is not finite, and numbers in JSON are; write a finite one.")


def _float(digits: str) -> float:
    return float(digits) if isfinite(float(digits)) else _refuse(digits)


def _int(digits: str) -> int:
    # Python itself refuses to convert more than some thousands of digits.
    return int(digits) if len(digits) < 400 else _refuse(digits)


def _problems(data: Any, place: Place) -> Iterator[Problem]:
    if len(place) >= DEEPEST and isinstance(data, dict | list):
        raise RecursionError
    for key in data.twice if isinstance(data, _Object) else ():
        text = f"The key {shown(key)} stands more than once in one object; keep one."
        yield Problem(pointer((*place, key)), text)
    texts = list(data) if isinstance(data, dict) else [data] if isinstance(data, str) else []
    if not all(map(_whole, texts)):
        yield Problem(
            pointer(place), "A text here holds half a character, a surrogate alone; write it whole."
        )
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for part, child in children:
        yield from _problems(child, (*place, part))


def _whole(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
