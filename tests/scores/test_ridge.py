import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores import ridge
from fusion.scores.ridge import PATH, left_out, probe_ridge
from fusion.scores.spectra import decompose
from fusion.scores.targets import make_targets


def features_of(width, examples=36):
    return np.random.default_rng(width).standard_normal((examples, width)) * 2 + 1


def targets_of(task, features):
    signal = features[:, :3] if features.shape[1] > 2 else np.hstack([features] * 3)[:, :3]
    if task == "classification":
        return make_targets(np.digitize(signal.sum(1), [0, 5]), task)
    if task == "binary":
        return make_targets(signal[:, 0] > 1, task)
    return make_targets(signal > 1 if task == "multilabel" else signal, task)


def fitted_without_each(features, columns, penalty):
    """Predictions for each example by a ridge regression fitted to all others."""
    rows = []
    for number in range(len(features)):
        kept, answers = np.delete(features, number, 0), np.delete(columns, number, 0)
        mean, middle = kept.mean(0), answers.mean(0)
        gram = (kept - mean).T @ (kept - mean) + penalty * np.eye(features.shape[1])
        slopes = np.linalg.solve(gram, (kept - mean).T @ (answers - middle))
        rows.append(middle + (features[number] - mean) @ slopes)
    return np.array(rows)


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
@pytest.mark.parametrize("width", [1, 8, pytest.param(35, marks=pytest.mark.slow), 100])
@pytest.mark.parametrize("form", ["primal", "dual"])
def test_leaving_out_without_fitting_is_leaving_out_with_fitting(task, width, form):
    features = features_of(width)
    targets = targets_of(task, features)
    penalties = np.array([1e-2, 1.0, 1e3])

    found = list(left_out(decompose(features, form=form), targets.columns, penalties))

    for penalty, predictions in zip(penalties, found, strict=True):
        assert np.abs(predictions - fitted_without_each(features, targets.columns, penalty)).max() < 1e-8


@pytest.mark.parametrize("width", [8, 100])
def test_leaving_out_is_that_of_scikit_learn(width, sklearn):
    features = features_of(width)
    targets = targets_of("classification", features)

    (found,) = left_out(decompose(features), targets.columns, np.array([1.0]))

    fitted = sklearn.model_selection.cross_val_predict(
        sklearn.linear_model.Ridge(alpha=1.0, solver="svd"),
        features,
        targets.columns,
        cv=sklearn.model_selection.LeaveOneOut(),
    )
    assert np.abs(found - fitted).max() < 1e-8


def test_one_against_the_rest_is_the_ridge_classifier(sklearn):
    features = features_of(20)
    targets = make_targets(np.random.default_rng(0).integers(0, 4, 36), "classification")

    path = probe_ridge(decompose(features), targets, penalties=np.array([0.5, 50.0]))

    for penalty, value in zip(path.penalties, path.values, strict=True):
        labels = targets.columns.argmax(1)
        fitted = sklearn.model_selection.cross_val_predict(
            sklearn.linear_model.RidgeClassifier(alpha=penalty),
            features,
            labels,
            cv=sklearn.model_selection.LeaveOneOut(),
        )
        assert value == (fitted == labels).mean()


def test_the_penalty_is_the_one_of_least_squared_error_and_not_of_most_hits():
    features = features_of(50)
    targets = make_targets(np.random.default_rng(0).integers(0, 4, 36), "classification")
    spectrum = decompose(features)

    path = probe_ridge(spectrum, targets)

    by_hand = [
        ((rows - targets.columns) ** 2).mean() for rows in left_out(spectrum, targets.columns, path.penalties)
    ]
    assert len(path.penalties) == len(PATH) == 19
    assert np.allclose(path.errors, by_hand)
    assert path.best == int(np.argmin(by_hand)) != int(np.argmax(path.values))
    assert path.penalty == path.penalties[path.best]
    assert path.value == path.values[path.best]


@pytest.mark.parametrize("change", ["scale", "shift", "turn"])
def test_what_does_not_matter_changes_nothing(change):
    features = features_of(10)
    targets = targets_of("classification", features)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((10, 10)))[0]
    changed = {"scale": 7 * features, "shift": features + 5, "turn": features @ turn}[change]

    before, after = (probe_ridge(decompose(given), targets) for given in (features, changed))

    assert np.allclose(before.errors, after.errors, rtol=1e-9)
    assert before.values == after.values


def test_penalties_in_blocks_give_the_same(monkeypatch):
    features = features_of(10)
    targets = targets_of("classification", features)
    whole = probe_ridge(decompose(features), targets)

    monkeypatch.setattr(ridge, "BLOCK", 5 * targets.columns.size)

    parts = probe_ridge(decompose(features), targets)
    assert np.allclose(whole.errors, parts.errors, rtol=1e-12)
    assert whole.values == parts.values


def test_a_penalty_of_nothing_is_refused():
    with pytest.raises(DataError, match=r"above 0, and the least of these is 0\.0"):
        probe_ridge(
            decompose(np.eye(4)), make_targets([0, 1, 0, 1], "binary"), penalties=np.array([1.0, 0.0])
        )


def test_targets_of_other_examples_are_refused():
    with pytest.raises(DataError, match="features of 4 examples and targets of 3"):
        probe_ridge(decompose(np.eye(4)), make_targets([0, 1, 0], "binary"))
