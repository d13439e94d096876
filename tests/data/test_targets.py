import numpy as np
import pytest

from fusion.data.examples import Array, Data, Examples
from fusion.data.targets import encode, match_head
from fusion.errors import DataError
from fusion.recipe.head import Output

THREE = Output(task="classification", classes=3)
NAMED = Output(task="classification", classes=("dog", "cat", "cow"))
BINARY = Output(task="binary")
LABELS = Output(task="multilabel", classes=("red", "round"))
NUMBER = Output(task="regression")


def pets(labels=("cats", "dogs")):
    part = Examples({"x": Array(np.zeros((3, 1)))}, np.array([0, 1, 1]), ("a", "b", "c"))
    return Data(part, None, part, labels, "Folder pets.")


def test_texts_become_class_numbers_in_alphabetical_order():
    targets, labels = encode(np.array(["b", "c", "a", "b"]), THREE, source="t.csv")

    assert targets.tolist() == [1, 2, 0, 1]
    assert targets.dtype == np.int64
    assert labels == ("a", "b", "c")


def test_texts_that_are_whole_numbers_are_ordered_as_numbers():
    output = Output(task="classification", classes=4)

    assert encode(np.array(["10", "9", "-1", "2"]), output, source="t.csv")[1] == ("-1", "2", "9", "10")


def test_texts_take_the_order_of_the_heads_classes():
    targets, labels = encode(np.array(["cow", "dog", "cat"]), NAMED, source="t.csv")

    assert targets.tolist() == [2, 0, 1]
    assert labels == ("dog", "cat", "cow")


def test_class_numbers_take_the_names_of_the_head():
    targets, labels = encode(np.array([[2], [0]], dtype=np.uint8), NAMED, source="x.npz")

    assert targets.tolist() == [2, 0]
    assert targets.dtype == np.int64
    assert labels == ("dog", "cat", "cow")


def test_class_numbers_without_names_are_called_by_their_number():
    assert encode(np.array([1, 0, 1]), THREE, source="x.npz")[1] == ("0", "1", "2")


@pytest.mark.parametrize("values", [["no", "yes", "no"], [0, 1, 0], [False, True, False], [0.0, 1.0, 0.0]])
def test_binary_targets_are_one_column_of_floats_for_the_second_class(values):
    targets, labels = encode(np.array(values), BINARY, source="t.csv")

    assert targets.tolist() == [[0.0], [1.0], [0.0]]
    assert targets.dtype == np.float32
    assert len(labels) == 2


def test_multilabel_targets_are_floats():
    targets, labels = encode(np.array([[1, 0], [1, 1]]), LABELS, source="x.npz")

    assert targets.dtype == np.float32
    assert targets.tolist() == [[1, 0], [1, 1]]
    assert labels == ("red", "round")


def test_regression_targets_get_a_column():
    targets, labels = encode(np.array([3, 4]), NUMBER, source="x.npz")

    assert targets.tolist() == [[3.0], [4.0]]
    assert targets.dtype == np.float32
    assert labels is None


@pytest.mark.parametrize(
    ("values", "output", "message"),
    [
        (
            [1.5, np.nan],
            NUMBER,
            "x: targets are NaN, or infinite as float32.*: 1 in all, the first in row 1,",
        ),
        ([1.5, 2.5, -1e39], NUMBER, r"up to 3\.4e\+38: 1 in all, the first in row 2, counted from 0"),
        ([b"a"], THREE, r"x: targets are numbers or texts, got \|S1"),
        ([[1, 0, 0]], THREE, r"integers of shape \(n,\); got int64 of shape \(1, 3\)\. One-hot .*argmax"),
        ([1.0], THREE, r"integers of shape \(n,\); got float64 of shape \(1,\)\.$"),
        ([0, 3], THREE, r"class numbers from 0 to 3, but the head has 3 classes, numbered 0 to 2"),
        ([-1, 0], THREE, "class numbers from -1 to 0"),
        ([[1, 2]], LABELS, "targets of a multilabel are 0 or 1, got 2"),
        ([2], BINARY, "targets of a binary are 0 or 1, got 2"),
        ([1, 0], LABELS, r"targets of shape \(2,\), but the head predicts 2 numbers"),
        ([[1, 2]], NUMBER, r"targets of shape \(1, 2\), but the head predicts 1 number "),
        (["a", "b"], THREE, r"x has 2 classes \(a, b\), but the head has 3\. Write \"classes\": 2 at /head"),
        (["a", "b", "c"], BINARY, r"x has 3 classes .* the head has 2\. Write \"task\": \"classification\""),
        (["a", "b"], NUMBER, r"x has 2 classes .* task is regression\. Write \"task\": \"classification\""),
        (["dog", "cat", "caw"], NAMED, r"x has the class 'caw', the head has not\. Did you mean 'cow'\?"),
        (["dog", "cat"], NAMED, r"The head has the class 'cow', x has not"),
    ],
)
def test_targets_that_do_not_fit_the_head_are_refused(values, output, message):
    with pytest.raises(DataError, match=message):
        encode(np.array(values), output, source="x")


def test_folders_take_the_order_of_the_heads_classes():
    data = match_head(pets(), Output(task="classification", classes=("dogs", "cats")), source="pets")

    assert data.labels == ("dogs", "cats")
    assert data.train.targets.tolist() == [1, 0, 0]
    assert data.test.targets.tolist() == [1, 0, 0]


def test_folders_feed_a_binary_head():
    data = match_head(pets(), BINARY, source="pets")

    assert data.train.targets.tolist() == [[0.0], [1.0], [1.0]]
    assert data.train.targets.dtype == np.float32


def test_folders_with_another_number_of_classes_than_the_head_say_what_to_write():
    message = r'^pets has 2 classes \(cats, dogs\), but the head has 3\. Write "classes": 2 at /head/output/classes, or'

    with pytest.raises(DataError, match=message):
        match_head(pets(), THREE, source="pets")


def test_data_without_classes_cannot_be_matched():
    with pytest.raises(DataError, match="pets has no classes"):
        match_head(pets(labels=None), BINARY, source="pets")
