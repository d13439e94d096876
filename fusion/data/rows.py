"""The rows of a table, with the files, numbers and texts they point to, as data."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from fusion.data.agreement import disagreements
from fusion.data.contents import Contents, check_images_apart, remarked, tie
from fusion.data.dataset import (
    Column,
    Columns,
    Dataset,
    Folder,
    Shares,
    SplitColumn,
    drawn_split,
    load_dataset,
)
from fusion.data.examination import Progress
from fusion.data.examples import Data, Examples, ImageFiles
from fusion.data.feeds import Rows, read_rows
from fusion.data.folders import read_folder
from fusion.data.gaps import check_something, counted_gaps, whole
from fusion.data.splits import SPLIT_OF, Judged, Split, assemble
from fusion.data.table import CsvTable, load_table, numbers, texts
from fusion.data.targets import Encoded, encode, match_head
from fusion.errors import DataError, Problem, RecipeError, itemised, near
from fusion.recipe.head import Output
from fusion.recipe.inputs import Category, Image, Input, Table


def read_dataset(
    path: Path,
    *,
    inputs: Mapping[str, Input],
    output: Output,
    seed: int = 0,
    progress: Progress | None = None,
    judged: Judged | None = None,
) -> Data:
    """Returns what the dataset file at `path` describes, every image it names examined.

    Rows are split as its `split` says: a column holding train, validation (or val) and test; or by the content of all
    of a row's inputs together, where rows that have an image or the text of a group in common stay together.

    Args:
        path: The JSON file.
        inputs: The recipe's inputs.
        output: The recipe's output.
        seed: Seed of the split, where the file has none.
        progress: Called with how many of how many files have been examined.
        judged: What alone will be looked at, as nothing is trained; then other splits may be missing or lack classes.

    Raises:
        RecipeError: If the file is wrong or does not fit its table or the recipe; it lists every problem.
        DataError: If a cell or an image cannot be used.

    >>> read_dataset(Path("none.json"), inputs={}, output=Output(task="binary"))
    Traceback (most recent call last):
    ...
    fusion.errors.RecipeError: none.json: 1 problem
      (whole file)   The file cannot be read: No such file or directory.
    """
    dataset, problems, data = load_dataset(path)
    table, unread = _table(dataset, path.parent)
    trained = judged is None
    problems += unread + disagreements(dataset, data, table, inputs=inputs, output=output, trained=trained)
    if problems:
        raise RecipeError.of(path.name, problems)
    split = drawn_split(dataset, seed, judged)
    if table is None:
        return _classes(dataset, path.parent, inputs, output, split=split, progress=progress)
    targets, labels = _targets(dataset, table, output)
    given = _given(dataset, table)
    rows = read_rows(dataset, table, root=path.parent, inputs=inputs, progress=progress)
    names = _row_names(table)
    examples = Examples(rows.columns, targets, names)
    if all(declared.optional for declared in inputs.values()):
        check_something(rows.columns, names)
    source = f"Table {table.path.name}"
    tells = not all(isinstance(declared, Table | Category) for declared in inputs.values())
    contents = Contents(rows.digests, _ties(dataset, table, rows), tells)
    if isinstance(dataset.split, SplitColumn):
        _check_images(dataset, rows, names, given)
    found = assemble(examples, contents, given=given, labels=labels, split=split, source=source)
    if isinstance(dataset.target, Column) and labels and rows.only_images:
        found = remarked(found, names, table.columns[dataset.target.column], rows.digests)
    return counted_gaps(found, inputs)


def read_unlabelled(path: Path, *, inputs: Mapping[str, Input], progress: Progress | None = None) -> Examples:
    """Returns every row of the table of the dataset file at `path`, to predict; its target and split are not looked at.

    Raises:
        RecipeError: If the file is wrong or does not fit its table or the recipe; it lists every problem.
        DataError: If a cell or an image cannot be used, or there is no table.

    >>> read_unlabelled(Path("none.json"), inputs={})
    Traceback (most recent call last):
    ...
    fusion.errors.RecipeError: none.json: 1 problem
      (whole file)   The file cannot be read: No such file or directory.
    """
    dataset, problems, data = load_dataset(path)
    table, unread = _table(dataset, path.parent)
    problems += unread + disagreements(dataset, data, table, inputs=inputs, output=None)
    if problems:
        raise RecipeError.of(path.name, problems)
    if table is None:
        raise DataError(f"{path.name} has no table; to predict a folder of images, give the folder itself.")
    rows = read_rows(dataset, table, root=path.parent, inputs=inputs, progress=progress)
    return Examples(rows.columns, None, _row_names(table))


def _row_names(table: CsvTable) -> tuple[str, ...]:
    return tuple(f"{table.path.name} row {i}" for i in range(2, len(table) + 2))


def _table(dataset: Dataset, root: Path) -> tuple[CsvTable | None, list[Problem]]:
    if dataset.table is None:
        return None, []
    try:
        return load_table(root / dataset.table), []
    except DataError as error:
        return None, [Problem("/table", str(error))]


def _classes(
    dataset: Dataset,
    root: Path,
    inputs: Mapping[str, Input],
    output: Output,
    *,
    split: Split,
    progress: Progress | None,
) -> Data:
    ((name, source),) = dataset.inputs.items()
    image, folder = (
        cast(Image, inputs[name]),
        root / cast(Folder, source).folder,
    )  # as disagreements() has seen to
    data = read_folder(folder, input_name=name, image=image, split=split, progress=progress)
    return match_head(whole(data, inputs), output, source=folder.name)


def _targets(dataset: Dataset, table: CsvTable, output: Output) -> Encoded:
    source = table.path.name
    if isinstance(dataset.target, Columns):
        return encode(numbers(table, dataset.target.columns), output, source=source)
    column = cast(Column, dataset.target).column  # as disagreements() has seen to
    if output.task == "regression":
        return encode(numbers(table, [column]), output, source=source)
    return encode(
        np.array(texts(table, column), dtype=np.str_), output, source=f"{source}, column {column!r},"
    )


def _given(dataset: Dataset, table: CsvTable) -> list[str]:
    if not isinstance(dataset.split, SplitColumn):
        return [""] * len(table)
    column = dataset.split.column
    said = texts(table, column)
    wrong = [
        f"row {row}: {text!r}{near(text, SPLIT_OF)}"
        for row, text in enumerate(said, start=2)
        if text.casefold() not in SPLIT_OF
    ]
    if wrong:
        head = f"{table.path.name}: column {column!r} splits the rows, but says neither train, validation nor test in"
        raise DataError(itemised(f"{head}:", wrong))
    return [SPLIT_OF[text.casefold()] for text in said]


def _ties(dataset: Dataset, table: CsvTable, rows: Rows) -> tuple[bytes, ...]:
    """Of each row, what it is drawn by: one and the same for rows that have to be in one split."""
    group = dataset.split.group if isinstance(dataset.split, Shares) else None
    grouped = [text.encode() for text in texts(table, group)] if group else []
    keys = [hashlib.sha256(text).digest() for text in grouped] or list(rows.digests)
    return tie(keys, [{digest for _, _, digest in _apart(dataset, rows, i)} for i in range(len(table))])


def _check_images(dataset: Dataset, rows: Rows, names: Sequence[str], given: Sequence[str]) -> None:
    """Refuses images that stand in rows of several splits."""
    found = [
        (f"{names[i]} {name} {path.name}", given[i], digest)
        for i in range(len(names))
        for name, path, digest in _apart(dataset, rows, i)
    ]
    if found:
        check_images_apart(*zip(*found, strict=True))


def _apart(dataset: Dataset, rows: Rows, i: int) -> Iterator[tuple[str, Path, bytes]]:
    """The input, the file and the digest of each image of a row that may be in one split only."""
    for name, column in rows.columns.items():
        if isinstance(column, ImageFiles) and name not in dataset.split.shared:
            path = column.paths[i]
            if path is not None:
                yield name, path, rows.images[path]
