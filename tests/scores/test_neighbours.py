import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores import neighbours
from fusion.scores.neighbours import nearest, probe_neighbours
from fusion.scores.targets import blind_error, make_targets

FEATURES = np.random.default_rng(0).standard_normal((30, 7)) + 0.5


def left_out(sklearn, model, answers):
    return sklearn.model_selection.cross_val_predict(
        model, FEATURES, answers, cv=sklearn.model_selection.LeaveOneOut()
    )


@pytest.mark.parametrize("most", [1, 2, 5, 29])
def test_the_vote_is_that_of_scikit_learn(most, sklearn):
    classes = FEATURES[:, :4].argmax(1)

    found = probe_neighbours(nearest(FEATURES, most=most), make_targets(classes, "classification"))

    voter = sklearn.neighbors.KNeighborsClassifier(most, metric="cosine")
    assert found == (left_out(sklearn, voter, classes) == classes).mean()


@pytest.mark.parametrize("most", [1, 2, 5])
def test_labels_are_voted_on_one_by_one(most, sklearn):
    labels = (FEATURES[:, :3] > 0.5).astype(int)

    found = probe_neighbours(nearest(FEATURES, most=most), make_targets(labels, "multilabel"))

    voter = sklearn.neighbors.KNeighborsClassifier(most, metric="cosine")
    assert found == (left_out(sklearn, voter, labels) == labels).mean()


def test_a_regression_takes_the_mean_of_its_neighbours(sklearn):
    targets = make_targets(FEATURES[:, :2] @ [[1.0], [2.0]], "regression")

    found = probe_neighbours(nearest(FEATURES), targets)

    predicted = left_out(sklearn, sklearn.neighbors.KNeighborsRegressor(5, metric="cosine"), targets.columns)
    plain = sklearn.metrics.r2_score(targets.columns, predicted)
    assert found == pytest.approx(1 - (1 - plain) / blind_error(targets), abs=1e-8)


def test_neighbours_in_blocks_are_the_same(monkeypatch):
    whole = np.sort(nearest(FEATURES), axis=1)

    monkeypatch.setattr(neighbours, "BLOCK", 7 * len(FEATURES))

    assert (np.sort(nearest(FEATURES), axis=1) == whole).all()


def test_an_example_of_zeros_is_as_near_to_all():
    features = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.1]])

    assert nearest(features, most=1)[1:].T.tolist() == [[2, 1]]


@pytest.mark.parametrize("most", [0, 30])
def test_more_neighbours_than_others_are_refused(most):
    with pytest.raises(DataError, match=f"{most} neighbours of each of 30 examples.* ask for 1 to 29"):
        nearest(FEATURES, most=most)


def test_targets_of_other_examples_are_refused():
    with pytest.raises(DataError, match="neighbours of 30 examples and targets of 2"):
        probe_neighbours(nearest(FEATURES), make_targets([0, 1], "binary"))
