"""What pydantic reports, said in this package's words: a JSON Pointer, the value, what was expected."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fusion.errors import Problem, listed, near

TAG = re.compile(r"^<.*>$")
"""Members of a union are tagged `<name>`, so that a tag in a location is never taken for a key."""


Place = tuple[str | int, ...]
"""Keys and indices that lead to a value."""


def problems_of(error: ValidationError) -> list[Problem]:
    """Returns one problem for each thing `error` reports, each key a user wrote wrong being one."""
    return [problem for problem, _ in reports(error)]


def reports(error: ValidationError) -> Iterator[tuple[Problem, Place]]:
    """Yields each problem that `error` reports, with the keys and indices that lead to it."""
    for detail in error.errors(include_url=False):
        if not _follows(detail):
            yield from _reports(detail)


def pointer(parts: Place) -> str:
    """Returns the JSON Pointer (RFC 6901) to the value at `parts`.

    >>> pointer(("branches", "a/b", 0))
    '/branches/a~1b/0'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _place(detail: ErrorDetails) -> Place:
    parts = [part for part in detail["loc"] if not TAG.match(str(part)) and part != "[key]"]
    if detail["type"] in {"union_tag_invalid", "union_tag_not_found"} and (key := _discriminator(detail)):
        parts.append(key)
    return tuple(parts)


def _follows(detail: ErrorDetails) -> bool:
    """Whether a list is called too short only because some of its entries are wrong."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _reports(detail: ErrorDetails) -> Iterator[tuple[Problem, Place]]:
    place = _place(detail)
    if detail["type"] == "unknown_keys":
        known = detail["ctx"]["known"]
        for key in detail["ctx"]["unknown"]:
            text = f"Unknown key {key!r}.{near(str(key), known) or f' Known keys: {listed(known, 20)}.'}"
            yield Problem(pointer((*place, key)), text), (*place, key)
    else:
        yield Problem(pointer(place), _text(detail)), place


def _text(detail: ErrorDetails) -> str:
    value, ctx = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return f"Missing key {_key(detail)!r}."
        case "union_tag_not_found":
            key = _discriminator(detail)
            if not isinstance(value, dict):
                return f"Expected an object {{...}}, got {_shown(value)}."
            return f"Missing key {key!r}." if key else "Expected an object with a key that names its kind."
        case "union_tag_invalid":
            names = re.findall(r"<(.*?)>", ctx["expected_tags"])
            return _choice(ctx["tag"].strip("<>"), names)
        case "literal_error":
            return _choice(value, [name.strip("'") for name in re.split(r", | or ", ctx["expected"])])
        case "string_pattern_mismatch" if "[key]" in detail["loc"] or "A-Za-z" in str(ctx.get("pattern")):
            return f"{_shown(value)} cannot be a name: a letter, then at most 63 letters, digits, '_' or '-'."
        case "value_error" | "assertion_error":
            return str(ctx.get("error", detail["msg"]))
        case kind if kind in _EXPECTED:
            return f"Expected {_EXPECTED[kind].format(**ctx)}, got {_shown(value)}."
        case _:
            return f"{detail['msg'].replace('Input should', 'It should')}; got {_shown(value)}."


_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "an object {{...}}",
    "extra_forbidden": "no such key",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "int_type": "a whole number",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "list_type": "a list [...]",
    "mapping_type": "an object {{...}}",
    "model_attributes_type": "an object {{...}}",
    "model_type": "an object {{...}}",
    "none_required": "null",
    "string_too_short": "a text that is not empty",
    "string_type": "a text",
    "too_long": "no more entries than {max_length}",
    "too_short": "a list at least {min_length} long",
    "tuple_type": "a list [...]",
}


def _choice(value: object, names: Sequence[str]) -> str:
    hint = near(str(value), names)
    return f"{_shown(value)} is not one of {', '.join(names)}.{hint}"


def _discriminator(detail: ErrorDetails) -> str:
    """The key a union is told apart by: discriminating functions bear its name, `any_key` none."""
    name = detail["ctx"]["discriminator"].strip("'").removesuffix("()")
    return "" if name == "any_key" else name


def _key(detail: ErrorDetails) -> object:
    return detail["loc"][-1]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
