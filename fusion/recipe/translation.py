"""What pydantic reports, said in this package's words: a JSON Pointer, the value, what was expected."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fusion.errors import Problem, listed, near, nearest, shown

TAG = re.compile(r"^<.*>$")
"""Members of a union are tagged `<name>`, so that a tag in a location is never taken for a key."""


AT_KEY = "at_key"
"""Type of an error that a validator of an object raises about one of its keys, `key` in its context."""

Place = tuple[str | int, ...]
"""Keys and indices that lead to a value."""


@dataclass(frozen=True, slots=True)
class Report:
    """A problem that pydantic reports.

    Args:
        problem: What is said of it.
        place: Keys and indices that lead to it.
        meant: Where a key that is not known belongs, if it looks like a known one.
    """

    problem: Problem
    place: Place
    meant: Place | None = None


def reports(error: ValidationError) -> Iterator[Report]:
    """Yields each problem that `error` reports, each key a user wrote wrong being one."""
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
    tagged = detail["type"] in {"union_tag_invalid", "union_tag_not_found"}
    if tagged and isinstance(detail["input"], dict) and (key := _discriminator(detail)):
        parts.append(key)
    if detail["type"] == AT_KEY:
        parts.append(detail["ctx"]["key"])
    return tuple(parts)


def _follows(detail: ErrorDetails) -> bool:
    """Whether a list is called too short only because some of its entries are wrong."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _reports(detail: ErrorDetails) -> Iterator[Report]:
    place = _place(detail)
    if detail["type"] == "unknown_keys":
        known, elsewhere = detail["ctx"]["known"], detail["ctx"]["elsewhere"]
        for key in detail["ctx"]["unknown"]:
            meant = "" if key in elsewhere else nearest(str(key), known)
            hint = near(str(key), known) or f" Known keys: {listed(known, 20)}."
            if key in elsewhere:
                hint = f" Write {elsewhere[key]}."
            problem = Problem(pointer((*place, key)), f"Unknown key {shown(key)}.{hint}")
            yield Report(problem, (*place, key), (*place, meant) if meant else None)
    else:
        yield Report(Problem(pointer(place), _text(detail)), place)


def _text(detail: ErrorDetails) -> str:
    value, ctx = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            key = detail["loc"][-1]
            return (
                f"The list is too short: it has no entry {key}, counted from 0."
                if isinstance(key, int)
                else f"Missing key {key!r}."
            )
        case "union_tag_not_found":
            key = _discriminator(detail)
            if not isinstance(value, dict):
                return f"Expected an object {{...}}, got {shown(value)}."
            if not key:
                return "Expected an object with a key that names its kind."
            meant = nearest(key, map(str, value))
            return f"Missing key {key!r}." + (f" Is {meant!r} meant for it?" if meant else "")
        case "union_tag_invalid":
            names = re.findall(r"<(.*?)>", ctx["expected_tags"])
            tag = ctx["tag"].strip("<>")
            if " + " in tag:
                return f"{tag!r} is not one of {', '.join(names)}; keep one of them here."
            return _choice(tag, names)
        case "literal_error" if ctx["expected"] == "True":
            return f"Expected true, got {shown(value)}."
        case "literal_error":
            return _choice(value, [name.strip("'") for name in re.split(r", | or ", ctx["expected"])])
        case "string_pattern_mismatch" if ctx.get("pattern") == "^x-":
            return f"A free key starts with 'x-', and {shown(value)} does not."
        case "string_pattern_mismatch" if ctx.get("pattern") == "^/":
            return f"A place begins with '/': write {shown(f'/{value}')}."
        case "string_pattern_mismatch" if "[key]" in detail["loc"] or "A-Za-z" in str(ctx.get("pattern")):
            rule = "a letter, then at most 63 letters, digits, '_' or '-', and no 'x-' in front"
            return f"{shown(value)} cannot be a name: {rule}."
        case "string_pattern_mismatch" if "0-9a-f" in str(ctx.get("pattern")):
            return f"Expected the 64 hexadecimal digits, in lower case, of a sha256, got {shown(value)}."
        case "value_error":
            return str(ctx["error"])
        case kind if kind == AT_KEY:
            return detail["msg"]
        case kind if kind in _EXPECTED:
            return f"Expected {_EXPECTED[kind].format(**ctx)}, got {shown(value)}."
        case _:
            return f"{detail['msg'].replace('Input should', 'It should')}; got {shown(value)}."


_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "an object {{...}}",
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
    "string_sub_type": "a text",
    "string_too_short": "a text that is not empty",
    "string_type": "a text",
    "too_long": "no more than {max_length} entries",
    "too_short": "{min_length} or more entries",
    "tuple_type": "a list [...]",
}


def _choice(value: object, names: Sequence[str]) -> str:
    hint = near(str(value), names)
    return f"{shown(value)} is not one of {', '.join(names)}.{hint}"


def _discriminator(detail: ErrorDetails) -> str:
    """The key a union is told apart by: discriminating functions bear its name, those called `any_...` none."""
    name = detail["ctx"]["discriminator"].strip("'").removesuffix("()")
    return "" if name.startswith("any_") else name
