"""What the taps of a study are worth together: every set of them, each one's share, and the sets to confirm."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fusion.probe.scoring import Pooled
from fusion.scores.sampling import sample_rows
from fusion.scores.shares import share_by_orders, share_skill
from fusion.scores.spectra import standardise
from fusion.scores.subsets import (
    MOST,
    Fusion,
    Fusions,
    Kernel,
    best_by_size,
    make_kernel,
    rank,
    score_fusions,
    score_set,
)
from fusion.scores.targets import Targets, take
from fusion.scores.weights import weigh

FEW = 3
"""The most taps in one set where there are too many to try every set."""

WRITTEN = 50
"""Sets that are written down, the most skilful first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusing:
    """How sets of taps are scored.

    Args:
        sets: How many are tried exhaustively; of more, a beam looks for the good ones of up to three taps.
        beam: How many sets of one size the beam follows.
        rows: The most examples; more are sampled evenly, as the time grows with their cube.
        orders: Orders of joining by which Shapley shares are estimated where not every set was tried.
        seed: Of the examples and the orders.
    """

    sets: int = MOST
    beam: int = 8
    rows: int = 300
    orders: int = 20
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """Sets of taps, scored.

    Args:
        fusions: All that were tried.
        every: All taps together.
        shares: By tap, its Shapley share of the skill of all; together that skill.
        exact: Whether shares come from every set and not from some orders of joining.
        weights: By tap, its kernel weight of least left-out error; together 1.
        rows: Examples they were scored on.
    """

    fusions: Fusions
    every: Fusion
    shares: Mapping[str, float]
    exact: bool
    weights: Mapping[str, float]
    rows: int

    @property
    def picks(self) -> dict[str, Fusion]:
        """The sets to confirm: the best tap, the best two, the best set and all taps; each stands once."""
        best = best_by_size(self.fusions)
        named = {"best-tap": best[0], "all-taps": self.every}
        if len(best) > 1:
            named = {"best-tap": best[0], "best-two": best[1], "best-set": rank(self.fusions)[0], **named}
        found: dict[str, Fusion] = {}
        for name, each in named.items():
            if each.taps not in [other.taps for other in found.values()]:
                found[name] = each
        return found


def fuse_taps(pooled: Pooled, options: Fusing | None = None) -> Fused:
    """Returns what sets of taps are worth to a ridge head, each tap standardised on its own by feature.

    Raises:
        DataError: If features or targets cannot be scored.
    """
    chosen = options or Fusing()
    rows = sample_rows(pooled.targets, most=chosen.rows, seed=chosen.seed)
    targets = take(pooled.targets, rows)
    kernels = {name: make_kernel(standardise(each[rows])) for name, each in pooled.features.items()}
    count = len(kernels)
    largest = count if 2**count - 1 <= chosen.sets else min(FEW, count)
    fusions = score_fusions(kernels, targets, largest=largest, most=chosen.sets, beam=chosen.beam)
    shares, exact = _shares(fusions, kernels, targets, chosen)
    return Fused(
        fusions=fusions,
        every=score_set(tuple(kernels), kernels, targets),
        shares=shares,
        exact=exact,
        weights=weigh(kernels, targets).weights,
        rows=len(rows),
    )


def fused_data(fused: Fused) -> dict[str, Any]:
    """Returns what is known of sets as plain data: the most skilful ones, the best of each size, shares and weights.

    >>> one = Fusion(("a",), 0.5, 0.9, 1.0)
    >>> found = Fused(
    ...     fusions=Fusions(("a",), (one,), True, 1),
    ...     every=one,
    ...     shares={"a": 0.5},
    ...     exact=True,
    ...     weights={},
    ...     rows=8,
    ... )
    >>> fused_data(found)["picks"]["best-tap"]["taps"]
    ('a',)
    """
    return {
        "tried": len(fused.fusions.rows),
        "exhaustive": fused.fusions.exhaustive,
        "largest": fused.fusions.largest,
        "rows": fused.rows,
        "scaling": "each tap by itself: every feature to deviation 1, the tap to mean squared length 1",
        "best": [asdict(each) for each in rank(fused.fusions)[:WRITTEN]],
        "by_size": [asdict(each) for each in best_by_size(fused.fusions)],
        "every": asdict(fused.every),
        "picks": {name: asdict(each) for name, each in fused.picks.items()},
        "shares": dict(fused.shares),
        "shares_exact": fused.exact,
        "weights": dict(fused.weights),
    }


def _shares(
    fusions: Fusions, kernels: Mapping[str, Kernel], targets: Targets, options: Fusing
) -> tuple[Mapping[str, float], bool]:
    if fusions.exhaustive and fusions.largest == len(fusions.names):
        return share_skill(fusions), True
    return share_by_orders(kernels, targets, orders=options.orders, seed=options.seed), False
