"""All scores of all taps, from one set of features and without training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.errors import DataError, listed
from fusion.scores.agreement import Agreement, compare_scores
from fusion.scores.alignment import align
from fusion.scores.evidence import logme, logme_draws
from fusion.scores.neighbours import nearest, probe_neighbours
from fusion.scores.nulls import Null, correct, orders
from fusion.scores.ridge import RidgePath, probe_ridge, ridge_draws
from fusion.scores.sampling import sample_rows
from fusion.scores.separation import HScore, hscore, hscore_draws, ledoit_wolf
from fusion.scores.spectra import Scaling, Spectrum, decompose, standardise
from fusion.scores.targets import Targets, take

SCORES = ("ridge", "knn", "logme", "hscore")
"""Scores of one tap, greater is better; the first is the one to go by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """How taps are scored.

    Args:
        scaling: What `standardise` brings to one scale.
        neighbours: k of the nearest neighbours.
        permutations: Shufflings of each null; 0 for no nulls.
        rows: Where a tap has more features and more examples than this, so many examples are drawn for all taps.
        seed: Of the examples drawn and of the shufflings.
    """

    scaling: Scaling = "feature"
    neighbours: int = 5
    permutations: int = 99
    rows: int = 2000
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Tap:
    """The pooled features of one tap.

    Args:
        features: Shape (examples, width).
        depth: Where it lies, such as its share of the backbone's layers: the baseline that scores are held against.
    """

    features: np.ndarray
    depth: float


@dataclass(frozen=True, slots=True)
class TapScores:
    """What is said of one tap.

    Args:
        name: The tap.
        depth: Where it lies.
        width: How many features it has.
        ridge: The whole path of penalties.
        hscore: The H-score with its chance and shrinkage.
        scores: By the names in `SCORES`: left-out value of ridge and of neighbours, LogME, H-score above chance.
        nulls: The same under shuffled targets; empty where none were asked for.
    """

    name: str
    depth: float
    width: int
    ridge: RidgePath
    hscore: HScore
    scores: Mapping[str, float]
    nulls: Mapping[str, Null]


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What is said of all taps.

    Args:
        taps: One after another, as they were given.
        similarity: Debiased CKA between them, shape (taps, taps).
        rows: The examples that were scored.
        sampled: Whether these are not all.
    """

    taps: tuple[TapScores, ...]
    similarity: np.ndarray
    rows: np.ndarray
    sampled: bool


def probe(taps: Mapping[str, Tap], targets: Targets, options: Probing | None = None) -> Probe:
    """Returns the scores of each tap, with permutation nulls, and the similarity between taps.

    Score training (and validation) examples, never those of a test.

    >>> from fusion.scores.targets import make_targets
    >>> classes = np.arange(20) % 2
    >>> tap = Tap(classes[:, None] + 0.1 * np.random.default_rng(0).standard_normal((20, 2)), depth=0.5)
    >>> found = probe({"pool1": tap}, make_targets(classes, "classification")).taps[0]
    >>> found.scores["ridge"], found.nulls["ridge"].p
    (1.0, 0.01)

    Raises:
        DataError: If there is no tap, or taps and targets are not of the same examples.
    """
    chosen = options or Probing()
    _check(taps, targets)
    count = len(targets)
    wide = any(min(count, tap.features.shape[1]) > chosen.rows for tap in taps.values())
    rows = sample_rows(targets, most=chosen.rows if wide else count, seed=chosen.seed)
    answers = take(targets, rows)
    scaled = {name: standardise(tap.features[rows], by=chosen.scaling) for name, tap in taps.items()}
    spectra = {name: decompose(features) for name, features in scaled.items()}
    found = tuple(
        _scores(
            name, tap.depth, spectra[name], nearest(scaled[name], most=chosen.neighbours), answers, chosen
        )
        for name, tap in taps.items()
    )
    return Probe(found, align(tuple(spectra.values())), rows, len(rows) < count)


def corrected(probe: Probe, score: str) -> Mapping[str, float]:
    """Returns for each tap the p-value of one score, corrected for the number of taps.

    >>> row = TapScores("pool1", 0.5, 2, None, None, {}, {"knn": Null(2.0, (0.0, 1.0, 0.5))})
    >>> corrected(Probe((row,), np.eye(1), np.arange(4), False), "knn")
    {'pool1': 0.25}

    Raises:
        DataError: If there are no nulls of that score.
    """
    if any(score not in row.nulls for row in probe.taps):
        raise DataError(
            f"There are no nulls of {score!r}. Probe with permutations, and name one of {listed(SCORES)}."
        )
    values = correct([row.nulls[score] for row in probe.taps])
    return {row.name: p for row, p in zip(probe.taps, values, strict=True)}


def judge(probe: Probe, measured: Sequence[float]) -> tuple[Agreement, ...]:
    """Returns how each score, and depth and width, foretell what training a head at each tap gave.

    >>> rows = [
    ...     TapScores(name, depth, 8, None, None, {"knn": depth}, {})
    ...     for name, depth in (("a", 0.1), ("b", 0.2))
    ... ]
    >>> for row in judge(Probe(tuple(rows), np.eye(2), np.arange(4), False), [0.7, 0.9]):
    ...     print(row.score, row.tau)
    knn 1.0
    depth 1.0
    width None

    Raises:
        DataError: If there are other than as many measurements as taps.
    """
    scores = {name: [row.scores[name] for row in probe.taps] for name in probe.taps[0].scores}
    depths, widths = [row.depth for row in probe.taps], [row.width for row in probe.taps]
    return compare_scores(scores, measured, depths=depths, widths=widths)


def _scores(
    name: str, depth: float, spectrum: Spectrum, neighbours: np.ndarray, targets: Targets, options: Probing
) -> TapScores:
    # It depends on features alone, so no shuffling asks for it again.
    shrinkage = ledoit_wolf(spectrum)
    path, score = probe_ridge(spectrum, targets), hscore(spectrum, targets, shrinkage=shrinkage)
    scores = {
        "ridge": path.value,
        "knn": probe_neighbours(neighbours, targets),
        "logme": logme(spectrum, targets),
        "hscore": score.excess,
    }
    nulls = {}
    if options.permutations:
        drawn = orders(len(targets), permutations=options.permutations, seed=options.seed)
        draws: dict[str, Sequence[float] | np.ndarray] = {
            "ridge": ridge_draws(spectrum, targets, drawn),
            "knn": [probe_neighbours(neighbours, take(targets, order)) for order in drawn],
            "logme": logme_draws(spectrum, targets, drawn),
            "hscore": hscore_draws(spectrum, targets, drawn, shrinkage=shrinkage),
        }
        nulls = {key: Null(scores[key], tuple(float(each) for each in draws[key])) for key in SCORES}
    return TapScores(name, depth, spectrum.width, path, score, scores, nulls)


def _check(taps: Mapping[str, Tap], targets: Targets) -> None:
    wrong = [
        f"{name} of {tap.features.shape}" for name, tap in taps.items() if len(tap.features) != len(targets)
    ]
    if wrong or not taps:
        raise DataError(
            f"There are targets of {len(targets)} examples, and features of others: {listed(wrong)}. "
            "Give one tap or more, all of the same examples."
        )
