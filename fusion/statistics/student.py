"""Student's t distribution for whole degrees of freedom, in closed form."""

import math

HALVINGS = 80
"""Steps in which a quantile is closed in on; each halves the error."""


def within(t: float, freedom: int) -> float:
    """Returns P(|T| <= t) for Student's T.

    With theta = atan(t / sqrt(freedom)) it is sin(theta) times a finite sum of powers of cos(theta), to which theta is
    added where the degrees of freedom are odd (Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.3-4).

    >>> round(within(2.776445, 4), 6), round(within(1.0, 1), 6)
    (0.95, 0.5)
    """
    return _within(math.atan(t / math.sqrt(freedom)), freedom)


def quantile(confidence: float, freedom: int) -> float:
    """Returns the t with P(|T| <= t) = `confidence`: half the width of an interval, in standard errors.

    >>> round(quantile(0.95, 9), 6)
    2.262157
    """
    low, high = 0.0, math.pi / 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0
    # The terms are 1, 1/2, 1*3/(2*4), ... where freedom is even and 1, 2/3, 2*4/(3*5), ... where it is odd.
    for power in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * power / (power + 1)
    return (angle + sine * total) * 2 / math.pi if odd else sine * total
