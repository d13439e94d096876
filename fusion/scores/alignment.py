"""CKA: how alike two taps arrange the same examples, which says what is redundant, not what is good."""

from collections.abc import Sequence

import numpy as np

from fusion.errors import DataError
from fusion.scores.spectra import Spectrum


def align(spectra: Sequence[Spectrum]) -> np.ndarray:
    """Returns the debiased linear CKA of every two taps, a symmetric matrix: 1 the same, near 0 unrelated, at any width.

    `<K, L> / (|K| |L|)` of U-centred Gram matrices (Kornblith et al., ICML 2019; Szekely and Rizzo, Ann. Stat. 42,
    2014). Biased CKA of unrelated taps grows with their width: 0.27 where this gives 0.00 (500 features, 300 examples).
    Computed from the principal axes, so no matrix of examples by examples is formed.

    >>> from fusion.scores.spectra import decompose
    >>> features = np.random.default_rng(0).standard_normal((20, 3))
    >>> align([decompose(features), decompose(features[:, ::-1] * 7)]).round(6)
    array([[1., 1.], [1., 1.]])

    Raises:
        DataError: If taps have other than the same examples, fewer than 4, or one has only independent examples.
    """
    counts = {len(spectrum) for spectrum in spectra}
    if len(counts) > 1 or min(counts, default=4) < 4:
        raise DataError(
            f"CKA needs the same examples at each tap, 4 or more; these taps have {sorted(counts)} examples."
        )
    products = np.array([[_product(one, other) for other in spectra] for one in spectra])
    sizes = np.sqrt(np.maximum(np.diag(products), 0.0))
    if (sizes < [spectrum.energies.sum() * 1e-9 for spectrum in spectra]).any():
        raise DataError("CKA is not defined for a tap whose examples are all equally unlike each other.")
    return np.asarray(products / np.outer(sizes, sizes))


def _product(one: Spectrum, other: Spectrum) -> float:
    """Returns the inner product of two U-centred Gram matrices, from features that are centred already.

    With K and L without their diagonals, sums of rows are minus the diagonals, as whole rows sum to 0.
    """
    count = len(one)
    left, right = (one.scores**2).sum(1), (other.scores**2).sum(1)
    whole = ((one.scores.T @ other.scores) ** 2).sum() - left @ right
    return float(
        whole + left.sum() * right.sum() / ((count - 1) * (count - 2)) - 2.0 * (left @ right) / (count - 2)
    )
