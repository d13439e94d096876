"""Arrays looked at whole: whether their values are what an input of the recipe declares, and which examples lack it."""

from collections.abc import Iterator

import numpy as np

from fusion.data.precision import INFINITE, fits
from fusion.errors import DataError
from fusion.recipe.inputs import Image, Input
from fusion.recipe.texts import Tokens

WAY_OUT = 'Or let the recipe say that examples may lack the input: "optional": {"missing": "zeros"}.'
"""What else can be done about an example that lacks an input."""

_CHUNK = 2**24  # bytes looked at together, so that a memory-mapped array never comes into memory whole


def check_array(array: np.ndarray, declared: Input, *, what: str) -> None:
    """Refuses an array that is not what the recipe's input declares.

    An example may lack an input that is optional: then its numbers are NaN, all of them, or its text is empty.

    Args:
        array: One row per example.
        declared: The recipe's input.
        what: What errors call the array.

    Raises:
        DataError: If its dtype, its shape or its values do not fit, naming what was found and what is declared.

    >>> check_array(np.ones((5, 8, 8, 3)), Image(shape=(8, 8, 3)), what="input 'photo'")
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: input 'photo' declares range 0..255, but its 960 values lie in 1..1: was the
    array divided by 255? Multiply it, or write "range": [0, 1].
    """
    if declared.dtype == "string":
        _check_texts(array, what, optional=declared.optional is not None)
    elif array.dtype.kind not in "biuf":
        raise DataError(f"{what} holds {array.dtype}; expected numbers.")
    shape = declared.shape
    if array.shape[1:] != shape:
        of = " for the channel" if isinstance(declared, Image) else ""
        hint = f" Add an axis{of}: array[..., None]." if (*array.shape[1:], 1) == shape else ""
        raise DataError(
            f"{what} wants examples of shape {shape}, but its array has shape {array.shape}, "
            f"so {array.shape[1:]} for each of {len(array)}.{hint}"
        )
    if not len(array):
        raise DataError(f"{what} has no rows.")
    if declared.dtype == "string":
        return
    gone = missing_rows(array) if declared.optional else np.zeros(len(array), dtype=bool)
    if gone.all():
        return
    low, high = _bounds(array, gone)
    if not fits([low, high]).all():
        raise DataError(_unfit(array, gone, what, optional=declared.optional is not None))
    if isinstance(declared, Image):
        _check_range(low, high, array[0].size * int(np.count_nonzero(~gone)), declared, what)
    if isinstance(declared, Tokens):
        _check_tokens(array, declared, low, what)


def _check_tokens(array: np.ndarray, declared: Tokens, low: float, what: str) -> None:
    """Refuses what numbers no tokens, and rows that are nothing but padding, if there must be a text."""
    if array.dtype.kind not in "iu" or low < 0:
        got = f"{array.dtype}, the least {low:g}" if array.dtype.kind in "iu" else array.dtype
        raise DataError(
            f"{what} wants numbers of tokens, whole and from 0, got {got}. Convert them: astype('int32')."
        )
    empty = missing_rows(array, pad=declared.pad)
    if empty.any() and not declared.optional:
        raise DataError(
            f"{what} has nothing but padding ({declared.pad}) in row {int(empty.argmax())}, counted from 0. Fill or leave "
            f'out the row, or write at "pad" which number pads. {WAY_OUT}'
        )


def missing_rows(array: np.ndarray, *, pad: int | None = None) -> np.ndarray:
    """Returns which rows hold nothing, a bool for each: only NaN, only empty texts, or of tokens only padding.

    >>> (
    ...     missing_rows(np.array([[1, np.nan], [np.nan, np.nan]])).tolist(),
    ...     missing_rows(np.array([["a"], [""]])).tolist(),
    ... )
    ([False, True], [False, True])
    """
    if pad is not None:
        return np.asarray((array == pad).all(axis=1), dtype=bool)
    if array.dtype.kind in "UO":
        return np.asarray((array == "").reshape(len(array), -1).all(axis=1), dtype=bool)
    if array.dtype.kind != "f":
        return np.zeros(len(array), dtype=bool)
    found = [np.isnan(chunk).reshape(len(chunk), -1).all(axis=1) for _, chunk in _chunks(array)]
    return np.concatenate(found) if found else np.zeros(0, dtype=bool)


def _check_texts(array: np.ndarray, what: str, *, optional: bool) -> None:
    """Refuses what is no text, and texts that say nothing, if there must be one, or that UTF-8 has no bytes for."""
    wants = "expected texts, as numpy.array([...], dtype=str)"
    if array.dtype.kind not in "UO":
        raise DataError(f"{what} holds {array.dtype}; {wants}.")
    for place, text in np.ndenumerate(array):
        if not isinstance(text, str):
            raise DataError(f"{what} holds {text!r} in row {place[0]}, counted from 0; {wants}.")
        if optional and not text:
            continue
        if not text.strip() or not _is_encodable(text):
            reason = "no valid text" if text.strip() else "a text of blanks" if optional else "an empty text"
            way = f" {WAY_OUT}" if not text.strip() and not optional else ""
            raise DataError(
                f"{what} has {reason} in row {place[0]}, counted from 0. Fill, correct or leave out the row.{way}"
            )


def _is_encodable(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def _check_range(low: float, high: float, count: int, declared: Image, what: str) -> None:
    least, most = declared.range
    seen = f"{what} declares range {least:g}..{most:g}, but its {count} values lie in {low:g}..{high:g}"
    if least == 0 and most == 255 and low >= 0 and high <= 1:
        raise DataError(f'{seen}: was the array divided by 255? Multiply it, or write "range": [0, 1].')
    if low < least or high > most:
        raise DataError(f'{seen}. Rescale the array, or write the range it has at "range".')


def _bounds(array: np.ndarray, gone: np.ndarray) -> tuple[float, float]:
    """The least and the largest value of rows that are not gone; NaN if any value is NaN."""
    kept = (
        chunk[~gone[start : start + len(chunk)]] if gone.any() else chunk for start, chunk in _chunks(array)
    )
    bounds = [(chunk.min(), chunk.max()) for chunk in kept if len(chunk)]
    return float(np.min([low for low, _ in bounds])), float(np.max([high for _, high in bounds]))


def _unfit(array: np.ndarray, gone: np.ndarray, what: str, *, optional: bool) -> str:
    """What to say of an array that has values which training would not see as they are."""

    def bad(start: int, chunk: np.ndarray) -> np.ndarray:
        rows = ~gone[start : start + len(chunk)].reshape(-1, *[1] * (chunk.ndim - 1))
        return np.asarray(~fits(chunk) & rows)

    count = sum(np.count_nonzero(bad(start, chunk)) for start, chunk in _chunks(array))
    row, *place = next(
        (start + int(row), *map(int, place))
        for start, chunk in _chunks(array)
        for row, *place in np.argwhere(bad(start, chunk))
    )
    way = "A row that lacks the input is NaN throughout." if optional else WAY_OUT
    return (
        f"{what} has values that are NaN, or {INFINITE}: {count} in all, the first, "
        f"{array[row, *place]:g}, in row {row}, counted from 0, at {tuple(place)}. "
        f"Replace or leave out these rows. {way}"
    )


def _chunks(array: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Pieces of an array, each with the number of its first row."""
    rows = max(1, _CHUNK // max(1, array[:1].nbytes))
    return ((start, array[start : start + rows]) for start in range(0, len(array), rows))
