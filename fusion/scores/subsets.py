"""The fusion calculus: every set of taps scored from sums of Gram matrices, before anything is trained."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from fusion.errors import DataError, listed
from fusion.scores.ridge import probe_ridge
from fusion.scores.spectra import decompose_gram
from fusion.scores.targets import Targets

MOST = 2**14
"""Sets of taps that are all tried; of more, a beam looks for the good ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """One tap as the fusion calculus sees it.

    Args:
        gram: Shape (examples, examples): inner products of its standardised features.
        width: How many features it has.
    """

    gram: np.ndarray
    width: int


@dataclass(frozen=True, slots=True)
class Fusion:
    """Some taps side by side, scored as one.

    Args:
        taps: Their names, in the order the taps were given.
        skill: Share of the left-out squared error taken away; what sets are picked by.
        value: Left-out accuracy or, for a regression, the skill again.
        penalty: The best penalty.
    """

    taps: tuple[str, ...]
    skill: float
    value: float
    penalty: float


@dataclass(frozen=True, slots=True)
class Fusions:
    """Scored sets of taps.

    Args:
        names: All taps.
        rows: The sets, smaller ones first.
        exhaustive: Whether every set of up to `largest` taps is there; otherwise a beam chose which to try.
        largest: The most taps in one set.
    """

    names: tuple[str, ...]
    rows: tuple[Fusion, ...]
    exhaustive: bool
    largest: int


def make_kernel(features: np.ndarray) -> Kernel:
    """Returns the kernel of a tap's features, which are taken as they are: `standardise` them first.

    >>> make_kernel(np.array([[1.0], [-1.0], [0.0]])).gram[0]
    array([ 1., -1.,  0.])
    """
    return Kernel(features @ features.T, features.shape[1])


def score_fusions(
    kernels: Mapping[str, Kernel],
    targets: Targets,
    *,
    largest: int | None = None,
    most: int = MOST,
    beam: int = 16,
) -> Fusions:
    """Returns every set of taps, or those a beam finds, with what ridge on all their features leaves out exactly.

    The Gram matrix of taps side by side is the sum of theirs, each standardised on its own by then, so one set costs
    one decomposition of a matrix of examples by examples whatever the taps' widths. Exact for a ridge head; with many
    classes and few examples another head can order sets otherwise, so picked sets are to be confirmed with the real one.

    >>> from fusion.scores.targets import make_targets
    >>> one, other = np.array([[1.0], [1], [-1], [-1]] * 3), np.array([[1.0], [-1], [1], [-1]] * 3)
    >>> kernels = {"a": make_kernel(one), "b": make_kernel(other)}
    >>> for row in score_fusions(kernels, make_targets([2.0, 0, 0, -2] * 3, "regression")).rows:
    ...     print(row.taps, round(row.skill, 1))
    ('a',) 0.4
    ('b',) 0.4
    ('a', 'b') 1.0

    Args:
        kernels: By name; of the same examples.
        targets: As many as examples.
        largest: The most taps in one set; by default all of them.
        most: How many sets may be tried exhaustively. Above that, the `beam` best sets of each size are each joined by
            every further tap; sets that only show their worth together can then be missed.
        beam: How many sets of one size are followed.

    Raises:
        DataError: If there is no tap, or kernels and targets are not of the same examples, or the limits are below 1.
    """
    _check(kernels, targets, largest, beam)
    names, size = tuple(kernels), min(largest or len(kernels), len(kernels))
    exhaustive = sum(comb(len(names), taps) for taps in range(1, size + 1)) <= most
    if exhaustive:
        every = (chosen for taps in range(1, size + 1) for chosen in combinations(names, taps))
        rows = tuple(_scored(every, kernels, targets))
    else:
        rows = tuple(_followed(kernels, targets, size, beam))
    return Fusions(names, rows, exhaustive, size)


def score_set(taps: tuple[str, ...], kernels: Mapping[str, Kernel], targets: Targets) -> Fusion:
    """Returns some taps side by side, scored as one.

    >>> from fusion.scores.targets import make_targets
    >>> kernel = make_kernel(np.array([[1.0], [1], [-1], [-1]] * 3))
    >>> round(score_set(("a",), {"a": kernel}, make_targets([2.0, 0, 0, -2] * 3, "regression")).skill, 1)
    0.4

    Raises:
        DataError: If kernels and targets are not of the same examples.
    """
    chosen = [kernels[name] for name in taps]
    gram = np.sum([kernel.gram for kernel in chosen], axis=0)
    path = probe_ridge(decompose_gram(gram, width=sum(kernel.width for kernel in chosen)), targets)
    return Fusion(taps, path.skill, path.value, path.penalty)


def rank(fusions: Fusions) -> tuple[Fusion, ...]:
    """Returns the sets from the most skilful on; of equally skilful ones the smaller first.

    >>> [
    ...     row.taps
    ...     for row in rank(
    ...         Fusions(("a", "b"), (Fusion(("a",), 0.1, 1, 1), Fusion(("b",), 0.2, 1, 1)), True, 1)
    ...     )
    ... ]
    [('b',), ('a',)]
    """
    return tuple(sorted(fusions.rows, key=lambda row: (-row.skill, len(row.taps))))


def best_by_size(fusions: Fusions) -> tuple[Fusion, ...]:
    """Returns the most skilful set of each size, from one tap on: what each further tap is worth.

    >>> rows = Fusion(("a",), 0.1, 1, 1), Fusion(("b",), 0.2, 1, 1), Fusion(("a", "b"), 0.3, 1, 1)
    >>> [row.taps for row in best_by_size(Fusions(("a", "b"), rows, True, 2))]
    [('b',), ('a', 'b')]
    """
    best: dict[int, Fusion] = {}
    for row in rank(fusions):
        best.setdefault(len(row.taps), row)
    return tuple(best[size] for size in sorted(best))


def _scored(
    sets: Iterable[tuple[str, ...]], kernels: Mapping[str, Kernel], targets: Targets
) -> Iterator[Fusion]:
    for taps in sets:
        yield score_set(taps, kernels, targets)


def _followed(kernels: Mapping[str, Kernel], targets: Targets, largest: int, beam: int) -> Iterator[Fusion]:
    """Yields the sets a beam tries, size by size."""
    names = tuple(kernels)
    front: list[tuple[str, ...]] = [()]
    for _ in range(largest):
        longer = {frozenset((*taps, name)) for taps in front for name in names if name not in taps}
        sets = sorted(tuple(name for name in names if name in taps) for taps in longer)
        rows = list(_scored(sets, kernels, targets))
        yield from rows
        front = [row.taps for row in sorted(rows, key=lambda row: -row.skill)[:beam]]


def _check(kernels: Mapping[str, Kernel], targets: Targets, largest: int | None, beam: int) -> None:
    if not kernels:
        raise DataError("There is no tap to fuse. Give one kernel or more.")
    if beam < 1 or (largest is not None and largest < 1):
        raise DataError(f"A set has 1 tap or more and a beam 1 set; asked for were {largest} and {beam}.")
    wrong = [
        f"{name} of {len(kernel.gram)}"
        for name, kernel in kernels.items()
        if len(kernel.gram) != len(targets)
    ]
    if wrong:
        raise DataError(
            f"There are targets of {len(targets)} examples and kernels of others: {listed(wrong)}. "
            "Give all of the same examples."
        )
