"""Arrays, in memory or in an .npz file, as data; shapes and values are checked against the recipe's inputs."""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from fusion.data.contents import Contents
from fusion.data.examples import Array, Data, Examples
from fusion.data.precision import INFINITE, fits
from fusion.data.splits import USUAL, Split, assemble
from fusion.data.targets import encode
from fusion.errors import DataError, listed, near
from fusion.recipe.head import Output
from fusion.recipe.inputs import Image, Input

_PARTS = ("train", "validation", "test")
_CHUNK = 2**24  # bytes looked at together, so that a memory-mapped array never comes into memory whole


def read_arrays(path: Path, *, inputs: Mapping[str, Input], output: Output, split: Split = USUAL) -> Data:
    """Returns the arrays in the .npz file at `path` as data.

    Its keys are the names of the inputs and `targets`: then it is split by content. Or each of these with `train_`,
    `validation_` and `test_` before it, as in `numpy.savez(path, train_photo=..., train_targets=..., test_photo=...)`:
    then it is split as given, by the same rules as a folder. Pickled objects are refused.

    Raises:
        DataError: If keys are missing or too many, or an array does not fit the recipe.

    >>> read_arrays(Path("none.npz"), inputs={"x": Image(shape=(8, 8, 1))}, output=Output(task="binary"))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: There is no file none.npz.
    """
    stored = _load(path)
    wanted = [*inputs, "targets"]
    parts = [part for part in _PARTS if any(f"{part}_{key}" in stored for key in wanted)]
    prefixes = [f"{part}_" for part in parts] or [""]
    _check_keys(stored, [prefix + key for prefix in prefixes for key in wanted], path.name)
    for prefix in prefixes:
        _check_rows({prefix + key: stored[prefix + key] for key in wanted}, path.name)
    sizes = [len(stored[f"{prefix}targets"]) for prefix in prefixes]
    given = [part for part, size in zip(parts or [""], sizes, strict=True) for _ in range(size)]
    whole = {key: _joined([stored.pop(prefix + key) for prefix in prefixes], key, path) for key in wanted}
    targets, labels = encode(whole.pop("targets"), output, source=path.name)
    examples = _examples(whole, targets, inputs, path.name)
    return assemble(
        examples,
        Contents(digest_rows(whole)),
        given=given,
        labels=labels,
        split=split,
        source=f"Arrays {path.name}",
    )


def from_arrays(
    arrays: Mapping[str, np.ndarray] | np.ndarray,
    targets: np.ndarray | Sequence[object],
    *,
    inputs: Mapping[str, Input],
    output: Output,
    split: Split = USUAL,
) -> Data:
    """Returns arrays as data, split by content; arrays may be memory-mapped and are never copied whole.

    Args:
        arrays: One array per input, by its name, one row per example; or just the array where there is one input.
        targets: As `fusion.data.targets.encode` wants them.
        inputs: The recipe's inputs.
        output: The recipe's output.
        split: Shares and seed.

    Raises:
        DataError: If an array or the targets do not fit the recipe.

    >>> x = np.arange(400, dtype="float32").reshape(100, 2, 2, 1) % 251
    >>> photo = {"photo": Image(shape=(2, 2, 1))}
    >>> len(from_arrays(x, x[:, 0, 0, 0], inputs=photo, output=Output(task="regression")).train)
    72
    """
    if isinstance(arrays, np.ndarray):
        if len(inputs) != 1:
            raise DataError(
                f"One array was given for {len(inputs)} inputs; give a dict with {listed(inputs)}."
            )
        arrays = dict.fromkeys(inputs, arrays)
    _check_keys(arrays, list(inputs), "The dict of arrays")
    goal = np.asarray(targets)
    _check_rows({**arrays, "targets": goal}, "Arrays")
    encoded, labels = encode(goal, output, source="Arrays")
    examples = _examples(arrays, encoded, inputs, "Arrays")
    given = [""] * len(examples)
    contents = Contents(digest_rows(arrays))
    return assemble(examples, contents, given=given, labels=labels, split=split, source="Arrays")


def digest_rows(arrays: Mapping[str, np.ndarray]) -> list[bytes]:
    """Returns the SHA-256 of each example's values in all arrays together, whatever order the arrays have.

    >>> one, same, other = digest_rows({"x": np.array([[1, 2], [1, 2], [2, 1]])})
    >>> one == same, one == other
    (True, False)
    """
    ordered = [array for _, array in sorted(arrays.items())]
    digests = []
    for i in range(len(ordered[0])):
        seen = hashlib.sha256()
        for array in ordered:
            seen.update(row_bytes(array[i]))
        digests.append(seen.digest())
    return digests


def row_bytes(row: np.ndarray) -> bytes:
    """Returns what one example's values are told apart by; of texts, whatever room the array has for longer ones.

    >>> row_bytes(np.array(["ab"], dtype="<U2")) == row_bytes(np.array(["ab"], dtype="<U9"))
    True
    """
    if row.dtype.kind not in "UO":
        return np.ascontiguousarray(row).tobytes()
    encoded = [str(text).encode() for text in row.reshape(-1)]
    # With its length before it no text runs into the next.
    return b"".join(b"%d:%s" % (len(text), text) for text in encoded)


def check_array(array: np.ndarray, declared: Input, *, what: str) -> None:
    """Refuses an array that is not what the recipe's input declares.

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
        _check_texts(array, what)
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
    low, high = _bounds(array)
    if not fits([low, high]).all():
        raise DataError(_unfit(array, what))
    if isinstance(declared, Image):
        _check_range(low, high, array.size, declared, what)


def _check_texts(array: np.ndarray, what: str) -> None:
    """Refuses what is no text, and texts that say nothing or that UTF-8 has no bytes for."""
    wants = "expected texts, as numpy.array([...], dtype=str)"
    if array.dtype.kind not in "UO":
        raise DataError(f"{what} holds {array.dtype}; {wants}.")
    for place, text in np.ndenumerate(array):
        if not isinstance(text, str):
            raise DataError(f"{what} holds {text!r} in row {place[0]}, counted from 0; {wants}.")
        if not text.strip() or not _is_encodable(text):
            reason = "no valid text" if text.strip() else "an empty text"
            raise DataError(
                f"{what} has {reason} in row {place[0]}, counted from 0. Fill, correct or leave out the row."
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


def _bounds(array: np.ndarray) -> tuple[float, float]:
    """The least and the largest value; NaN if any value is NaN."""
    bounds = [(chunk.min(), chunk.max()) for _, chunk in _chunks(array)]
    return float(np.min([low for low, _ in bounds])), float(np.max([high for _, high in bounds]))


def _unfit(array: np.ndarray, what: str) -> str:
    """What to say of an array that has values which training would not see as they are."""
    count = sum(np.count_nonzero(~fits(chunk)) for _, chunk in _chunks(array))
    row, *place = next(
        (start + int(row), *map(int, place))
        for start, chunk in _chunks(array)
        for row, *place in np.argwhere(~fits(chunk))
    )
    return (
        f"{what} has values that are NaN, or {INFINITE}: {count} in all, the first, "
        f"{array[row, *place]:g}, in row {row}, counted from 0, at {tuple(place)}. "
        "Replace or leave out these rows."
    )


def _chunks(array: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Pieces of an array, each with the number of its first row."""
    rows = max(1, _CHUNK // max(1, array[:1].nbytes))
    return ((start, array[start : start + rows]) for start in range(0, len(array), rows))


def _examples(
    arrays: Mapping[str, np.ndarray], targets: np.ndarray, inputs: Mapping[str, Input], source: str
) -> Examples:
    for name, declared in inputs.items():
        check_array(arrays[name], declared, what=f"{source}: input {name!r}")
    names = tuple(f"row {i}" for i in range(len(targets)))
    return Examples({name: Array(arrays[name]) for name in inputs}, targets, names)


def _load(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise DataError(f"There is no file {path}.")
    try:
        with path.open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            if isinstance(stored, np.ndarray):
                raise DataError(f"{path} holds one array without a name; save arrays with numpy.savez.")
            return {key: stored[key] for key in stored.files}
    except DataError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as arrays: {error}") from error


def _check_keys(found: Mapping[str, object], wanted: Sequence[str], source: str) -> None:
    unknown, missing = (
        [key for key in found if key not in wanted],
        [key for key in wanted if key not in found],
    )
    lines = [f"{source} has {key!r}, which is not asked for.{near(key, missing)}" for key in unknown]
    if missing:
        lines.append(f"{source} lacks {listed(map(repr, missing))}.")
    if lines:
        raise DataError("\n".join([*lines, f"Expected exactly: {listed(wanted)}."]))


def _check_rows(arrays: Mapping[str, np.ndarray], source: str) -> None:
    flat = [name for name, array in arrays.items() if not array.ndim]
    if flat:
        raise DataError(f"{source}: {listed(flat)} has no rows; expected an array with one row per example.")
    if len({len(array) for array in arrays.values()}) > 1:
        counts = ", ".join(f"{name} {len(array)}" for name, array in arrays.items())
        raise DataError(f"{source}: every array needs one row per example, but they have {counts}.")
    if not all(len(array) for array in arrays.values()):
        raise DataError(f"{source}: {listed(arrays)} have no rows.")


def _joined(pieces: Sequence[np.ndarray], name: str, path: Path) -> np.ndarray:
    if len({piece.shape[1:] for piece in pieces}) > 1:
        shapes = ", ".join(str(piece.shape) for piece in pieces)
        raise DataError(f"{path.name}: the splits of {name!r} differ in shape: {shapes}.")
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
