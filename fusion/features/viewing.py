"""How the stored views of examples are drawn: by the seed of the recipe, once for all epochs."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from fusion.data.augmentation import Augment, augmenter
from fusion.data.batches import seeded
from fusion.model.seeding import seed_of
from fusion.recipe.inputs import Input
from fusion.recipe.training import Training


@dataclass(frozen=True, slots=True)
class Change:
    """What changes batches of inputs.

    Args:
        run: Changes a batch by its place among the batches.
        digest: What that depends on.
    """

    run: Augment
    digest: bytes


def changed_by(training: Training, inputs: Mapping[str, Input]) -> Change:
    """Returns what changes images as a training declares; the same training changes the same batches alike.

    >>> from fusion.recipe.inputs import Image
    >>> training = Training(
    ...     phases=[{"name": "all", "train": ["head"], "epochs": 1}],
    ...     augment={"x": [{"flip": "vertical"}]},
    ...     views=2,
    ... )
    >>> len(changed_by(training, {"x": Image(shape=(2, 2, 1))}).digest)
    32
    """
    seed = seed_of(training.seed, "views")
    said = f"{seed} {training.model_dump_json(include={'augment'}, by_alias=True)}"
    change = seeded(augmenter(training.augment, inputs), seed)
    return Change(change, hashlib.sha256(said.encode()).digest())
