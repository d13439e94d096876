"""Keys: what a tensor depends on, as a short name."""

import hashlib
import json
import re
from collections.abc import Mapping

from fusion.errors import StoreError, shown

FORMAT = 1
"""Version of how entries are stored; a change takes the next number, so that entries of both lie side by side."""

KEY = re.compile("[0-9a-f]{32}")


def key(parts: Mapping[str, object]) -> str:
    """Returns 32 hex digits that are the same for equal parts, in any order, and others for any other parts.

    Args:
        parts: All that the values of a tensor depend on, named: text, numbers, `None`, lists and tables of these.
            `tensor`, `backbone` and `data` are what `fusion cache ls` shows; a table there shows its `name`.

    >>> key({"tensor": "eye/block3_pool", "weights": "sha256:0f3a"}) == key(
    ...     {"weights": "sha256:0f3a", "tensor": "eye/block3_pool"}
    ... )
    True

    Raises:
        StoreError: If a part is something else, or there are none.
    """
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:32]


def canonical(parts: Mapping[str, object]) -> str:
    """Returns parts as JSON that is equal for equal parts.

    >>> canonical({"b": (1, 2), "a": None})
    '{"parts":{"a":null,"b":[1,2]},"store":1}'

    Raises:
        StoreError: As `key`.
    """
    if not parts:
        raise StoreError("A stored tensor needs parts that say what it depends on, got none.")
    found = {"store": FORMAT, "parts": plain(parts, "")}
    return json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain(value: object, place: str) -> object:
    """Returns a value as JSON holds it.

    >>> plain({"size": (8, 8)}, "")
    {'size': [8, 8]}

    Raises:
        StoreError: If JSON cannot hold it, or would hold it as something else.
    """
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise StoreError(f"The parts of a key are named by text, got {shown(name)} at '{place}'.")
        return {name: plain(each, f"{place}/{name}") for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, f"{place}/{number}") for number, each in enumerate(value)]
    if value is None or type(value) in (str, int, bool):
        return value
    if type(value) is float and float("-inf") < value < float("inf"):
        return value
    raise StoreError(
        f"A key is made of text, finite numbers, None, lists and tables; at '{place}' there is "
        f"{shown(value)}, which is {type(value).__name__}."
    )


def checked(text: str) -> str:
    """Returns a key if it is one.

    >>> checked("../elsewhere")
    Traceback (most recent call last):
    ...
    fusion.errors.StoreError: '../elsewhere' is no key: 32 hex digits, as fusion.store.keys.key gives them.

    Raises:
        StoreError: If it is none.
    """
    if not KEY.fullmatch(text):
        raise StoreError(f"{shown(text)} is no key: 32 hex digits, as fusion.store.keys.key gives them.")
    return text
