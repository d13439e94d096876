"""Which examples are scored where all would take too long."""

import numpy as np

from fusion.errors import DataError
from fusion.scores.targets import Targets


def sample_rows(targets: Targets, *, most: int, seed: int = 0) -> np.ndarray:
    """Returns the rows of `most` examples in ascending order, each class as often as its share, or all if there are fewer.

    Drawn evenly along the order of the classes, so each keeps its share to within one example; of labels and
    regressions along the order of the first column.

    >>> from fusion.scores.targets import make_targets
    >>> targets = make_targets([0] * 90 + [1] * 10, "classification")
    >>> int((sample_rows(targets, most=20) >= 90).sum())
    2

    Raises:
        DataError: If fewer than 3 examples are asked for.
    """
    if most < 3:
        raise DataError(f"Scores need 3 examples or more, and {most} were asked for.")
    count = len(targets)
    if count <= most:
        return np.arange(count)
    generator = np.random.default_rng(seed)
    key = targets.columns.argmax(1) if targets.task == "classification" else targets.columns[:, 0]
    order = np.lexsort((generator.random(count), key))
    places = ((np.arange(most) + generator.random()) * count / most).astype(np.int64)
    rows: np.ndarray = np.sort(order[places])
    return rows
