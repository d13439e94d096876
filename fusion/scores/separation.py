"""H-score: how far targets lie apart in one tap's features, in units of a covariance that is shrunk."""

from dataclasses import dataclass

import numpy as np

from fusion.scores.ridge import check_lengths
from fusion.scores.spectra import Spectrum
from fusion.scores.targets import Targets


@dataclass(frozen=True, slots=True)
class HScore:
    """An H-score and what it would be if targets had nothing to do with features.

    Args:
        value: The score; not to be compared between taps of different width, as chance grows with it.
        chance: Its mean over all orders of the targets, exactly.
        shrinkage: How much of the covariance was replaced, 0 to 1.
    """

    value: float
    chance: float
    shrinkage: float

    @property
    def excess(self) -> float:
        """The score above chance: what taps are ranked by."""
        return self.value - self.chance


def hscore(spectrum: Spectrum, targets: Targets, *, shrinkage: float | None = None) -> HScore:
    """Returns the H-score `(1 - d) tr(S_d^-1 S_between)` of a tap.

    S_between is the covariance of the features' least-squares prediction from the targets: for classes, of their
    means (Bao et al., ICIP 2019). Ibrahim et al. (arXiv 2110.06893) shrink the covariance: `S_d = (1 - d) S + d m I`
    with m its mean eigenvalue. Not shrunk, it is the sum of squared canonical correlations and reaches classes - 1 for
    any labels once there are as many features as examples. A tap of features that are hardly correlated is shrunk
    nearly wholly, and then scores nearly 0 whatever it tells: so it is no score to go by alone. Under a random order of targets with q independent columns
    its mean is `(1 - d) tr(S_d^-1 S) q / (N - 1)`, as the projection on them then has mean `q / (N - 1)`.

    >>> from fusion.scores.spectra import decompose
    >>> from fusion.scores.targets import make_targets
    >>> features, classes = np.array([[0.0], [1.0], [0.0], [1.0]]), [0, 1, 0, 1]
    >>> round(hscore(decompose(features), make_targets(classes, "classification")).excess, 6)
    0.666667

    Args:
        spectrum: The tap.
        targets: As many as it has examples.
        shrinkage: d; by default that of Ledoit and Wolf.

    Raises:
        DataError: If there are other than as many targets as examples.
    """
    check_lengths(spectrum, targets)
    kept = ledoit_wolf(spectrum) if shrinkage is None else shrinkage
    variances = spectrum.energies / len(spectrum)
    shrunk = (1 - kept) * variances + kept * variances.sum() / spectrum.width
    basis = _basis(targets)
    between = ((basis.T @ spectrum.scores) ** 2).sum(0) / len(spectrum)
    chance = basis.shape[1] / (len(spectrum) - 1) * (variances / shrunk).sum()
    return HScore(float((1 - kept) * (between / shrunk).sum()), float((1 - kept) * chance), kept)


def hscore_draws(
    spectrum: Spectrum, targets: Targets, orders: np.ndarray, *, shrinkage: float | None = None
) -> np.ndarray:
    """Returns the H-score above chance for each of several orders of the targets.

    >>> from fusion.scores.spectra import decompose
    >>> from fusion.scores.targets import make_targets
    >>> features, classes = np.array([[0.0], [1.0], [0.0], [1.0]]), [0, 1, 0, 1]
    >>> targets = make_targets(classes, "classification")
    >>> hscore_draws(decompose(features), targets, np.array([[0, 1, 2, 3]])).round(6).tolist()
    [0.666667]

    Args:
        spectrum: The tap.
        targets: As many as it has examples.
        orders: Shape (orders, examples), as `fusion.scores.nulls.orders` draws them.
        shrinkage: d; by default that of Ledoit and Wolf.
    """
    kept = ledoit_wolf(spectrum) if shrinkage is None else shrinkage
    variances = spectrum.energies / len(spectrum)
    shrunk = (1 - kept) * variances + kept * variances.sum() / spectrum.width
    # What targets span in another order is what they span, in that order.
    basis = _basis(targets)[orders]
    chance = basis.shape[2] / (len(spectrum) - 1) * (variances / shrunk).sum()
    inside = spectrum.scores.T @ basis.transpose(1, 0, 2).reshape(len(spectrum), -1)
    between = (inside**2).reshape(len(shrunk), *basis.shape[::2]).sum(2) / len(spectrum)
    found: np.ndarray = (1 - kept) * ((between / shrunk[:, None]).sum(0) - chance)
    return found


def _basis(targets: Targets) -> np.ndarray:
    """Returns orthonormal columns that span the centred targets."""
    basis, sizes, _ = np.linalg.svd(targets.centred, full_matrices=False)
    found: np.ndarray = basis[:, sizes > sizes[0] * 1e-10]
    return found


def ledoit_wolf(spectrum: Spectrum) -> float:
    """Returns the shrinkage, 0 to 1, of least expected squared error (Ledoit and Wolf, J. Multivariate Anal. 88, 2004).

    Only lengths and eigenvalues enter, so the covariance of a wide tap is never formed.

    >>> from fusion.scores.spectra import decompose
    >>> ledoit_wolf(decompose(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])))
    1.0
    """
    count, width = len(spectrum), spectrum.width
    variances = spectrum.energies / count
    squared = float((variances**2).sum())
    distance = squared - float(variances.sum()) ** 2 / width
    lengths = (spectrum.scores**2).sum(1)
    noise = (float((lengths**2).sum()) / count - squared) / count
    if distance <= 0 or noise <= 0:
        return 0.0 if width == 1 or noise <= 0 else 1.0
    return min(noise / distance, 1.0)
