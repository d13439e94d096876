"""How far each arm lies from the reference, pair by pair."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.errors import DataError
from fusion.statistics.outcomes import Scores, apart, column
from fusion.statistics.signs import sign_flip_p, smallest_p
from fusion.statistics.student import quantile, within


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The paired difference of one arm to the reference, over seeds; nothing in it tells about other test examples.

    Args:
        arm: The arm that is compared.
        reference: What it is compared with.
        mean: Mean of arm minus reference, in units of the metric.
        low: Lower end of its interval.
        high: Upper end of it. Each interval is for its own arm, not for all at once.
        spread: Standard deviation of the differences.
        p: Two-sided p-value for no difference.
        p_holm: The same, for all arms of the comparison together.
        smallest_p: The smallest `p` there could have been with so many blocks.
        blocks: How many pairs there are.
    """

    arm: str
    reference: str
    mean: float
    low: float
    high: float
    spread: float
    p: float
    p_holm: float
    smallest_p: float
    blocks: int


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Returns p-values for which P(any is below alpha though nothing differs) <= alpha, in the order given.

    The k-th smallest of m is multiplied by m - k + 1, and none may be below a smaller one (Holm 1979, A simple
    sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6).

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    values = np.asarray(ps, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    found = np.empty_like(values)
    found[order] = np.minimum(raised, 1.0)
    return tuple(found.tolist())


def differences(
    scores: Scores, reference: str, *, confidence: float = 0.95, overlap: float = 0.0
) -> tuple[Difference, ...]:
    """Returns the difference of each arm to the reference, in the order of the arms.

    Interval: mean +- t * spread * sqrt(1 / blocks + overlap), Student's t with blocks - 1 degrees of freedom; `p` is that
    of the sign-flip test, `p_holm` Holm's. With `overlap` the seeds are not independent, which the sign-flip test does
    not know of; then `p` is the larger of it and the t-test's with the same widened error.

    Args:
        scores: Two blocks or more.
        reference: The arm the others are compared with.
        confidence: Coverage of each interval.
        overlap: Test over training examples where each block draws its split anew from one pool of data, so that
            training sets share examples (Nadeau & Bengio 2003, Inference for the generalization error, Machine
            Learning 52); 0 where the split is fixed or data are new.

    Raises:
        DataError: If there is no such arm, no other, or only one block.

    >>> values = np.array([[0.8, 0.9], [0.7, 0.8], [0.6, 0.8]])
    >>> (found,) = differences(Scores(arms=("a", "b"), blocks=((0, 0), (1, 0), (2, 0)), values=values), "a")
    >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3), found.p
    (0.133, -0.01, 0.277, 0.25)
    """
    base = column(scores, reference)
    others = [arm for arm in scores.arms if arm != reference]
    blocks = len(scores.blocks)
    if not others:
        raise DataError(f"There is only the reference, {reference!r}. Run another arm to compare with it.")
    if blocks < 2:
        raise DataError(
            "One seed tells nothing about the spread between seeds. Run every arm with more of them."
        )
    table = np.column_stack([apart(column(scores, arm), base) for arm in others])
    means, spreads = table.mean(axis=0), table.std(axis=0, ddof=1)
    errors = spreads * np.sqrt(1 / blocks + overlap)
    ps = sign_flip_p(table)
    if overlap:
        ps = np.maximum(ps, _t_test(means, errors, blocks - 1))
    half = quantile(confidence, blocks - 1) * errors
    adjusted = holm(ps.tolist())
    return tuple(
        Difference(
            arm=arm,
            reference=reference,
            mean=float(means[i]),
            low=float(means[i] - half[i]),
            high=float(means[i] + half[i]),
            spread=float(spreads[i]),
            p=float(ps[i]),
            p_holm=adjusted[i],
            smallest_p=smallest_p(blocks),
            blocks=blocks,
        )
        for i, arm in enumerate(others)
    )


def _t_test(means: np.ndarray, errors: np.ndarray, freedom: int) -> np.ndarray:
    # Without any spread the sign-flip test alone speaks.
    return np.array(
        [
            1 - within(abs(mean) / error, freedom) if error else 0.0
            for mean, error in zip(means, errors, strict=True)
        ]
    )
