"""Examples as plain values: one column per input of the model, and targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fusion.errors import DataError

Shape = tuple[int, int, int]
"""Height, width and channels of one image."""


def check_channels(shape: Shape) -> None:
    """Refuses shapes that no image file can be brought to.

    >>> check_channels((8, 8, 4))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: Image files give 1 channel (grey) or 3 (colour), but the input has shape (8, 8, 4). Declare
    one of these, or feed arrays (.npz).

    Raises:
        DataError: If there are other than 1 or 3 channels.
    """
    if shape[2] not in (1, 3):
        raise DataError(
            f"Image files give 1 channel (grey) or 3 (colour), but the input has shape {shape}. "
            "Declare one of these, or feed arrays (.npz)."
        )


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """One input's images, left in their files until a batch needs them.

    Args:
        paths: One file per example; `None` where it lacks the image.
        shape: Height, width and channels every image is brought to; 1 channel is grey, 3 are red, green and blue.
        range: What black and white become, such as `(0, 255)`.

    Raises:
        DataError: If images are wanted with other than 1 or 3 channels.
    """

    paths: tuple[Path | None, ...]
    shape: Shape
    range: tuple[float, float]

    def __post_init__(self) -> None:
        check_channels(self.shape)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def sample_shape(self) -> Shape:
        """Shape of one example, without the batch axis."""
        return self.shape


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """One input's numbers or texts in memory or in a memory-mapped file, which stay there until a batch needs its rows.

    Args:
        values: One row per example, or more rows than are used.
        rows: Which rows of `values` are the examples, in order; `None` is all of them.
        pad: Of numbers of tokens, which stay whole, the one that is none; `None` for all that is no token.

    >>> Array(np.eye(3)).sample_shape, len(Array(np.eye(3), rows=np.array([2])))
    ((3,), 1)
    """

    values: np.ndarray
    rows: np.ndarray | None = None
    pad: int | None = None

    def __len__(self) -> int:
        return len(self.values if self.rows is None else self.rows)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one example, without the batch axis."""
        return self.values.shape[1:]

    @property
    def is_text(self) -> bool:
        """Whether it holds texts, and no numbers."""
        return self.values.dtype.kind in "UO"

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Returns the examples at `indices`: numbers as float32, of tokens as int32, texts as Python's own."""
        rows = indices if self.rows is None else self.rows[indices]
        if self.pad is not None:
            return np.asarray(self.values[rows], dtype=np.int32)
        # NumPy's own texts TensorFlow takes only as far as they are ASCII.
        return np.asarray(self.values[rows], dtype=object if self.is_text else np.float32)


Column = ImageFiles | Array


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Inputs, targets and names of a number of examples, all in one order.

    Args:
        columns: One column per input name.
        targets: One row per example: class numbers as int64 of shape (n,), anything else as float32 of shape
            (n, units). `None` where only predictions are wanted.
        names: What each example is called in tables and errors, such as `"cats/cat.7.jpg"`.
        views: How many times all examples stand one after the other, changed each time; an epoch reads one.

    Raises:
        DataError: If columns, targets and names differ in length.

    >>> len(Examples({"x": Array(np.zeros((2, 3)))}, None, ("a", "b")))
    2
    """

    columns: Mapping[str, Column]
    targets: np.ndarray | None
    names: tuple[str, ...]
    views: int = 1

    def __post_init__(self) -> None:
        lengths = {f"input {name!r}": len(column) for name, column in self.columns.items()}
        if self.targets is not None:
            lengths["targets"] = len(self.targets)
        lengths["names"] = len(self.names)
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{what} has {count}" for what, count in lengths.items())
            raise DataError(f"Examples need as many rows in every column: {counts}.")

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """What a recipe is trained on, chosen by and reported on, as one to three splits.

    `fusion.data.splits.assemble`, through which all data that are read come, sees to it that no two splits share
    content. Data put together otherwise are not compared.

    Args:
        train: What weights are fitted to; empty where there is none and a model is only judged.
        validation: What epochs and variants are chosen by; `None` if nothing was kept for it.
        test: What is reported, never used to choose; `None` if nothing was kept for it.
        labels: Names of the classes in the order of their numbers; `None` where targets are not classes.
        source: Where the examples come from and how they were split, as one sentence.
        digests: By split, the digest of each example's content, in order; empty where nobody looked.
    """

    train: Examples
    validation: Examples | None
    test: Examples | None
    labels: tuple[str, ...] | None
    source: str
    digests: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)


def splits(data: Data) -> dict[str, Examples]:
    """Returns the splits that are there, by name, in the order train, validation, test.

    >>> one = Examples({"x": Array(np.zeros((2, 3)))}, None, ("a", "b"))
    >>> list(splits(Data(one, None, one, None, "Made up.")))
    ['train', 'test']
    """
    every = {"train": data.train, "validation": data.validation, "test": data.test}
    return {name: part for name, part in every.items() if part is not None and len(part)}


def with_targets(data: Data, targets: Mapping[str, np.ndarray], labels: tuple[str, ...] | None) -> Data:
    """Returns `data` with other targets, one array for each of its splits, and other labels.

    >>> one = Examples({"x": Array(np.zeros((2, 3)))}, np.array([0, 1]), ("a", "b"))
    >>> data = Data(one, None, None, ("cat", "dog"), "Made up.")
    >>> with_targets(data, {"train": np.array([1, 0])}, ("dog", "cat")).train.targets
    array([1, 0])
    """
    parts = {name: replace(part, targets=targets[name]) for name, part in splits(data).items()}
    return replace(
        data,
        train=parts.get("train", data.train),
        validation=parts.get("validation"),
        test=parts.get("test"),
        labels=labels,
    )


def take(examples: Examples, indices: Sequence[int] | np.ndarray) -> Examples:
    """Returns the examples at `indices`, in that order.

    >>> three = Examples({"x": Array(np.arange(3))}, None, ("a", "b", "c"))
    >>> take(three, [2, 0]).names
    ('c', 'a')
    """
    chosen = np.asarray(indices, dtype=np.int64)
    columns = {name: _take_column(column, chosen) for name, column in examples.columns.items()}
    targets = None if examples.targets is None else examples.targets[chosen]
    return Examples(columns, targets, tuple(examples.names[i] for i in chosen))


def _take_column(column: Column, indices: np.ndarray) -> Column:
    if isinstance(column, ImageFiles):
        return replace(column, paths=tuple(column.paths[i] for i in indices))
    return replace(column, rows=indices if column.rows is None else column.rows[indices])


def join(parts: Sequence[Examples]) -> Examples:
    """Returns the examples of several parts as one, in that order; arrays are copied only where parts do not share one.

    Raises:
        DataError: If there is no part, or parts differ in their inputs, in shapes or in the form of their targets.

    >>> three = Examples({"x": Array(np.eye(3))}, None, ("a", "b", "c"))
    >>> join([take(three, [2]), take(three, [0, 1])]).names
    ('c', 'a', 'b')
    """
    if not parts:
        raise DataError("There are no examples to join; expected at least one part.")
    forms = [_form(part) for part in parts]
    for number, form in enumerate(forms, start=1):
        if form != forms[0]:
            raise DataError(
                "Only examples of one form can be joined, but part 1 and part "
                f"{number} differ:\n  {forms[0]}\n  {form}"
            )
    columns = {name: _join_column([part.columns[name] for part in parts]) for name in parts[0].columns}
    targets = [part.targets for part in parts if part.targets is not None]
    names = tuple(name for part in parts for name in part.names)
    return Examples(columns, np.concatenate(targets) if targets else None, names)


def _form(examples: Examples) -> str:
    """What examples must have in common to be joined, in words."""
    columns = sorted(examples.columns.items())
    inputs = [f"input {name!r} {_column_form(column)}" for name, column in columns]
    targets = examples.targets
    goal = "no targets" if targets is None else f"targets {targets.dtype} of shape {targets.shape[1:]}"
    return ", ".join([*inputs, goal])


def _column_form(column: Column) -> str:
    if isinstance(column, ImageFiles):
        return f"from files, of shape {column.shape} and range {tuple(map(float, column.range))}"
    what = " of texts" if column.is_text else " of tokens" if column.pad is not None else ""
    return f"from an array{what}, of shape {column.sample_shape}"


def _join_column(columns: Sequence[Column]) -> Column:
    files = [column for column in columns if isinstance(column, ImageFiles)]
    if files:
        return replace(files[0], paths=tuple(path for column in files for path in column.paths))
    arrays = [column for column in columns if isinstance(column, Array)]
    if all(array.values is arrays[0].values for array in arrays):
        return replace(arrays[0], rows=np.concatenate([_rows(array) for array in arrays]))
    values = np.concatenate([array.values[_rows(array)] for array in arrays])
    return replace(arrays[0], values=values, rows=None)


def _rows(array: Array) -> np.ndarray:
    return np.arange(len(array)) if array.rows is None else array.rows
