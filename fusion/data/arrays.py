"""Arrays, in memory or in an .npz file, as data; shapes and values are checked against the recipe's inputs."""

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fusion.data.contents import Contents
from fusion.data.examples import Array, Data, Examples
from fusion.data.gaps import check_something, counted_gaps, with_absent
from fusion.data.splits import USUAL, Split, assemble
from fusion.data.targets import encode
from fusion.data.values import check_array
from fusion.errors import DataError, listed, near
from fusion.recipe.head import Output
from fusion.recipe.inputs import Input
from fusion.recipe.texts import padding_of

_PARTS = ("train", "validation", "test")


def read_arrays(path: Path, *, inputs: Mapping[str, Input], output: Output, split: Split = USUAL) -> Data:
    """Returns the arrays in the .npz file at `path` as data.

    Its keys are the names of the inputs and `targets`: then it is split by content. Or each of these with `train_`,
    `validation_` and `test_` before it, as in `numpy.savez(path, train_photo=..., train_targets=..., test_photo=...)`:
    then it is split as given, by the same rules as a folder. Pickled objects are refused.

    Raises:
        DataError: If keys are missing or too many, or an array does not fit the recipe.

    >>> from fusion.recipe.inputs import Image
    >>> read_arrays(Path("none.npz"), inputs={"x": Image(shape=(8, 8, 1))}, output=Output(task="binary"))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: There is no file none.npz.
    """
    stored = _load(path)
    every = [*inputs, "targets"]
    parts = [part for part in _PARTS if any(f"{part}_{key}" in stored for key in every)]
    prefixes = [f"{part}_" for part in parts] or [""]
    left = [key for key in _optional(inputs) if not any(prefix + key in stored for prefix in prefixes)]
    wanted = [key for key in every if key not in left]
    _check_keys(stored, [prefix + key for prefix in prefixes for key in wanted], left, path.name)
    for prefix in prefixes:
        _check_rows({prefix + key: stored[prefix + key] for key in wanted}, path.name)
    sizes = [len(stored[f"{prefix}targets"]) for prefix in prefixes]
    given = [part for part, size in zip(parts or [""], sizes, strict=True) for _ in range(size)]
    whole = {key: _joined([stored.pop(prefix + key) for prefix in prefixes], key, path) for key in wanted}
    targets, labels = encode(whole.pop("targets"), output, source=path.name)
    examples = _examples(whole, targets, inputs, path.name)
    data = assemble(
        examples,
        Contents(digest_rows(whole)),
        given=given,
        labels=labels,
        split=split,
        source=f"Arrays {path.name}",
    )
    return counted_gaps(data, inputs)


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
        arrays: One array per input, by its name, one row per example; or just the array where there is one input. A
            row of NaN or an empty text lacks an input that is optional; all rows do where there is no array.
        targets: As `fusion.data.targets.encode` wants them.
        inputs: The recipe's inputs.
        output: The recipe's output.
        split: Shares and seed.

    Raises:
        DataError: If an array or the targets do not fit the recipe.

    >>> x = np.arange(400, dtype="float32").reshape(100, 2, 2, 1) % 251
    >>> from fusion.recipe.inputs import Image
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
    left = [name for name in _optional(inputs) if name not in arrays]
    _check_keys(arrays, [name for name in inputs if name not in left], left, "The dict of arrays")
    goal = np.asarray(targets)
    _check_rows({**arrays, "targets": goal}, "Arrays")
    encoded, labels = encode(goal, output, source="Arrays")
    examples = _examples(arrays, encoded, inputs, "Arrays")
    given = [""] * len(examples)
    contents = Contents(digest_rows(arrays))
    data = assemble(examples, contents, given=given, labels=labels, split=split, source="Arrays")
    return counted_gaps(data, inputs)


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


def _examples(
    arrays: Mapping[str, np.ndarray], targets: np.ndarray, inputs: Mapping[str, Input], source: str
) -> Examples:
    for name, array in arrays.items():
        check_array(array, inputs[name], what=f"{source}: input {name!r}")
    names = tuple(f"row {i}" for i in range(len(targets)))
    given = {name: Array(arrays[name], pad=padding_of(inputs[name])) for name in inputs if name in arrays}
    examples = with_absent(Examples(given, targets, names), inputs)
    if all(declared.optional for declared in inputs.values()):
        check_something(examples.columns, names)
    return examples


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


def _optional(inputs: Mapping[str, Input]) -> list[str]:
    return [name for name, declared in inputs.items() if declared.optional]


def _check_keys(found: Mapping[str, object], wanted: Sequence[str], left: Sequence[str], source: str) -> None:
    """Refuses keys that are not wanted, and the lack of those that are; optional ones may be left out."""
    unknown, missing = (
        [key for key in found if key not in wanted],
        [key for key in wanted if key not in found],
    )
    lines = [
        f"{source} has {key!r}, which is not asked for.{near(key, [*missing, *left])}" for key in unknown
    ]
    if missing:
        lines.append(f"{source} lacks {listed(map(repr, missing))}.")
    if lines:
        more = f", and if you have them: {listed(left)}" if left else ""
        raise DataError("\n".join([*lines, f"Expected exactly: {listed(wanted)}{more}."]))


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
