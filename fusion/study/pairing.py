"""What makes the examples of two arms the same: their rows and targets, and the content of the inputs that both read."""

from dataclasses import replace

import numpy as np

from fusion.data.examples import Data, Examples, splits
from fusion.data.fingerprints import digests_of, fingerprint
from fusion.recipe.recipe import Recipe
from fusion.study.columns import narrowed
from fusion.study.trials import digest_of


def row_digest(examples: Examples) -> str:
    """Returns the digest of which examples these are, in order, and of their targets, whatever is read of them.

    >>> from fusion.data.examples import Array
    >>> photos, facts = Array(np.zeros((2, 3))), Array(np.ones((2, 4)))
    >>> both = Examples({"photo": photos, "facts": facts}, np.array([0, 1]), ("a", "b"))
    >>> row_digest(both) == row_digest(replace(both, columns={"photo": photos}))
    True
    """
    targets = None if examples.targets is None else np.ascontiguousarray(examples.targets).tobytes().hex()
    return digest_of([list(examples.names), targets])


def contents(data: Data) -> dict[str, str]:
    """Returns by input the digest of what it holds, over all splits.

    >>> from fusion.data.examples import Array
    >>> part = Examples({"x": Array(np.zeros((2, 3)))}, np.array([0, 1]), ("a", "b"))
    >>> list(contents(Data(part, None, None, None, "Made up.")))
    ['x']
    """
    parts = splits(data)
    return {
        name: digest_of({split: fingerprint(part.columns[name]).hex() for split, part in parts.items()})
        for name in data.train.columns
    }


def data_digest(recipe: Recipe, data: Data) -> str:
    """Returns the digest of what a recipe reads of data, by which its trial is known.

    Raises:
        OSError: If a file cannot be read.
    """
    seen = narrowed(data, recipe.inputs)
    if seen.train.columns.keys() < data.train.columns.keys():
        # What is known of examples is of all that was read of them.
        seen = replace(seen, digests={})
    return digest_of(digests_of(seen))
