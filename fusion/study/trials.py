"""Trials: one arm with one seed on one split, as a pure function of plain data, under a key of its content."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fusion.locking import Lock
from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import SEED_PLACE, exchanged, meaning, to_data

FORMAT = 1
"""Version of what a trial is; part of its key."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of one arm.

    Args:
        arm: Which variant; no part of its key.
        seed: Of the split, where it is drawn, of the order of examples and of new weights.
        recipe: The variant, with that seed in its training.
        metric: What it is judged by.
        locked: What the variant resolves to: layers, weights files, versions.
        data: Digest of the examples of all splits and of their targets, in order.
        folders: Where weights files lie; no part of its key.

    >>> from fusion.checking import resolve
    >>> from fusion.locking import lock
    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> locked = lock(resolve(one))
    >>> trials = [Trial("base", seed, reseeded(one, seed), "accuracy", locked, data="") for seed in (1, 1, 2)]
    >>> [trial.key == trials[0].key for trial in trials]
    [True, True, False]
    """

    arm: str
    seed: int
    recipe: Recipe
    metric: str
    locked: Lock
    data: str
    folders: tuple[Path, ...] = ()

    @property
    def key(self) -> str:
        """Digest of all that its result depends on."""
        about = {
            "trial": FORMAT,
            "recipe": meaning(self.recipe),
            "metric": self.metric,
            "locked": {**to_data(self.locked), "recipe": ""},
            "data": self.data,
        }
        return digest_of(about)


def digest_of(about: Any) -> str:
    """Returns 32 hexadecimal digits that identify plain data; the order of keys does not count.

    >>> digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    True
    """
    text = json.dumps(about, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def reseeded(recipe: Recipe, seed: int) -> Recipe:
    """Returns the recipe that a trial with a seed trains.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> reseeded(one, 7).training.seed
    7
    """
    return from_data(exchanged(to_data(recipe), SEED_PLACE, seed))
