"""Targets as the head's loss wants them: class numbers, zeros and ones, or numbers."""

import re
from collections.abc import Sequence

import numpy as np

from fusion.data.examples import Data, splits, with_targets
from fusion.data.precision import INFINITE, fits
from fusion.errors import DataError, listed, near
from fusion.recipe.head import Output

Encoded = tuple[np.ndarray, tuple[str, ...] | None]
"""Targets, and the names of the classes where there are classes."""


def encode(values: np.ndarray, output: Output, *, source: str) -> Encoded:
    """Returns targets for the head from one row per example of what the data say, and the names of the classes.

    - `classification`: texts, or class numbers from 0, of shape (n,) become class numbers, int64 of shape (n,), for
      Keras's sparse categorical cross-entropy.
    - `binary`: two texts, or 0 and 1, become float32 of shape (n, 1); 1 is the second class.
    - `multilabel`: zeros and ones of shape (n, classes) become float32.
    - `regression`: numbers of shape (n,) or (n, units) become float32 of shape (n, units).

    Args:
        values: What the data say.
        output: What the head predicts.
        source: What errors call the data.

    Raises:
        DataError: If the values are not of the head's task, number of classes or names.

    >>> encode(np.array(["dog", "cat"]), Output(task="classification", classes=2), source="pets")
    (array([1, 0]), ('cat', 'dog'))
    """
    if values.dtype.kind == "U":
        labels = _match(_ordered(values), output, source=source)
        order = {label: number for number, label in enumerate(labels)}
        numbers = np.array([order[str(text)] for text in values], dtype=np.int64)
        return (numbers if output.task == "classification" else _column(numbers)), labels
    if values.dtype.kind not in "biuf":
        raise DataError(f"{source}: targets are numbers or texts, got {values.dtype}.")
    unfit = ~fits(values)
    if unfit.any():
        row = int(np.argwhere(unfit)[0, 0])
        raise DataError(
            f"{source}: targets are NaN, or {INFINITE}: {np.count_nonzero(unfit)} in all, "
            f"the first in row {row}, counted from 0."
        )
    match output.task:
        case "classification":
            return _numbers(values, output, source), output.labels or tuple(map(str, range(output.width)))
        case "regression":
            return _floats(values, output.width, source), None
        case "binary" | "multilabel":
            return _zeros_and_ones(values, output, source), output.labels or _unnamed(output)


def match_head(data: Data, output: Output, *, source: str) -> Data:
    """Returns data with class numbers as targets as the head wants it: its order of classes, its form of targets.

    Raises:
        DataError: If the head is for another number of classes, other names, or something that is not one class.

    >>> from fusion.data.examples import Array, Examples
    >>> part = Examples({"x": Array(np.eye(2))}, np.array([0, 1]), ("a", "b"))
    >>> data = Data(part, None, None, ("cats", "dogs"), "Folder cats_dogs.")
    >>> match_head(
    ...     data, Output(task="classification", classes=("dogs", "cats")), source="cats_dogs"
    ... ).train.targets
    array([1, 0])
    >>> match_head(data, Output(task="classification", classes=5), source="cats_dogs")
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: cats_dogs has 2 classes (cats, dogs), but the head has 5. Write "classes": 2 at
    /head/output/classes, or use other data.
    """
    if data.labels is None:
        raise DataError(f"{source} has no classes, so they cannot be matched with the head's.")
    labels = _match(data.labels, output, source=source)
    moved = np.array([labels.index(label) for label in data.labels], dtype=np.int64)
    targets = {name: moved[part.targets] for name, part in splits(data).items() if part.targets is not None}
    if output.task == "binary":
        targets = {name: _column(numbers) for name, numbers in targets.items()}
    return with_targets(data, targets, labels)


def _ordered(texts: np.ndarray) -> list[str]:
    """The different texts in alphabetical order, or in that of numbers where all are whole numbers."""
    found = sorted({str(text) for text in texts})
    return sorted(found, key=int) if all(re.fullmatch(r"-?[0-9]+", text) for text in found) else found


def _match(found: Sequence[str], output: Output, *, source: str) -> tuple[str, ...]:
    """The names of the classes in the head's order, where the data have the names `found`."""
    what = f"{source} has {len(found)} classes ({listed(found)})"
    if output.task not in ("classification", "binary"):
        raise DataError(
            f"{what}, but the head's task is {output.task}. "
            'Write "task": "classification" at /head/output/task, or use other data.'
        )
    wanted = 2 if output.task == "binary" else output.width
    if len(found) != wanted and not (output.labels and set(found) < set(output.labels)):
        advice = f'Write "classes": {len(found)} at /head/output/classes, or use other data.'
        if output.task == "binary":
            advice = 'Write "task": "classification" at /head/output/task, or use other data.'
        raise DataError(f"{what}, but the head has {wanted}. {advice}")
    if output.labels is None:
        return tuple(found)
    unknown = [name for name in found if name not in output.labels]
    absent = [name for name in output.labels if name not in found]
    if unknown or absent:
        lines = [
            f"{source} has the class {name!r}, the head has not.{near(name, absent)}" for name in unknown
        ]
        lines += [f"The head has the class {name!r}, {source} has not." for name in absent]
        lines += [f"The head's classes: {listed(output.labels)} (/head/output/classes)."]
        raise DataError("\n".join(lines))
    return output.labels


def _numbers(values: np.ndarray, output: Output, source: str) -> np.ndarray:
    flat = values.reshape(-1) if values.shape == (len(values), 1) else values
    if flat.ndim != 1 or flat.dtype.kind == "f":
        hint = " One-hot rows become class numbers by .argmax(axis=1)." if values.ndim == 2 else ""
        raise DataError(
            f"{source}: a classification wants class numbers, integers of shape (n,); "
            f"got {values.dtype} of shape {values.shape}.{hint}"
        )
    low, high = int(flat.min()), int(flat.max())
    if low < 0 or high >= output.width:
        raise DataError(
            f"{source} has class numbers from {low} to {high}, but the head has {output.width} classes, "
            f"numbered 0 to {output.width - 1} (/head/output/classes)."
        )
    return flat.astype(np.int64)


def _zeros_and_ones(values: np.ndarray, output: Output, source: str) -> np.ndarray:
    floats = _floats(values, output.width, source)
    other = floats[(floats != 0) & (floats != 1)]
    if other.size:
        raise DataError(f"{source}: targets of a {output.task} are 0 or 1, got {other[0]:g}.")
    return floats


def _floats(values: np.ndarray, width: int, source: str) -> np.ndarray:
    rows = values[:, np.newaxis] if values.ndim == 1 else values
    if rows.shape[1:] != (width,):
        raise DataError(
            f"{source} has targets of shape {values.shape}, but the head predicts {width} "
            f"{'numbers' if width > 1 else 'number'} for each example."
        )
    return rows.astype(np.float32)


def _column(numbers: np.ndarray) -> np.ndarray:
    return numbers[:, np.newaxis].astype(np.float32)


def _unnamed(output: Output) -> tuple[str, ...]:
    return ("0", "1") if output.task == "binary" else tuple(map(str, range(output.width)))
