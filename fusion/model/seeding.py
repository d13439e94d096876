"""Fresh weights that depend on a seed and on who owns them, not on what was made before."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager


def seed_of(seed: int, owner: str) -> int:
    """Returns the seed of one owner of weights under the seed of a whole model.

    >>> seed_of(0, "head") == seed_of(0, "head"), seed_of(0, "head") == seed_of(1, "head")
    (True, False)
    """
    digest = hashlib.sha256(f"{seed}/{owner}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


@contextmanager
def seeded(seed: int, owner: str) -> Iterator[None]:
    """Makes the layers built in this context draw their seeds from `seed` and `owner` alone.

    Keras draws the seed of an initializer or a dropout that has none from Python's `random`
    (`keras/src/random/seed_generator.py`); its state is put back afterwards.

    >>> with seeded(0, "head"):
    ...     first = random.random()
    >>> with seeded(0, "head"):
    ...     first == random.random()
    True
    """
    state = random.getstate()
    random.seed(seed_of(seed, owner))
    try:
        yield
    finally:
        random.setstate(state)
