import numpy as np
import pytest

from fusion.data.descriptions import class_counts, describe
from fusion.data.examples import Array, Data, Examples, ImageFiles, join, take
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


def test_splits_of_one_array_are_joined_without_copying_it():
    whole = made(6, np.arange(6))

    joined = join([take(whole, [4, 1]), take(whole, [5]), whole])

    assert joined.names == ("e4", "e1", "e5", *whole.names)
    assert joined.targets.tolist() == [4, 1, 5, *range(6)]
    assert joined.columns["x"].values is whole.columns["x"].values
    assert joined.columns["x"].read(np.arange(9)).tolist() == [4, 1, 5, *range(6)]


def test_arrays_of_their_own_are_joined_into_one_of_the_rows_that_are_used():
    first, other = take(made(6), [4, 1]), made(3)

    joined = join([first, other])

    assert joined.columns["x"].values.tolist() == [4, 1, 0, 1, 2]
    assert joined.targets is None


def test_image_files_are_joined_in_order_whatever_the_order_of_inputs(tmp_path):
    paths = [(tmp_path / "a", tmp_path / "b"), (tmp_path / "c",)]
    files = [ImageFiles(some, (8, 8, 3), (0, 255)) for some in paths]
    arrays = [Array(np.zeros(len(some))) for some in paths]
    first = Examples({"photo": files[0], "x": arrays[0]}, None, ("a", "b"))
    other = Examples({"x": arrays[1], "photo": files[1]}, None, ("c",))

    joined = join([first, other])

    assert joined.columns["photo"] == ImageFiles(paths[0] + paths[1], (8, 8, 3), (0, 255))
    assert len(joined.columns["x"]) == 3


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            {"y": Array(np.zeros(1))},
            r"\n  input 'x' from an array.*\n  input 'y' from an array, of shape \(\),",
        ),
        ({"x": Array(np.zeros((1, 2)))}, r"of shape \(\), no targets\n.* of shape \(2,\), no targets$"),
        ({"x": Array(np.zeros(1)), "y": Array(np.zeros(1))}, r"\n.*\n.*'x'.*'y'"),
        (
            {"x": ImageFiles(("a",), (8, 8, 3), (0, 1))},
            r"from files, of shape \(8, 8, 3\) and range \(0.0, 1.0\)",
        ),
    ],
)
def test_examples_of_different_inputs_are_not_joined(other, message):
    with pytest.raises(DataError, match=rf"part 1 and part 3 differ:(.|\n)*{message}"):
        join([made(2), made(1), Examples(other, None, ("a",))])


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (None, r"targets int64 of shape \(\)\n.*no targets$"),
        (
            np.zeros((2, 1), dtype=np.float32),
            r"targets int64 of shape \(\)\n.*targets float32 of shape \(1,\)$",
        ),
    ],
)
def test_targets_of_another_form_are_not_joined(targets, message):
    with pytest.raises(DataError, match=message):
        join([made(2, np.array([0, 1])), made(2, targets)])


def test_image_files_of_another_range_are_not_joined():
    parts = [Examples({"x": ImageFiles((), (8, 8, 3), (0, high))}, None, ()) for high in (1, 255)]

    with pytest.raises(DataError, match=r"range \(0\.0, 1\.0\).*\n.*range \(0\.0, 255\.0\)"):
        join(parts)


def test_texts_are_taken_and_joined_but_not_with_numbers():
    texts = Examples({"x": Array(np.array([["a"], ["b"]]))}, None, ("0", "1"))
    numbers = Examples({"x": Array(np.zeros((2, 1)))}, None, ("2", "3"))
    longer = Examples({"x": Array(np.array([["longer"]]))}, None, ("4",))

    joined = join([take(texts, [1]), longer])

    assert joined.columns["x"].read(np.arange(2)).tolist() == [["b"], ["longer"]]
    with pytest.raises(DataError, match=r"from an array of texts, of shape.*\n.*from an array, of shape"):
        join([texts, numbers])


def test_no_part_is_refused():
    with pytest.raises(DataError, match="There are no examples to join"):
        join([])
