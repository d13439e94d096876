"""Lists of tokens as one writes them: whole numbers with blanks between, padded to the length a model is fed."""

from fusion.errors import shown
from fusion.recipe.texts import Tokens

HIGHEST = 2**31
"""What a token is less than: it is fed as an int32."""


def padded(value: object, declared: Tokens) -> list[int]:
    """Returns the numbers of tokens a value says, padded; none where they are no numbers, none, or too many.

    >>> padded("101 7592 102", Tokens(length=5)), padded([1, 2], Tokens(length=1))
    ([101, 7592, 102, 0, 0], [])
    """
    words = value.split() if isinstance(value, str) else value
    try:
        found = [_token(word) for word in words]  # type: ignore[attr-defined]  # TypeError is caught
    except (TypeError, ValueError):
        return []
    fit = 0 < len(found) <= declared.length and all(0 <= each < HIGHEST for each in found)
    return [*found, *[declared.pad] * (declared.length - len(found))] if fit else []


def no_tokens(value: object, declared: Tokens) -> str:
    """Returns what is said of a value that is no list of tokens.

    >>> no_tokens("7 eight", Tokens(length=4))
    "a list of 1 to 4 tokens, whole numbers from 0, got '7 eight'"
    """
    return f"a list of 1 to {declared.length} tokens, whole numbers from 0, got {shown(value)}"


def _token(word: object) -> int:
    if isinstance(word, bool | float) or (isinstance(word, str) and "_" in word):
        raise ValueError
    return int(word)  # type: ignore[call-overload,no-any-return]  # TypeError is caught
