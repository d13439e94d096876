"""A table in a CSV file, and what its cells say: numbers, texts, names of files."""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fusion.data.precision import INFINITE, fits
from fusion.data.tokens import no_tokens, padded
from fusion.data.values import WAY_OUT
from fusion.errors import DataError, itemised, listed
from fusion.recipe.texts import Tokens

EMPTY = "it is empty"
"""What is wrong with a cell that holds nothing."""

_FIELD = re.compile(r"\{([^{}:]+)(?::0([1-9][0-9]?)d)?\}")


@dataclass(frozen=True, slots=True)
class CsvTable:
    """The texts in a table; rows count from 2 in errors, as in a spreadsheet, the names of columns being row 1.

    Args:
        path: Where it was read from.
        columns: The texts of each column, without surrounding blanks, by the name in the first row.
    """

    path: Path
    columns: dict[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def load_table(path: Path) -> CsvTable:
    """Returns the CSV file at `path`: UTF-8, cells parted by commas (RFC 4180), names of columns in the first row.

    Raises:
        DataError: If it cannot be read, has no rows, names a column twice, or a row has too few or too many cells.

    >>> load_table(Path("none.csv"))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: The table none.csv cannot be read: No such file or directory.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                [cell.strip() for cell in row] for row in csv.reader(file, strict=True, skipinitialspace=True)
            ]
    except OSError as error:
        raise DataError(f"The table {path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"The table {path} is not UTF-8 text with commas: {error}.") from error
    while rows and not rows[-1]:
        rows.pop()
    if len(rows) < 2:
        raise DataError(f"The table {path} has no rows; expected names of columns, then a row per example.")
    names = rows[0]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"The table {path} names {listed(map(repr, twice))} more than once in its first row.")
    ragged = [f"row {i} has {len(row)}" for i, row in enumerate(rows, start=1) if len(row) != len(names)]
    if ragged:
        raise DataError(f"The table {path} has {len(names)} columns, but {listed(ragged, 10)}.")
    return CsvTable(path, dict(zip(names, zip(*rows[1:], strict=True), strict=True)))


def texts(table: CsvTable, column: str, *, optional: bool | None = None) -> tuple[str, ...]:
    """Returns the texts of one column, none of them empty unless they are `optional`; `None` where none could be.

    >>> texts(CsvTable(Path("t.csv"), {"room": ("bath", "")}), "room")
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: t.csv: 1 cell cannot be used. Fill, correct or leave out the row:
      row 3, column 'room': it is empty

    Raises:
        DataError: Naming the first ten empty cells.
    """
    empty = [(row, column, EMPTY) for row, cell in _cells(table, column) if not cell]
    _refuse(table, [] if optional else empty, optional=optional)
    return table.columns[column]


def numbers(table: CsvTable, columns: Sequence[str], *, optional: bool | None = None) -> np.ndarray:
    """Returns the numbers of some columns, float32 of shape (rows, columns).

    Args:
        table: The table.
        columns: Names of the columns.
        optional: Whether a row may lack all of them, and becomes NaN; `None` where none could.

    >>> numbers(CsvTable(Path("t.csv"), {"area": ("52.5", "large")}), ["area"])
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: t.csv: 1 cell cannot be used. Fill, correct or leave out the row:
      row 3, column 'area': 'large' is not a number

    Raises:
        DataError: Naming the first ten cells that are empty, no numbers, or infinite as float32.
    """
    read = {column: [_number(cell) for cell in table.columns[column]] for column in columns}
    rows = zip(*(table.columns[column] for column in columns), strict=True)
    lacking = [bool(optional) and not any(cells) for cells in rows]
    broken = [
        (row, column, _reason(cell, number))
        for column in columns
        for (row, cell), number, fit, lacks in zip(
            _cells(table, column), read[column], fits(read[column]), lacking, strict=True
        )
        if not fit and not lacks
    ]
    _refuse(table, broken, optional=optional)
    return np.array([read[column] for column in columns], dtype=np.float32).T.copy()


def token_lists(table: CsvTable, column: str, declared: Tokens) -> np.ndarray:
    """Returns the tokens in the cells of one column, int32 of shape (rows, length), padded.

    >>> token_lists(CsvTable(Path("t.csv"), {"ids": ("101 7592", "7.5")}), "ids", Tokens(length=4))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: t.csv: 1 cell cannot be used. Fill, correct or leave out the row:
      row 3, column 'ids': expected a list of 1 to 4 tokens, whole numbers from 0, got '7.5'

    Raises:
        DataError: Naming the first ten cells that are empty, unless the input is optional, or no list of tokens.
    """
    optional = declared.optional is not None
    read = [padded(cell, declared) for cell in table.columns[column]]
    broken = [
        (row, column, f"expected {no_tokens(cell, declared)}" if cell else EMPTY)
        for (row, cell), found in zip(_cells(table, column), read, strict=True)
        if not found and (cell or not optional)
    ]
    _refuse(table, broken, optional=optional)
    return np.array([found or [declared.pad] * declared.length for found in read], dtype=np.int32)


def fields(template: str) -> tuple[str, ...]:
    """Returns the columns a template for names of files refers to, as `{column}` or `{column:03d}`.

    >>> fields("{city}/{house_id:03d}.jpg")
    ('city', 'house_id')
    """
    return tuple(match[1] for match in _FIELD.finditer(template))


def check_template(template: str) -> None:
    """Refuses a template that has no field, or more between braces than the name of a column and zeros.

    >>> check_template("{house_id!r}.jpg")
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: '{house_id!r}.jpg' is not a template: between braces stands the name of a column, or with
    zeros before a whole number {column:03d}.

    Raises:
        DataError: Saying what a template is.
    """
    names = fields(template)
    if not names or set("{}") & set(_FIELD.sub("", template)) or any("!" in name for name in names):
        raise DataError(
            f"{template!r} is not a template: between braces stands the name of a column, "
            "or with zeros before a whole number {column:03d}."
        )


def files(
    table: CsvTable, template: str, *, root: Path, optional: bool | None = None
) -> tuple[Path | None, ...]:
    """Returns the file that each row's cells make of `template`, relative to the folder `root`.

    Where they are `optional`, a row with an empty cell has none; `None` where none could be.

    >>> found = files(CsvTable(Path("t.csv"), {"id": ("7", "12")}), "{id:03d}.jpg", root=Path("front"))
    >>> [path.as_posix() for path in found]
    ['front/007.jpg', 'front/012.jpg']

    Raises:
        DataError: Naming the first ten cells that are empty, or not whole numbers where zeros are asked for.
    """
    wholes = {match[1] for match in _FIELD.finditer(template) if match[2]}
    broken = [
        (row, column, f"{cell!r} is not a whole number" if cell else EMPTY)
        for column in fields(template)
        for row, cell in _cells(table, column)
        if (not cell and not optional) or (cell and column in wholes and not re.fullmatch("[0-9]+", cell))
    ]
    _refuse(table, broken, optional=optional)
    told = [all(table.columns[column][i] for column in fields(template)) for i in range(len(table))]
    return tuple(root / _filled(table, template, i) if told[i] else None for i in range(len(table)))


def _filled(table: CsvTable, template: str, i: int) -> str:
    return _FIELD.sub(lambda match: table.columns[match[1]][i].zfill(int(match[2] or 0)), template)


def _cells(table: CsvTable, column: str) -> enumerate[str]:
    return enumerate(table.columns[column], start=2)


def _number(cell: str) -> float:
    try:
        return math.nan if "_" in cell else float(cell)
    except ValueError:
        return math.nan


def _reason(cell: str, number: float) -> str:
    if math.isnan(number):
        return f"{cell!r} is not a number" if cell else EMPTY
    return f"{cell!r} is {INFINITE}"


def _refuse(table: CsvTable, broken: Sequence[tuple[int, str, str]], *, optional: bool | None) -> None:
    if not broken:
        return
    count = "1 cell" if len(broken) == 1 else f"{len(broken)} cells"
    lines = [f"row {row}, column {column!r}: {reason}" for row, column, reason in sorted(broken)]
    empty = any(reason == EMPTY for *_, reason in broken)
    way = {
        True: "\nA row that lacks the input has none of its cells filled.",
        False: f"\n{WAY_OUT}",
        None: "",
    }
    head = f"{table.path.name}: {count} cannot be used. Fill, correct or leave out the row:"
    raise DataError(itemised(head, lines) + (way[optional] if empty else ""))
