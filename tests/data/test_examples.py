import numpy as np
import pytest

from fusion.data.examples import Array, Data, Examples, ImageFiles, class_counts, describe, take
from fusion.errors import DataError


def made(count, targets=None):
    return Examples({"x": Array(np.arange(count))}, targets, tuple(f"e{i}" for i in range(count)))


def test_columns_of_different_length_are_refused_with_their_lengths():
    with pytest.raises(DataError, match=r"input 'x' has 2, targets has 3, names has 2"):
        Examples({"x": Array(np.zeros(2))}, np.zeros(3), ("a", "b"))


def test_image_files_with_four_channels_are_refused_before_any_is_read():
    with pytest.raises(DataError, match=r"1 channel .* or 3 .* shape \(8, 8, 4\)"):
        ImageFiles((), (8, 8, 4), (0, 255))


def test_taking_twice_leaves_a_memory_mapped_array_in_its_file(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(10.0))
    values = np.load(tmp_path / "x.npy", mmap_mode="r")
    examples = Examples({"x": Array(values)}, None, tuple("abcdefghij"))

    taken = take(take(examples, [9, 5, 1]), [2, 0])

    assert taken.names == ("b", "j")
    assert taken.columns["x"].values is values
    assert taken.columns["x"].read(np.array([0, 1])).tolist() == [1.0, 9.0]


def test_taking_moves_files_targets_and_names_together(tmp_path):
    paths = tuple(tmp_path / name for name in "abc")
    examples = Examples({"x": ImageFiles(paths, (8, 8, 3), (0, 1))}, np.array([0, 1, 2]), ("a", "b", "c"))

    taken = take(examples, [2, 1])

    assert taken.columns["x"].paths == (paths[2], paths[1])
    assert taken.targets.tolist() == [2, 1]
    assert taken.names == ("c", "b")


def test_several_labels_of_one_example_all_count():
    targets = np.array([[1, 1, 0], [0, 1, 0]], dtype=np.float32)

    assert class_counts(made(2, targets), ("a", "b", "c")) == {"a": 1, "b": 2, "c": 0}


def test_binary_targets_are_counted_as_two_classes():
    targets = np.array([[1], [0], [1]], dtype=np.float32)

    assert class_counts(made(3, targets), ("no", "yes")) == {"no": 1, "yes": 2}


def test_a_regression_is_described_without_classes():
    data = Data(made(12, np.zeros((12, 1))), None, made(3, np.zeros((3, 1))), None, "Table t.csv.")

    assert describe(data) == "15 examples.\n  train   12\n  test     3\nTable t.csv."
