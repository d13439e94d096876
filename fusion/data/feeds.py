"""What the rows of a table feed to a model's inputs: the files, numbers and texts they point to."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fusion.data.arrays import row_bytes
from fusion.data.dataset import Column, Columns, Dataset, Files
from fusion.data.examination import Progress, examine
from fusion.data.examples import Array, ImageFiles
from fusion.data.examples import Column as ExampleColumn
from fusion.data.gaps import absent
from fusion.data.table import CsvTable, files, numbers, texts, token_lists
from fusion.data.values import WAY_OUT
from fusion.errors import DataError, itemised
from fusion.recipe.inputs import Image, Input
from fusion.recipe.texts import Tokens, padding_of


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rows of a table feed to the model's inputs.

    Args:
        columns: By input.
        digests: Of each row, the digest of its content.
        images: The digest of each image's content by its file.
    """

    columns: dict[str, ExampleColumn]
    digests: tuple[bytes, ...]
    images: Mapping[Path, bytes]

    @property
    def only_images(self) -> bool:
        """Whether rows are told apart by images alone."""
        return all(isinstance(column, ImageFiles) for column in self.columns.values())


def read_rows(
    dataset: Dataset,
    table: CsvTable,
    *,
    root: Path,
    inputs: Mapping[str, Input],
    progress: Progress | None = None,
) -> Rows:
    """Returns the inputs of every row, after looking at every image once.

    Raises:
        DataError: If a cell cannot be used, a file is missing, or a file is no image.

    >>> from fusion.recipe.inputs import Table
    >>> table = CsvTable(Path("t.csv"), {"area": ("52.5", "80")})
    >>> dataset = Dataset(table="t.csv", inputs={"facts": Columns(columns=("area",))})
    >>> rows = read_rows(dataset, table, root=Path(), inputs={"facts": Table(columns=("area",))})
    >>> rows.columns["facts"].values.tolist()
    [[52.5], [80.0]]
    """
    columns: dict[str, ExampleColumn] = {}
    for name, declared in inputs.items():
        source, optional = dataset.inputs.get(name), declared.optional is not None
        if isinstance(source, Files) and isinstance(declared, Image):
            paths = files(table, source.files, root=root, optional=optional)
            columns[name] = ImageFiles(paths, declared.shape, declared.range)
        elif isinstance(source, Columns):
            columns[name] = Array(numbers(table, source.columns, optional=optional))
        elif isinstance(source, Column) and isinstance(declared, Tokens):
            columns[name] = Array(token_lists(table, source.column, declared), pad=declared.pad)
        elif isinstance(source, Column):
            said = texts(table, source.column, optional=optional)
            columns[name] = Array(np.array(said, dtype=np.str_)[:, None])
        elif source is None:
            columns[name] = Array(absent(declared, len(table)), pad=padding_of(declared))
    for name, column in columns.items():
        if isinstance(column, ImageFiles):
            there = _there(table, name, column.paths, optional=inputs[name].optional is not None)
            columns[name] = replace(column, paths=there)
    known = _examined(columns, progress)
    return Rows(columns, _digests(columns, len(table), known), known)


def _there(
    table: CsvTable, name: str, paths: Sequence[Path | None], *, optional: bool
) -> tuple[Path | None, ...]:
    """The files of an input that are there; where it is optional some need not be, but not none of those named."""
    there = tuple(path if path is not None and path.is_file() else None for path in paths)
    gone = [
        f"row {row}: {path}"
        for row, (path, found) in enumerate(zip(paths, there, strict=True), start=2)
        if path is not None and found is None
    ]
    if gone and (not optional or not any(there)):
        head = f"{table.path.name}: {len(gone)} of {len(paths)} images for input {name!r} are not there:"
        raise DataError(itemised(head, gone) + (f"\n{WAY_OUT}" if any(there) else ""))
    return there


def _examined(columns: Mapping[str, ExampleColumn], progress: Progress | None) -> dict[Path, bytes]:
    """The digest of each image by its file; files named by several rows are examined once."""
    images = [column for column in columns.values() if isinstance(column, ImageFiles)]
    named = (path for column in images for path in column.paths if path is not None)
    unique = list(dict.fromkeys(named))
    return dict(zip(unique, examine(unique, progress=progress), strict=True))


def _digests(
    columns: Mapping[str, ExampleColumn], count: int, known: Mapping[Path, bytes]
) -> tuple[bytes, ...]:
    """Of each row, the digest of all its images, numbers and texts."""
    rows = [hashlib.sha256() for _ in range(count)]
    for _, column in sorted(columns.items()):
        for i, row in enumerate(rows):
            row.update(_content(column, i, known))
    return tuple(row.digest() for row in rows)


def _content(column: ExampleColumn, i: int, known: Mapping[Path, bytes]) -> bytes:
    if isinstance(column, ImageFiles):
        path = column.paths[i]
        return b"missing" if path is None else known[path]
    return row_bytes(column.values[i])
