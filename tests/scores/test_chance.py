"""Scores of random labels: none may tell a wide tap from a narrow one."""

from functools import cache

import numpy as np
import pytest

from fusion.scores.evidence import logme
from fusion.scores.neighbours import nearest, probe_neighbours
from fusion.scores.nulls import shuffle
from fusion.scores.ridge import probe_ridge
from fusion.scores.separation import hscore
from fusion.scores.spectra import decompose, standardise
from fusion.scores.targets import make_targets

WIDTHS = (8, 32, 256, 2048)
EXAMPLES, CLASSES, SEEDS = 300, 10, 4


@cache
def scores(width):
    """Mean over seeds of each score, of features and labels that have nothing to do with each other."""
    rows = []
    for seed in range(SEEDS):
        generator = np.random.default_rng((width, seed))
        features = standardise(generator.standard_normal((EXAMPLES, width)))
        targets = make_targets(generator.integers(0, CLASSES, EXAMPLES), "classification")
        spectrum = decompose(features)
        path, separation = probe_ridge(spectrum, targets), hscore(spectrum, targets)
        rows.append(
            {
                "ridge": path.value,
                "skill": path.skill,
                "knn": probe_neighbours(nearest(features), targets),
                "logme": logme(spectrum, targets),
                "hscore": separation.excess,
                "raw": hscore(spectrum, targets, shrinkage=0.0).value,
            }
        )
    return {score: np.mean([row[score] for row in rows]) for score in rows[0]}


@pytest.mark.parametrize(
    ("score", "expected", "margin"),
    [("ridge", 0.1, 0.04), ("skill", 0.0, 0.01), ("knn", 0.1, 0.03), ("hscore", 0.0, 0.1)],
)
@pytest.mark.parametrize("width", WIDTHS)
def test_random_labels_score_as_chance_does_at_any_width(score, expected, margin, width):
    assert abs(scores(width)[score] - expected) < margin


def test_logme_of_random_labels_is_that_of_no_features_at_any_width():
    shares = np.full(CLASSES, 1 / CLASSES)
    blind = -0.5 * (np.log(2 * np.pi * shares * (1 - shares)) + 1).mean()

    assert max(abs(scores(width)["logme"] - blind) for width in WIDTHS) < 0.01


def test_the_h_score_not_shrunk_and_not_above_chance_would_rank_widths():
    assert [scores(width)["raw"] > 0.9 * (CLASSES - 1) for width in WIDTHS] == [False, False, False, True]


@pytest.mark.parametrize("score", ["ridge", "knn", "logme", "hscore"])
@pytest.mark.parametrize("width", [8, 2048])
@pytest.mark.slow
def test_random_labels_are_rarely_called_better_than_chance(score, width):
    ps = []
    for seed in range(40):
        generator = np.random.default_rng((7, width, seed))
        features = standardise(generator.standard_normal((40, width)))
        targets = make_targets(generator.integers(0, 3, 40), "classification")
        spectrum, neighbours = decompose(features), nearest(features)
        function = {
            "ridge": lambda answers, spectrum=spectrum: probe_ridge(spectrum, answers).value,
            "knn": lambda answers, neighbours=neighbours: probe_neighbours(neighbours, answers),
            "logme": lambda answers, spectrum=spectrum: logme(spectrum, answers),
            "hscore": lambda answers, spectrum=spectrum: hscore(spectrum, answers).excess,
        }[score]
        ps.append(shuffle(function, targets, permutations=19, seed=seed).p)

    # At most one in ten in truth would be seen to exceed it once in 300 such tests.
    assert np.mean(np.array(ps) <= 0.1) <= 0.25
    assert np.mean(ps) > 0.35
