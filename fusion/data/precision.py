"""What float32 can hold: inputs and most targets become float32, and not every number of a file fits."""

import numpy as np
from numpy.typing import ArrayLike

INFINITE = f"infinite as float32, which holds up to {np.finfo(np.float32).max:.2g}"
"""How errors call a number that is finite in a file, but too large for training."""


def fits(values: ArrayLike) -> np.ndarray:
    """Returns where `values` are still finite numbers as float32, a bool for each.

    >>> fits([1.5, 1e39, float("nan")]).tolist()
    [True, False, False]
    """
    with np.errstate(over="ignore"):
        return np.isfinite(np.asarray(values).astype(np.float32, copy=False))
