"""Whether training had come to rest when it ended."""

from collections.abc import Sequence

import numpy as np

SHARE, FEWEST = 0.1, 3
"""The last part of a curve that tells, and the fewest epochs of it."""


def has_converged(losses: Sequence[float], *, tolerance: float = 0.01) -> bool:
    """Whether a curve of losses, one an epoch, no longer falls by much.

    The straight line through the last tenth of it, three epochs at least, must not fall, over as many epochs again, by
    more than `tolerance` of what the curve fell from its highest to its lowest. A curve that rises, as that of a
    validation loss may, has come to rest; one with a value that is no number, or of less than four epochs, has not.

    >>> has_converged([1.0, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2]), has_converged([1.0, 0.9, 0.8, 0.7, 0.6])
    (True, False)
    """
    curve = np.asarray(losses, dtype=np.float64)
    if len(curve) <= FEWEST or not np.isfinite(curve).all():
        return False
    last = max(FEWEST, round(SHARE * len(curve)))
    steps = np.arange(last) - (last - 1) / 2
    slope = float(steps @ curve[-last:] / (steps @ steps))
    return -slope * last <= tolerance * float(curve.max() - curve.min())
