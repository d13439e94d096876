import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.targets import blind_error, make_targets, measure, skill, take


def test_the_outputs_of_a_regression_weigh_alike():
    wide = np.array([[1.0, 1000.0], [2.0, 3000.0], [4.0, 2000.0]])

    columns = make_targets(wide, "regression").columns

    assert columns.mean(0) == pytest.approx([0, 0], abs=1e-12)
    assert columns.std(0) == pytest.approx([1, 1])


def test_columns_cannot_be_changed():
    targets = make_targets([0, 1, 1], "classification")

    with pytest.raises(ValueError, match="read-only"):
        targets.columns[0, 0] = 5


def test_labels_are_right_above_one_half_and_counted_one_by_one():
    targets = make_targets([[0, 1], [1, 1]], "multilabel")

    assert measure(targets, np.array([[0.4, 0.6], [0.5, 0.9]])) == 0.75


def test_blind_predictions_have_no_skill():
    targets = make_targets(np.arange(7) % 3, "classification")
    others = np.array([np.delete(targets.columns, row, axis=0).mean(0) for row in range(7)])

    error = ((others - targets.columns) ** 2).mean()

    assert blind_error(targets) == pytest.approx(error, abs=1e-14)
    assert skill(targets, error) == pytest.approx(0, abs=1e-14)


def test_a_regression_is_measured_by_its_skill():
    targets = make_targets([1.0, 2.0, 4.0], "regression")

    assert measure(targets, targets.columns) == 1
    assert measure(targets, targets.columns * 0) == pytest.approx(1 - (2 / 3) ** 2)


def test_rows_are_taken_in_the_order_asked_for():
    targets = make_targets([0, 1, 2], "classification")

    assert take(targets, np.array([2, 0])).columns.argmax(1).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        ([0, 1], "clasification", r"no task 'clasification'\. Did you mean 'classification'"),
        ([0.0, 1.0], "classification", "class numbers from 0.*float64 of shape"),
        ([[0], [1]], "classification", r"class numbers from 0.*shape \(2, 1\)"),
        ([-1, 1], "classification", "such as -1"),
        (["a", "b"], "regression", "regression are numbers"),
        (np.zeros((2, 2, 2)), "regression", r"shape \(2, 2, 2\)"),
        ([1.0, np.nan], "regression", "1 of them not finite"),
        ([0, 2], "multilabel", "are 0 and 1, and these go from 0.0 to 2.0"),
        ([1, 1, 1], "classification", "the same for all 3 examples"),
        ([[1.0, 0.1], [2.0, 0.1]], "regression", "the same for all 2"),
        ([], "regression", "There are no targets"),
    ],
)
def test_what_is_no_target_of_the_task_is_refused(values, task, message):
    with pytest.raises(DataError, match=message):
        make_targets(values, task)
