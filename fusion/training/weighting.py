"""Classes that count more or less in the loss of training."""

from collections.abc import Mapping

import numpy as np

from fusion.errors import DataError, TrainingError, listed, near
from fusion.recipe.head import Output
from fusion.recipe.recipe import Recipe


def class_weights(
    recipe: Recipe, targets: np.ndarray | None, labels: tuple[str, ...] | None
) -> dict[int, float]:
    """Returns how much each class counts, by number; nothing where all count alike.

    `balanced` is n / (classes * count) of n training examples, as in scikit-learn's `compute_class_weight` (after King and
    Zeng, 2001): each class counts as much as any other in sum, and the mean over examples is 1. Of a map, classes
    that are not in it count 1.

    Args:
        recipe: What is trained.
        targets: Of the training examples, class numbers or 0 and 1.
        labels: Names of the classes in the data.

    Raises:
        DataError: If a class that is to be balanced has no example.
        TrainingError: If there is no class of a name.
    """
    declared = recipe.training.class_weight if recipe.training else None
    if declared is None or targets is None:
        return {}
    output = recipe.head.output
    known = labels or output.labels or tuple(str(number) for number in range(_count(output)))
    if isinstance(declared, dict):
        for name in declared:
            if name not in known:
                raise TrainingError(
                    f'"class_weight" names the class {name!r}, which is not there.{near(name, known)} '
                    f"Classes: {listed(known)}."
                )
        return {number: float(declared.get(name, 1.0)) for number, name in enumerate(known)}
    counts = np.bincount(np.rint(targets).astype(np.int64).reshape(-1), minlength=len(known))
    if not counts.all():
        raise DataError(
            f"Class {known[int(np.argmin(counts))]!r} has no training example, so no weight balances it. Write the weights "
            'of the others as a map: "class_weight": {NAME: NUMBER}.'
        )
    return {number: float(counts.sum() / (len(known) * count)) for number, count in enumerate(counts)}


def named(weights: Mapping[int, float], labels: tuple[str, ...] | None) -> dict[str, float]:
    """Returns the weights of classes by their names, or by number where they have none.

    >>> named({0: 1.0, 1: 2.0}, ("cat", "dog")), named({1: 2.0}, None)
    ({'cat': 1.0, 'dog': 2.0}, {'1': 2.0})
    """
    return {labels[number] if labels else str(number): each for number, each in weights.items()}


def _count(output: Output) -> int:
    return 2 if output.task == "binary" else output.width
