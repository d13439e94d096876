"""How much of each tap a fusion should take: kernel weights of least left-out error."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from fusion.errors import DataError
from fusion.scores.ridge import probe_ridge
from fusion.scores.spectra import decompose_gram
from fusion.scores.subsets import Kernel
from fusion.scores.targets import Targets

STEPS = 200
"""Steps of the search; some 20 are common."""

CAP = np.log(1e6)
"""The largest log weight: error that still falls there falls by rounding."""

FLOOR = 1e-6
"""A tap that takes less than this share of the weight is as good as left out."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """Taps weighed so that ridge on all of them leaves the least squared error out.

    Args:
        weights: By tap, 0 to 1, together 1; the features of a tap are multiplied by the root of its weight.
        penalty: The ridge penalty that belongs to them.
        skill: Share of the left-out squared error taken away.
        equal_skill: The same with equal weights, which is where the search began: it is never better.
        converged: Whether the search ended by itself and not by its last step.
    """

    weights: Mapping[str, float]
    penalty: float
    skill: float
    equal_skill: float
    converged: bool


def weigh(kernels: Mapping[str, Kernel], targets: Targets) -> Weighing:
    """Returns the kernel weights of least left-out squared error near equal ones.

    The error of `left_out` with `K = sum of w_t K_t` and penalty 1 is lowered over log w by BFGS with its exact
    gradient, so weights and penalty come out together: shares of the sum, and one over the sum. The error has no
    single minimum; that found is the one below equal weights. It is chosen on the examples it is measured on, so with
    many taps and few examples it is optimistic, more than the skill of one set.

    >>> from fusion.scores.subsets import make_kernel
    >>> from fusion.scores.targets import make_targets
    >>> signal, noise = np.array([[1.0], [-1.0]] * 6), np.array([[1.0], [1.0], [-1.0], [-1.0]] * 3)
    >>> kernels = {"signal": make_kernel(signal), "noise": make_kernel(noise)}
    >>> weigh(kernels, make_targets([1, 0] * 5 + [0, 0], "classification")).weights["signal"] > 0.9
    True

    Raises:
        DataError: If there is no tap, or kernels and targets are not of the same examples.
    """
    if not kernels or any(len(kernel.gram) != len(targets) for kernel in kernels.values()):
        raise DataError(
            f"Weights need one kernel or more, all of the {len(targets)} examples that have targets; there are "
            f"kernels of {sorted({len(kernel.gram) for kernel in kernels.values()})} examples."
        )
    grams = np.array([_centred(kernel.gram) for kernel in kernels.values()])
    unit = float(np.trace(grams.mean(0))) / len(targets)
    width = sum(kernel.width for kernel in kernels.values())
    equal = probe_ridge(decompose_gram(grams.mean(0), width=width), targets)

    def error(logs: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = press(grams / unit, targets.centred, np.minimum(logs, CAP))
        return value, gradient * (logs < CAP)

    found, converged = _descend(error, np.full(len(grams), np.log(unit / (equal.penalty * len(grams)))))
    parts = np.exp(np.minimum(found, CAP))
    shares = np.where(parts < FLOOR * parts.sum(), 0.0, parts) / parts.sum()
    shares /= shares.sum()
    penalty = unit / float(parts.sum())
    fused = decompose_gram(np.tensordot(shares, grams, 1), width=width)
    skill = probe_ridge(fused, targets, penalties=np.array([penalty])).skill
    return Weighing(dict(zip(kernels, shares.tolist(), strict=True)), penalty, skill, equal.skill, converged)


def press(grams: np.ndarray, columns: np.ndarray, logs: np.ndarray) -> tuple[float, np.ndarray]:
    """Returns the mean squared left-out error of ridge on weighed kernels, and its gradient by the log weights.

    With P = (K + I)^-1 and R = P - 11'/N residuals are `e = R y / diag R`, and `dR = -P K_t P dw_t`.

    >>> gram = np.diag([2.0, 2.0, 2.0]) - 2 / 3
    >>> round(press(gram[None], np.array([[1.0], [0.0], [-1.0]]), np.zeros(1))[0], 6)
    1.5

    Args:
        grams: Shape (taps, examples, examples), centred.
        columns: Shape (examples, columns), centred.
        logs: Logarithms of the weights, in units of one over the penalty.
    """
    count = len(columns)
    inverse = np.linalg.inv(np.tensordot(np.exp(logs), grams, 1) + np.eye(count))
    leverage = np.diag(inverse) - 1.0 / count
    solved = inverse @ columns
    residuals = solved / leverage[:, None]
    weighted = residuals / leverage[:, None]
    change = (inverse @ weighted) @ solved.T - (inverse * (residuals * weighted).sum(1)) @ inverse
    gradient = -2.0 * np.exp(logs) * np.tensordot(grams, change, 2) / columns.size
    return float((residuals**2).mean()), gradient


def _centred(gram: np.ndarray) -> np.ndarray:
    centred = gram - gram.mean(0)
    result: np.ndarray = centred - centred.mean(1, keepdims=True)
    return result


def _descend(
    error: Callable[[np.ndarray], tuple[float, np.ndarray]], start: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Returns where BFGS ends and whether nothing was left to gain there."""
    place, (value, gradient) = start, error(start)
    inverse = np.eye(len(start)) / max(float(np.linalg.norm(gradient)), 1e-300)
    for _ in range(STEPS):
        direction = -inverse @ gradient
        direction *= min(1.0, 5.0 / np.abs(direction).max(initial=1e-300))
        slope = float(gradient @ direction)
        if -slope <= 1e-10 * value:
            return place, True
        length = 1.0
        following, after = error(place + direction)
        while following > value + 1e-4 * length * slope and length > 1e-10:
            length /= 2
            following, after = error(place + length * direction)
        if following >= value:
            return place, True
        step, bend = length * direction, after - gradient
        place, value, gradient = place + step, following, after
        if step @ bend > 0:
            turn = np.eye(len(start)) - np.outer(step, bend) / (step @ bend)
            inverse = turn @ inverse @ turn.T + np.outer(step, step) / (step @ bend)
        else:
            # It still falls ever faster here, so the next step may be longer.
            inverse *= 4.0
    return place, False
