"""What the ridge probe says of examples that neither it nor its penalty has seen."""

import numpy as np

from fusion.errors import DataError
from fusion.scores.spectra import Scaling, checked, scale_of
from fusion.scores.targets import Targets, measure


def hold_out(
    features: np.ndarray,
    targets: Targets,
    others: np.ndarray,
    answers: Targets,
    *,
    penalty: float,
    by: Scaling = "feature",
) -> float:
    """Returns what `measure` says of a ridge probe fitted to some examples and asked about others.

    Means and scale are those of the examples it is fitted to. The intercept is free.

    >>> from fusion.scores.targets import make_targets
    >>> two = make_targets([0, 1, 0, 1], "classification")
    >>> line = np.array([[0.0], [1.0], [0.1], [0.9]])
    >>> hold_out(line, two, line[::-1] + 0.01, make_targets([1, 0, 1, 0], "classification"), penalty=0.1)
    1.0

    Args:
        features: Shape (examples, width).
        targets: Of these.
        others: Shape (other examples, width).
        answers: Of the others; the same columns.
        penalty: As `RidgePath.penalty`, for features on the scale of `standardise`.
        by: As in `standardise`.

    Raises:
        DataError: If widths or columns differ, or features cannot be used.
    """
    given = checked(features)
    if given.shape[1] != others.shape[1] or targets.columns.shape[1] != answers.columns.shape[1]:
        raise DataError(
            f"A probe of {given.shape[1]} features and {targets.columns.shape[1]} columns of targets cannot be asked "
            f"about {others.shape[1]} and {answers.columns.shape[1]}. Give both of the same tap and task."
        )
    scale = scale_of(given, by=by)
    here, there = scale.applied(given), scale.applied(np.asarray(others, dtype=np.float64))
    if here.shape[1] < len(here):
        inner = here.T @ here + penalty * np.eye(here.shape[1])
        weights = np.linalg.solve(inner, here.T @ targets.centred)
    else:
        weights = here.T @ np.linalg.solve(here @ here.T + penalty * np.eye(len(here)), targets.centred)
    return measure(answers, there @ weights + targets.columns.mean(0))
