"""Features of one tap made comparable with another's, and the one decomposition that most scores are read from."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from fusion.errors import DataError, listed, near

Scaling = Literal["feature", "tap"]
"""What is brought to one scale: each feature of a tap by itself, or the tap as a whole."""

Form = Literal["primal", "dual"]
"""Whether a decomposition went through the features' covariance or through the examples' Gram matrix."""


CONSTANT = 1e-6
"""A feature whose standard deviation is less than this share of its size is constant: float32 says no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Centred features F of one tap in their principal axes, which is all that ridge, LogME and H-score need.

    Args:
        scores: Shape (examples, rank): A with A A' = F F' and orthogonal columns.
        energies: Shape (rank,): squared lengths of the columns of A, largest first; eigenvalues of F F' and F'F.
        width: How many features there are, those that never vary included.
        form: The matrix it was decomposed from.
    """

    scores: np.ndarray
    energies: np.ndarray
    width: int
    form: Form

    def __len__(self) -> int:
        return len(self.scores)


def standardise(features: np.ndarray, *, by: Scaling = "feature") -> np.ndarray:
    """Returns features centred, on one scale, and together of mean squared length 1 per example.

    With `"feature"` each feature has standard deviation 1 first; one that never varies becomes 0. The length makes
    taps of every width weigh alike when they are fused: the trace of each one's Gram matrix is the number of
    examples. Means and deviations are those of all examples given, the left-out one included: they know no target.

    >>> standardise(np.array([[1.0, 5.0], [3.0, 5.0], [1.0, 5.0], [3.0, 5.0]])).T
    array([[-1.,  1., -1.,  1.], [ 0.,  0.,  0.,  0.]])

    Raises:
        DataError: If the features cannot be used, or none varies.
    """
    given = checked(features)
    return scale_of(given, by=by).applied(given)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What brings the features of one tap to the scale of `standardise`, for examples it was not learned from too.

    Args:
        means: Shape (width,): what is taken away.
        factors: Shape (width,): what the rest is multiplied by; 0 for a feature that never varies.
    """

    means: np.ndarray
    factors: np.ndarray

    def applied(self, features: np.ndarray) -> np.ndarray:
        """Returns features of shape (examples, width) on this scale."""
        scaled: np.ndarray = (features - self.means) * self.factors
        return scaled


def scale_of(features: np.ndarray, *, by: Scaling = "feature") -> Scale:
    """Returns the scale to which `standardise` brings these features.

    >>> scale_of(np.array([[1.0, 5.0], [3.0, 5.0], [1.0, 5.0], [3.0, 5.0]])).applied(np.array([[5.0, 9.0]]))
    array([[3., 0.]])

    Raises:
        DataError: If the features cannot be used, or none varies.
    """
    if by not in get_args(Scaling):
        raise DataError(
            f"Features are not scaled by {by!r}.{near(str(by), get_args(Scaling))} Known: {listed(get_args(Scaling))}."
        )
    given = checked(features)
    means, deviations = given.mean(0), given.std(0)
    # A network gives the same number another last bit in another batch; that is not to be blown up to a feature.
    varies = deviations > CONSTANT * np.abs(given).max(0)
    if not varies.any():
        raise DataError(
            f"None of the {given.shape[1]} features varies over the {len(given)} examples: this tap tells nothing."
        )
    factors = np.where(varies, 1.0 / np.where(varies, deviations, 1.0) if by == "feature" else 1.0, 0.0)
    total = float(((deviations * factors) ** 2).sum())
    return Scale(means, factors / np.sqrt(total))


def decompose(features: np.ndarray, *, form: Form | None = None) -> Spectrum:
    """Returns the spectrum of features, which are centred first, by the smaller of the two matrices.

    >>> decompose(np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])).energies
    array([8.])

    Args:
        features: Shape (examples, width), 3 examples at least.
        form: `"primal"` or `"dual"`; `None` takes primal where there are fewer features than examples. The results
            agree to rounding; the cost is that of the eigenvalues of one matrix of that size.

    Raises:
        DataError: If the features cannot be used, or none varies.
    """
    given = checked(features)
    centred = given - given.mean(0)
    chosen = form or ("primal" if given.shape[1] < len(given) else "dual")
    if chosen == "dual":
        return decompose_gram(centred @ centred.T, width=given.shape[1])
    energies, vectors = _eigen(centred.T @ centred)
    return Spectrum(centred @ vectors, energies, given.shape[1], "primal")


def decompose_gram(gram: np.ndarray, *, width: int) -> Spectrum:
    """Returns the spectrum of features of which only the Gram matrix of the examples is known, centred here.

    The Gram matrix of taps side by side is the sum of theirs, so a fusion is scored without its features.

    >>> decompose_gram(np.diag([3.0, 3.0, 0.0]), width=2).energies
    array([3., 1.])

    Raises:
        DataError: If nothing varies.
    """
    centred = gram - gram.mean(0)
    centred -= centred.mean(1, keepdims=True)
    energies, vectors = _eigen(centred)
    return Spectrum(vectors * np.sqrt(energies), energies, width, "dual")


def checked(features: np.ndarray) -> np.ndarray:
    """Returns features as float64 of shape (examples, width), if scores can be computed from them.

    >>> checked(np.eye(3, dtype="float32")).dtype
    dtype('float64')

    Raises:
        DataError: If they are no matrix, hold what is not finite, or are of fewer than 3 examples.
    """
    given = np.asarray(features, dtype=np.float64)
    if given.ndim != 2 or len(given) < 3:
        raise DataError(
            f"Scores need features of shape (examples, width) and 3 examples or more, and these have shape {given.shape}. "
            "Pool grids first."
        )
    wrong = np.count_nonzero(~np.isfinite(given).all(1))
    if wrong:
        raise DataError(
            f"{wrong} of {len(given)} examples have features that are not finite. "
            "Look at the weights and at the preprocessing."
        )
    return given


def _eigen(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the eigenvalues above rounding, largest first, and their vectors as columns."""
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int(np.count_nonzero(values > max(values[0], 0.0) * len(matrix) * np.finfo(np.float64).eps))
    if not kept:
        raise DataError("No feature varies over the examples: there is nothing to score.")
    return values[:kept], vectors[:, :kept]
