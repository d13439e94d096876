"""What makes the examples of two arms the same: their rows and targets, and the content of the inputs that both read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from fusion.data.columns import narrowed
from fusion.data.examples import Data, Examples, splits
from fusion.data.fingerprints import digests_of, fingerprint
from fusion.recipe.recipe import Recipe
from fusion.study.trials import digest_of

Look = Callable[[str], Mapping[str, bytes]]
"""Returns by split the fingerprint of an input with a name."""


def row_digest(examples: Examples, content: Sequence[bytes] = ()) -> str:
    """Returns the digest of which examples these are, in order, and of their targets, whatever is read of them.

    Args:
        examples: The examples.
        content: Digests of what they hold, where their names do not tell them apart.

    >>> from fusion.data.examples import Array
    >>> photos, facts = Array(np.zeros((2, 3))), Array(np.ones((2, 4)))
    >>> both = Examples({"photo": photos, "facts": facts}, np.array([0, 1]), ("a", "b"))
    >>> row_digest(both) == row_digest(replace(both, columns={"photo": photos}))
    True
    """
    targets = None if examples.targets is None else np.ascontiguousarray(examples.targets).tobytes().hex()
    return digest_of([list(examples.names), targets, *(each.hex() for each in content)])


def prints(data: Data, name: str) -> dict[str, bytes]:
    """Returns by split the fingerprint of an input; every file is looked at.

    >>> from fusion.data.examples import Array
    >>> part = Examples({"x": Array(np.zeros((2, 3)))}, np.array([0, 1]), ("a", "b"))
    >>> list(prints(Data(part, None, part, None, "Made up."), "x"))
    ['train', 'test']

    Raises:
        OSError: If a file cannot be read.
    """
    return {split: fingerprint(part.columns[name]) for split, part in splits(data).items()}


def contents(data: Data, *, look: Look | None = None) -> dict[str, str]:
    """Returns by input the digest of what it holds, over all splits.

    Args:
        data: The data.
        look: Returns the `prints` of an input; those of `data` themselves without it.

    >>> from fusion.data.examples import Array
    >>> part = Examples({"x": Array(np.zeros((2, 3)))}, np.array([0, 1]), ("a", "b"))
    >>> list(contents(Data(part, None, None, None, "Made up.")))
    ['x']
    """
    look = look or partial(prints, data)
    return {
        name: digest_of({split: each.hex() for split, each in look(name).items()})
        for name in data.train.columns
    }


def data_digest(recipe: Recipe, data: Data, *, look: Look | None = None) -> str:
    """Returns the digest of what a recipe reads of data, by which its trial is known.

    Args:
        recipe: What reads.
        data: The data, perhaps with inputs that it does not read.
        look: Returns the `prints` of an input; those of `data` themselves without it.

    Raises:
        OSError: If a file cannot be read.
    """
    seen = narrowed(data, recipe.inputs)
    if seen.train.columns.keys() < data.train.columns.keys():
        # What is known of examples is of all that was read of them.
        found = {name: (look or partial(prints, data))(name) for name in seen.train.columns}
        known = {
            split: tuple(found[name][split] for name in part.columns) for split, part in splits(seen).items()
        }
        seen = replace(seen, digests=known)
    return digest_of(digests_of(seen))
