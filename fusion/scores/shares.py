"""Shapley values: what each tap is worth in a fusion, whatever it is fused with."""

from collections.abc import Mapping
from math import factorial

import numpy as np

from fusion.errors import DataError, listed
from fusion.scores.subsets import Fusions, Kernel, score_set
from fusion.scores.targets import Targets


def share_skill(fusions: Fusions) -> Mapping[str, float]:
    """Returns each tap's Shapley share of the skill of all taps together; no taps have skill 0, so shares add up to it.

    >>> from fusion.scores.subsets import Fusion
    >>> rows = Fusion(("a",), 0.1, 1, 1), Fusion(("b",), 0.3, 1, 1), Fusion(("a", "b"), 0.6, 1, 1)
    >>> {tap: round(share, 6) for tap, share in share_skill(Fusions(("a", "b"), rows, True, 2)).items()}
    {'a': 0.2, 'b': 0.4}

    Raises:
        DataError: If not every set of taps was scored.
    """
    if not fusions.exhaustive or fusions.largest < len(fusions.names):
        raise DataError(
            f"Shapley values need every set of the {len(fusions.names)} taps, and {len(fusions.rows)} of "
            f"{2 ** len(fusions.names) - 1} were scored. Choose fewer taps from {listed(fusions.names)}, and no limit."
        )
    return dict(
        zip(fusions.names, shapley({row.taps: row.skill for row in fusions.rows}, fusions.names), strict=True)
    )


def shapley(worth: Mapping[tuple[str, ...], float], names: tuple[str, ...]) -> tuple[float, ...]:
    """Returns the Shapley value of each name: the mean, over all orders of joining, of what it adds on joining.

    `sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))` (Shapley 1953), with v of nothing 0. The
    values add up to the worth of all.

    >>> shapley({("a",): 1.0, ("b",): 3.0, ("a", "b"): 6.0}, ("a", "b"))
    (2.0, 4.0)

    Args:
        worth: Of every set but the empty one, named in the order of `names`.
        names: What joins.

    Raises:
        DataError: If a set is missing.
    """
    count = len(names)
    values = np.zeros(2**count)
    masks = np.arange(2**count)
    for mask in masks[1:]:
        taps = tuple(name for place, name in enumerate(names) if mask >> place & 1)
        if taps not in worth:
            raise DataError(
                f"Shapley values need the worth of every set, and that of {listed(taps)} is missing."
            )
        values[mask] = worth[taps]
    sizes = np.sum([masks >> place & 1 for place in range(count)], axis=0)
    weights = np.array([factorial(size) * factorial(count - size - 1) for size in range(count)]) / factorial(
        count
    )
    without = [masks[(masks >> place & 1) == 0] for place in range(count)]
    return tuple(
        float(weights[sizes[rest]] @ (values[rest | 1 << place] - values[rest]))
        for place, rest in enumerate(without)
    )


def share_by_orders(
    kernels: Mapping[str, Kernel], targets: Targets, *, orders: int = 20, seed: int = 0
) -> Mapping[str, float]:
    """Returns Shapley shares estimated from some orders of joining, for taps too many to score every set of them.

    In each order a tap gets what it adds to the skill of those before it, so the shares of one order add up to the skill
    of all taps, and their means over orders do too (Castro, Gomez and Tejada, Computers and Operations Research 36, 2009).
    Orders come in pairs, one the other backwards, which makes the estimate steadier.

    >>> from fusion.scores.subsets import make_kernel
    >>> from fusion.scores.targets import make_targets
    >>> one, other = np.array([[1.0], [1], [-1], [-1]] * 3), np.array([[1.0], [-1], [1], [-1]] * 3)
    >>> targets = make_targets([2.0, 0, 0, -2] * 3, "regression")
    >>> found = share_by_orders({"a": make_kernel(one), "b": make_kernel(other)}, targets, orders=2)
    >>> {tap: round(share, 3) for tap, share in found.items()}
    {'a': 0.5, 'b': 0.5}

    Args:
        kernels: By name; of the same examples.
        targets: As many as examples.
        orders: How many; an odd number is made even.
        seed: Of the orders drawn.

    Raises:
        DataError: If there is no tap or no order, or kernels and targets are not of the same examples.
    """
    if orders < 1:
        raise DataError(f"Shapley shares need 1 order of joining or more, not {orders}.")
    names, generator = tuple(kernels), np.random.default_rng(seed)
    shares = dict.fromkeys(names, 0.0)
    drawn = [generator.permutation(len(names)) for _ in range((orders + 1) // 2)]
    known: dict[frozenset[str], float] = {frozenset(): 0.0}
    for order in (each for one in drawn for each in (one, one[::-1])):
        before: frozenset[str] = frozenset()
        for place in order:
            joined = before | {names[place]}
            if joined not in known:
                known[joined] = score_set(
                    tuple(name for name in names if name in joined), kernels, targets
                ).skill
            shares[names[place]] += (known[joined] - known[before]) / (2 * len(drawn))
            before = joined
    return shares
