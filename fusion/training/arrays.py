"""Arrays by the names of a model's inputs, as Keras takes them, to be predicted."""

from collections.abc import Iterator, Mapping

import keras
import numpy as np

from fusion.data.examples import Array, Examples
from fusion.errors import DataError, itemised, listed, near

WAYS = "Of files and values fusion.read_values makes examples, of arrays with targets fusion.from_arrays."

KINDS = {"string": ("UO", "texts"), "int32": ("iu", "whole numbers")}
"""By the dtype of an input, if it is no float, which kinds of arrays it takes, and in words."""


def as_examples(given: object, model: keras.Model) -> Examples:
    """Returns examples as they are, or what a mapping of arrays by input name holds of each row.

    Whether values are of the recipe's range is not known here, as it is to `fusion.from_arrays`.

    >>> x = keras.Input((2,), name="x")
    >>> as_examples({"x": np.eye(2)}, keras.Model([x], keras.layers.Dense(1)(x))).names
    ('row 0', 'row 1')

    Raises:
        DataError: If it is neither, or names, shapes, kinds or numbers of rows do not fit the model's inputs.
    """
    if isinstance(given, Examples):
        return given
    names = [each.name for each in model.inputs]
    if not isinstance(given, Mapping):
        raise DataError(
            f"Expected examples, or a mapping of arrays by input name ({listed(names)}), got {type(given).__name__}. {WAYS}"
        )
    arrays = {name: np.asarray(each) for name, each in given.items() if hasattr(each, "__array__")}
    wrong = [f"there is no input {name!r}.{near(str(name), names)}" for name in given if name not in names]
    wrong += [text for each in model.inputs for text in _wrong(each, given, arrays)]
    counts = {name: len(array) for name, array in arrays.items() if array.ndim}
    if not wrong and len(set(counts.values())) > 1:
        wrong.append(f"rows differ in number: {', '.join(f'{name} {n}' for name, n in counts.items())}")
    if wrong:
        raise DataError(itemised("The arrays do not fit the model:", [*wrong, WAYS]))
    # What is whole in the model stays whole: numbers of tokens, of which none is missing here.
    pads = {each.name: 0 if each.dtype == "int32" else None for each in model.inputs}
    columns = {name: Array(arrays[name], pad=pads[name]) for name in names}
    return Examples(columns, None, tuple(f"row {number}" for number in range(counts[names[0]])))


def _wrong(
    wanted: keras.KerasTensor, given: Mapping[object, object], arrays: Mapping[str, np.ndarray]
) -> Iterator[str]:
    """Yields what does not fit in the array of one input."""
    name, shape = wanted.name, wanted.shape[1:]
    if name not in given:
        yield f"{name!r} is missing"
        return
    if name not in arrays:
        yield f"{name!r} is no array but {type(given[name]).__name__}"
        return
    array = arrays[name]
    kinds, worded = KINDS.get(wanted.dtype, ("biuf", "numbers"))
    if array.dtype.kind not in kinds:
        yield f"{name!r} holds {array.dtype}, expected {worded}"
    if array.ndim != len(shape) + 1 or any(
        size not in (None, got) for size, got in zip(shape, array.shape[1:], strict=True)
    ):
        yield f"{name!r} has shape {array.shape}, expected {(None, *shape)}"
    elif not len(array):
        yield f"{name!r} has no rows"
