import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.evidence import logme
from fusion.scores.spectra import decompose
from fusion.scores.targets import make_targets

CLASSES = np.random.default_rng(0).integers(0, 4, 60)


def features_of(width, examples=60):
    features = np.random.default_rng(width).standard_normal((examples, width)) + 2
    features[:, : min(4, width)] += 1.5 * np.eye(4)[CLASSES[:examples], : min(4, width)]
    return features


def without_mean(matrix):
    """The examples in coordinates of what is left when the mean is taken away: one row fewer."""
    ones = np.ones((len(matrix), 1))
    return np.linalg.svd(np.eye(len(matrix)) - ones @ ones.T / len(matrix))[0][:, :-1].T @ matrix


@pytest.mark.parametrize("width", [2, 10, 40])
@pytest.mark.parametrize("form", ["primal", "dual"])
def test_logme_is_the_evidence_of_bayesian_ridge(width, form, sklearn):
    features = features_of(width)
    targets = make_targets(CLASSES, "classification")

    found = logme(decompose(features, form=form), targets)

    flat = {"alpha_1": 0, "alpha_2": 0, "lambda_1": 0, "lambda_2": 0, "tol": 1e-14, "max_iter": 20000}
    rows, columns = without_mean(features), without_mean(targets.columns)
    scores = [
        sklearn.linear_model.BayesianRidge(fit_intercept=False, compute_score=True, **flat)
        .fit(rows, column)
        .scores_[-1]
        for column in columns.T
    ]
    assert found == pytest.approx(np.mean(scores) / 59, abs=1e-8)


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
@pytest.mark.parametrize("width", [3, 100])
@pytest.mark.slow
def test_logme_is_the_greatest_density_of_the_targets(task, width, scipy):
    features = features_of(width, examples=40)
    noise = np.random.default_rng(1).standard_normal((40, 2))
    answers = {
        "classification": CLASSES[:40],
        "multilabel": features[:, :2] + noise > 3,
        "regression": features[:, :2] + noise,
    }
    targets = make_targets(answers[task], task)
    rows, columns = without_mean(features), without_mean(targets.columns)

    def surprise(logs, column):
        noisy, learnt = np.exp(np.clip(logs, -15, 15))
        return (
            -scipy.stats.multivariate_normal.logpdf(column, None, np.eye(39) * noisy + rows @ rows.T * learnt)
            / 39
        )

    def greatest(column):
        options = {"xatol": 1e-7, "fatol": 1e-13, "maxiter": 4000}
        starts = [(-1.0, -3.0), (-3.0, -6.0), (-1.0, -9.0)]
        return max(
            -scipy.optimize.minimize(surprise, start, (column,), "Nelder-Mead", options=options).fun
            for start in starts
        )

    assert logme(decompose(features), targets) == pytest.approx(
        np.mean([greatest(c) for c in columns.T]), abs=1e-8
    )


def test_logme_knows_no_origin_scale_or_direction():
    features, targets = features_of(6), make_targets(CLASSES, "classification")
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0]

    found = logme(decompose(features), targets)

    for changed in (features + 5, features * 10, features @ turn):
        assert logme(decompose(changed), targets) == pytest.approx(found, abs=1e-9)


def test_a_label_nobody_has_is_left_out():
    labels = np.stack([CLASSES > 1, np.zeros(60)], axis=1)

    both = logme(decompose(features_of(6)), make_targets(labels, "multilabel"))

    one = logme(decompose(features_of(6)), make_targets(labels[:, :1], "multilabel"))
    assert both == pytest.approx(one, abs=1e-12)


def test_targets_of_other_examples_are_refused():
    with pytest.raises(DataError, match="features of 60 examples and targets of 2"):
        logme(decompose(features_of(6)), make_targets([0, 1], "binary"))
