import numpy as np

from fusion.data.examples import Array, Data, Examples
from fusion.data.fingerprints import digests_of


def part(rows, targets):
    names = tuple(map(str, range(len(rows))))
    return Examples({"x": Array(np.array(rows, dtype="float32"))}, np.array(targets), names)


def data(train, test, **fields):
    return Data(train, None, test, None, "Made up.", **fields)


def test_other_targets_are_other_data():
    one, other = (data(part([[1], [2]], [0, label]), part([[3]], [0])) for label in (0, 1))

    assert digests_of(one)["train"] != digests_of(other)["train"]
    assert digests_of(one)["test"] == digests_of(other)["test"]


def test_an_example_in_another_split_is_other_data():
    apart = data(part([[1], [2]], [0, 1]), part([[3]], [1]))
    moved = data(part([[1]], [0]), part([[2], [3]], [1, 1]))

    assert digests_of(apart) != digests_of(moved)


def test_content_nobody_looked_at_is_looked_at():
    one, other = (data(part([[value]], [0]), part([[3]], [0])) for value in (1, 2))

    assert digests_of(one)["train"] != digests_of(other)["train"]
