from itertools import permutations

import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.separation import hscore, ledoit_wolf
from fusion.scores.spectra import decompose
from fusion.scores.targets import make_targets, take

CLASSES = np.random.default_rng(0).integers(0, 5, 80)


def features_of(width):
    features = np.random.default_rng(width).standard_normal((80, width)) * (1 + np.arange(width) % 3) + 2
    features[:, : min(5, width)] += np.eye(5)[CLASSES, : min(5, width)]
    return features


@pytest.mark.parametrize("width", [1, 2, 20, 79, 200])
def test_the_shrinkage_is_that_of_scikit_learn(width, sklearn):
    features = features_of(width)

    found = ledoit_wolf(decompose(features))

    assert found == pytest.approx(sklearn.covariance.ledoit_wolf(features)[1], abs=1e-10)


@pytest.mark.parametrize("width", [1, 2, 20, 79, 200])
@pytest.mark.parametrize("form", ["primal", "dual"])
def test_the_score_is_its_definition(width, form, sklearn):
    features = features_of(width)
    covariance, shrinkage = sklearn.covariance.ledoit_wolf(features)
    means = np.array([features[kind == CLASSES].mean(0) for kind in range(5)])[CLASSES]
    between = np.cov(means.T, bias=True).reshape(width, width)

    found = hscore(decompose(features, form=form), make_targets(CLASSES, "classification"))

    assert found.value == pytest.approx(
        (1 - shrinkage) * np.trace(np.linalg.solve(covariance, between)), abs=1e-8
    )


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_not_shrunk_it_is_the_sum_of_squared_canonical_correlations(task):
    features = features_of(20)
    answers = {"classification": CLASSES, "multilabel": features[:, :3] > 2, "regression": features[:, :3]}
    targets = make_targets(answers[task], task)
    left = np.linalg.qr(features - features.mean(0))[0]
    right, sizes, _ = np.linalg.svd(targets.centred, full_matrices=False)

    found = hscore(decompose(features), targets, shrinkage=0.0).value

    assert found == pytest.approx((np.linalg.svd(left.T @ right[:, sizes > 1e-8])[1] ** 2).sum(), abs=1e-8)


def test_chance_is_the_mean_over_every_order():
    features = np.random.default_rng(0).standard_normal((6, 3))
    targets = make_targets([0, 0, 1, 1, 1, 2], "classification")
    spectrum = decompose(features)

    every = [hscore(spectrum, take(targets, np.array(order))).value for order in permutations(range(6))]

    assert hscore(spectrum, targets).chance == pytest.approx(np.mean(every), abs=1e-10)


def test_excess_is_what_is_above_chance():
    found = hscore(decompose(features_of(20)), make_targets(CLASSES, "classification"))

    assert found.excess == found.value - found.chance > 0


def test_targets_of_other_examples_are_refused():
    with pytest.raises(DataError, match="features of 80 examples and targets of 2"):
        hscore(decompose(features_of(3)), make_targets([0, 1], "binary"))
