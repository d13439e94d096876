"""Examples to predict, as one says them: by name, a file for an image, a number or a text for a column."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fusion.data.examination import Progress, examine
from fusion.data.examples import Array, Column, Examples, ImageFiles
from fusion.data.gaps import check_something
from fusion.data.precision import INFINITE, fits
from fusion.data.tokens import no_tokens, padded
from fusion.errors import DataError, itemised, listed, near, shown
from fusion.recipe.inputs import Image, Input, Table
from fusion.recipe.texts import Tokens
from fusion.wording import counted

Row = Mapping[str, object]
"""Of one example, a file for each image, a number for each column of a table, numbers of tokens, or a text."""


def read_values(
    rows: Row | Sequence[Row], *, inputs: Mapping[str, Input], progress: Progress | None = None
) -> Examples:
    """Returns examples without targets, to predict, from what is said of each.

    Args:
        rows: One example, or several. Images and texts go by the name of their input, numbers by that of their column;
                a text may go by the name of its column too. Tokens are a list of numbers, or a text of such with blanks
                between, and are padded. What is optional may be left out, and of texts be empty.
        inputs: The recipe's inputs.
        progress: Called with how many of how many image files have been examined.

    >>> facts = {"facts": Table(columns=("bedrooms", "area"))}
    >>> examples = read_values({"area": 120, "bedrooms": 3}, inputs=facts)
    >>> examples.columns["facts"].read(np.array([0])).tolist()
    [[3.0, 120.0]]
    >>> read_values({"aera": 120, "bedrooms": 3}, inputs=facts)
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: 2 values of 1 example do not fit:
      example 1: nothing reads 'aera'. Did you mean 'area'? Known: bedrooms, area.
      example 1: there is no 'area'

    Raises:
        DataError: Naming what is missing, unknown, no number or no text, or the files that are no images.
    """
    several = [rows] if isinstance(rows, Mapping) else list(rows)
    if not several:
        raise DataError("There are no examples; expected at least one.")
    wrong = [text for number, row in enumerate(several, start=1) for text in _wrong(row, number, inputs)]
    if wrong:
        verb = "does not fit" if len(wrong) == 1 else "do not fit"
        head = f"{counted(len(wrong), 'value')} of {counted(len(several), 'example')} {verb}:"
        raise DataError(itemised(head, wrong))
    columns = {name: _column(name, declared, several) for name, declared in inputs.items()}
    names = tuple(_name(row, number, inputs) for number, row in enumerate(several, start=1))
    check_something(columns, names)
    files = [path for each in columns.values() if isinstance(each, ImageFiles) for path in each.paths if path]
    examine(list(dict.fromkeys(files)), progress=progress)
    return Examples(columns, None, names)


def parse_values(words: Sequence[str]) -> dict[str, str]:
    """Returns the values in words such as `area=120`, by name.

    >>> parse_values(["frontal=a.jpg", "area=120"])
    {'frontal': 'a.jpg', 'area': '120'}

    Raises:
        DataError: If a word is none, or a name stands twice.
    """
    loose = [word for word in words if "=" not in word]
    if loose:
        raise DataError(f"{listed(map(repr, loose))}: expected NAME=VALUE, such as area=120 or photo=a.jpg.")
    pairs = [(name, value) for name, _, value in (word.partition("=") for word in words)]
    twice = sorted({name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1})
    if twice:
        raise DataError(
            f"{listed(map(repr, twice))} is given more than once; one example has one value of each."
        )
    return dict(pairs)


def keys(inputs: Mapping[str, Input]) -> dict[str, Input]:
    """Returns every name a value can go by, with the input it is for.

    >>> list(keys({"facts": Table(columns=("area",)), "photo": Image(shape=(8, 8, 3))}))
    ['area', 'photo']
    """
    columns = {
        column: declared
        for declared in inputs.values()
        if not isinstance(declared, Image | Tokens)
        for column in declared.columns
    }
    return {**columns, **{name: each for name, each in inputs.items() if not isinstance(each, Table)}}


def written(inputs: Mapping[str, Input]) -> str:
    """Returns how one value of a model's inputs is said in words, as `parse_values` reads them.

    >>> written({"facts": Table(columns=("area",))}), written({"photo": Image(shape=(8, 8, 3))})
    ('area=3', 'photo=a.jpg')
    """
    name, declared = next(iter(keys(inputs).items()))
    values = {"image": "a.jpg", "tabular": "3", "tokens": '"101 7592"'}
    value = values.get(declared.kind, '"some text"')
    return f"{name}={value}"


def _wrong(row: Row, number: int, inputs: Mapping[str, Input]) -> list[str]:
    """What does not fit in one example, in words."""
    known = keys(inputs)
    names = f" Known: {listed(known)}."
    found = [f"nothing reads {key!r}.{near(key, known)}{names}" for key in row if key not in known]
    for name, declared in inputs.items():
        if declared.optional and _is_absent(row, name, declared):
            continue
        if isinstance(declared, Table):
            found += [text for column in declared.columns if (text := _no_number(row, column))]
            continue
        value = _value(row, name, declared)
        if value is None:
            found.append(f"there is no {name!r}")
        elif isinstance(declared, Image) and not isinstance(value, str | Path):
            found.append(f"{name!r} is the file of an image, got {shown(value)}")
        elif isinstance(declared, Tokens):
            found += [] if padded(value, declared) else [f"{name!r} is {no_tokens(value, declared)}"]
        elif value == "" and not isinstance(declared, Image):
            found.append(f'{name!r} is empty; only an input that is "optional" in the recipe may be missing')
        elif not isinstance(declared, Image) and not isinstance(value, str):
            found.append(f"{name!r} is a text, got {shown(value)}")
    return [f"example {number}: {text}" for text in found]


def _is_absent(row: Row, name: str, declared: Input) -> bool:
    """Whether an example says nothing of an input, not even one column of several."""
    if isinstance(declared, Table):
        return not set(row).intersection(declared.columns)
    value = _value(row, name, declared)
    return value is None or (value == "" and not isinstance(declared, Image | Tokens))


def _no_number(row: Row, column: str) -> str:
    if column not in row:
        return f"there is no {column!r}"
    number = _number(row[column])
    if math.isnan(number):
        return f"{column!r} is a number, got {shown(row[column])}"
    return "" if fits([number]).all() else f"{column!r} is {INFINITE}"


def _number(value: object) -> float:
    try:
        return math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]  # TypeError is caught
    except (TypeError, ValueError):
        return math.nan


def _value(row: Row, name: str, declared: Input) -> object:
    """What a row says of an input that is no table."""
    if name in row or isinstance(declared, Image | Tokens):
        return row.get(name)
    return row.get(declared.columns[0])


def _column(name: str, declared: Input, rows: Sequence[Row]) -> Column:
    if isinstance(declared, Table):
        numbers = [[_number(row.get(column, math.nan)) for column in declared.columns] for row in rows]
        return Array(np.array(numbers, dtype=np.float32))
    said = [_value(row, name, declared) for row in rows]
    if isinstance(declared, Image):
        paths = tuple(None if each is None else Path(str(each)) for each in said)
        return ImageFiles(paths, declared.shape, declared.range)
    if isinstance(declared, Tokens):
        ids = [[declared.pad] * declared.length if each is None else padded(each, declared) for each in said]
        return Array(np.array(ids, dtype=np.int32), pad=declared.pad)
    return Array(np.array(["" if each is None else str(each) for each in said], dtype=np.str_)[:, None])


def _name(row: Row, number: int, inputs: Mapping[str, Input]) -> str:
    """What an example is called: its first image, or its number."""
    images = [row[name] for name, each in inputs.items() if isinstance(each, Image) and row.get(name)]
    return str(images[0]) if images else f"example {number}"
