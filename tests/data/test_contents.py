import pytest

from fusion.data.contents import check_apart, check_labels
from fusion.errors import DataError


def test_equal_content_under_one_label_is_fine():
    check_labels(["a", "b"], ["cat", "cat"], [b"1", b"1"])


def test_equal_content_under_two_labels_is_named():
    with pytest.raises(DataError, match=r"1 image has more than one label.*\n  a = c \(cat, dog\)$"):
        check_labels(["a", "b", "c"], ["cat", "dog", "dog"], [b"1", b"2", b"1"])


def test_ten_of_many_clashes_are_named():
    names = [f"{i}" for i in range(24)]
    labels = ["cat", "dog"] * 12
    digests = [str(i // 2).encode() for i in range(24)]

    with pytest.raises(DataError, match=r"12 images have .*(\n  \d+ = \d+ \(cat, dog\)){10}\n  and 2 more$"):
        check_labels(names, labels, digests)


def test_equal_content_in_two_splits_is_named():
    with pytest.raises(DataError, match=r"2 examples lie in more than one split"):
        check_apart(["a", "b", "c", "d"], ["train", "test"] * 2, [b"1", b"1", b"2", b"2"])
