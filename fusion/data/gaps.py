"""Examples that lack optional inputs: which do, how many there are, and inputs that none has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fusion.data.examples import Array, Column, Data, Examples, ImageFiles, splits
from fusion.data.values import missing_rows
from fusion.errors import DataError, itemised
from fusion.recipe.inputs import Image, Input
from fusion.recipe.texts import Tokens, padding_of

_ROWS = 1024  # looked at together


def missing(column: Column) -> np.ndarray:
    """Returns which examples lack an input, a bool for each.

    >>> missing(Array(np.array([[1.0], [np.nan], [3.0]]), rows=np.array([1, 2]))).tolist()
    [True, False]
    """
    if isinstance(column, ImageFiles):
        return np.array([path is None for path in column.paths], dtype=bool)
    if column.rows is None:
        return missing_rows(column.values, pad=column.pad)
    pieces = (column.rows[start : start + _ROWS] for start in range(0, len(column), _ROWS))
    return np.concatenate(
        [np.zeros(0, dtype=bool), *(missing_rows(column.values[rows], pad=column.pad) for rows in pieces)]
    )


def absent(declared: Input, count: int) -> np.ndarray:
    """Returns what is fed where none of `count` examples has an input; it takes the room of a single value.

    >>> from fusion.recipe.inputs import Table
    >>> absent(Table(columns=["a", "b"]), 3).shape
    (3, 2)
    """
    nothing = "" if declared.dtype == "string" else np.float32(np.nan)
    alone = np.int32(declared.pad) if isinstance(declared, Tokens) else nothing
    return np.broadcast_to(np.array(alone), (count, *declared.shape))


def with_absent(examples: Examples, inputs: Mapping[str, Input]) -> Examples:
    """Returns examples with a column for each optional input they have none for; all of them lack it.

    >>> from fusion.recipe.inputs import Table
    >>> facts = Table(columns=["a"], optional={"missing": "zeros"})
    >>> found = with_absent(Examples({}, None, ("one", "two")), {"facts": facts})
    >>> missing(found.columns["facts"]).tolist()
    [True, True]
    """
    added = {
        name: Array(absent(declared, len(examples)), pad=padding_of(declared))
        for name, declared in inputs.items()
        if declared.optional and name not in examples.columns
    }
    return replace(examples, columns={**examples.columns, **added})


def whole(data: Data, inputs: Mapping[str, Input]) -> Data:
    """Returns data whose examples all have a column for each optional input, as `with_absent` does for some."""
    parts = {name: with_absent(part, inputs) for name, part in splits(data).items()}
    train = parts.get("train") or with_absent(data.train, inputs)
    return replace(data, train=train, validation=parts.get("validation"), test=parts.get("test"))


def only_image(inputs: Mapping[str, Input], *, given: str | None = None) -> tuple[str, Image] | None:
    """Returns the input that images alone can feed, all others being optional; `None` where there is not one.

    Args:
        inputs: The recipe's inputs.
        given: The one that is meant, where that is known.

    >>> one = Image(shape=(8, 8, 3))
    >>> only_image({"a": one, "b": one.replaced(optional={"missing": "zeros"})})[0]
    'a'
    """
    needed = [name for name, declared in inputs.items() if not declared.optional]
    images = {name: declared for name, declared in inputs.items() if isinstance(declared, Image)}
    meant = list(dict.fromkeys([*needed, *([given] if given else [])])) or list(images)
    return (meant[0], images[meant[0]]) if len(meant) == 1 and meant[0] in images else None


def check_something(columns: Mapping[str, Column], names: Sequence[str]) -> None:
    """Refuses examples that lack every input, as nothing can be said of them.

    Args:
        columns: By input.
        names: What the examples are called.

    >>> check_something({"x": Array(np.array([[np.nan], [2.0]]))}, ["row 0", "row 1"])
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: 1 example has no input at all. Leave out:
      row 0

    Raises:
        DataError: Naming the first ten of them.
    """
    empty = np.all([missing(column) for column in columns.values()], axis=0)
    if empty.any():
        found = [name for name, gone in zip(names, empty.tolist(), strict=True) if gone]
        count = "1 example has" if len(found) == 1 else f"{len(found)} examples have"
        raise DataError(itemised(f"{count} no input at all. Leave out:", found))


def counted_gaps(data: Data, inputs: Mapping[str, Input]) -> Data:
    r"""Returns `data` with a remark for each optional input that examples lack: how many of them do.

    >>> from fusion.recipe.inputs import Table
    >>> one = Examples({"x": Array(np.array([[np.nan], [2.0]]))}, None, ("a", "b"))
    >>> x = {"x": Table(columns=["x"], optional={"missing": "zeros"})}
    >>> counted_gaps(Data(one, None, None, None, "Made up."), x).source
    "Made up.\n1 of 2 examples lacks 'x'."
    """
    lines, parts = [data.source], splits(data).values()
    total = sum(len(part) for part in parts)
    for name in (name for name, declared in inputs.items() if declared.optional):
        count = sum(int(missing(part.columns[name]).sum()) for part in parts)
        if count:
            lines.append(f"{count} of {total} examples {'lacks' if count == 1 else 'lack'} {name!r}.")
    return replace(data, source="\n".join(lines))
