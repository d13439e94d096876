"""What inputs are measured by, taken from the training rows: mean and spread, categories, words."""

from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np

from fusion.data.examples import Array, Examples
from fusion.data.gaps import missing
from fusion.errors import DataError, listed
from fusion.model.addresses import layer
from fusion.model.lookups import most_frequent, set_vocabulary
from fusion.model.words import words
from fusion.recipe.inputs import Category, Input, Table
from fusion.recipe.texts import Text, Words


def adapt_inputs(model: keras.Model, inputs: Mapping[str, Input], train: Examples) -> Iterator[str]:
    """Gives a model the mean and variance of tables, the categories, and the words of texts, of the training rows that have them.

    Yields the address of each layer whose weights changed, after it did.

    Raises:
        DataError: If a column has one value in all rows, or no text has a word.
    """
    for name, declared in inputs.items():
        column = train.columns[name]
        if not isinstance(declared, Table | Category | Text | Words) or not isinstance(column, Array):
            continue
        rows = column.read(np.arange(len(column)))
        if declared.optional:
            rows = rows[~missing(column)]
        _refuse_constant(name, declared, rows)
        if isinstance(declared, Table):
            layer(model, f"{name}.normalise").adapt(rows)
            yield f"{name}.normalise"
        elif isinstance(declared, Category):
            told = most_frequent(rows[:, 0], declared.most)
            set_vocabulary(layer(model, f"{name}.prepare/lookup"), told)
        else:
            told = most_frequent((word for text in rows[:, 0] for word in words(text)), declared.most)
            _refuse_wordless(name, told)
            set_vocabulary(layer(model, f"{name}.prepare/words"), told)


def _refuse_constant(name: str, declared: Table | Category | Text | Words, rows: np.ndarray) -> None:
    """Refuses columns that say nothing in training: divided by its spread, any other number would be enormous."""
    same = (rows == rows[:1]).all(axis=0)
    constant = [column for column, said in zip(declared.columns, same, strict=True) if said]
    if constant:
        raise DataError(
            f"Input {name!r}: {listed(constant)} has one value in all training rows, so nothing can be learnt "
            "from it. Leave it out of the columns."
        )


def _refuse_wordless(name: str, told: Sequence[str]) -> None:
    if not told:
        raise DataError(
            f"Input {name!r}: no text of the training rows has a word, only punctuation, which is taken out. "
            'Declare it as "kind": "categorical" if whole texts are what tells rows apart.'
        )
