import re

import pytest

from fusion.data.contents import check_apart, check_images_apart, remarked, tie
from fusion.data.examples import Data, Examples
from fusion.errors import DataError


@pytest.fixture
def data():
    return Data(Examples({}, None, ()), None, None, ("cat", "dog"), "Made up.")


def test_equal_content_under_one_label_is_fine(data):
    assert remarked(data, ["a", "b"], ["cat", "cat"], [b"1", b"1"]) is data


def test_equal_content_under_two_labels_is_kept_and_named(data):
    found = remarked(data, ["a", "b", "c"], ["cat", "dog", "dog"], [b"1", b"2", b"1"])

    assert found.source.endswith(
        "1 image has more than one label and is kept under each; relabel or remove:\n  a = c (cat, dog)"
    )


def test_ten_of_many_clashes_are_named(data):
    names = [f"{i}" for i in range(24)]
    labels = ["cat", "dog"] * 12
    digests = [str(i // 2).encode() for i in range(24)]

    found = remarked(data, names, labels, digests)

    assert re.search(r"12 images have .*(\n  \d+ = \d+ \(cat, dog\)){10}\n  and 2 more$", found.source)


def test_equal_content_in_two_splits_is_named():
    with pytest.raises(DataError, match=r"2 examples lie in more than one split"):
        check_apart(["a", "b", "c", "d"], ["train", "test"] * 2, [b"1", b"1", b"2", b"2"])


def test_examples_that_share_a_key_or_anything_held_are_tied_at_any_remove():
    keys = [b"d", b"c", b"b", b"a", b"a"]
    held = [{b"1"}, {b"1", b"2"}, {b"2"}, {b"3"}, set()]

    assert tie(keys, held) == (b"b", b"b", b"b", b"a", b"a")


def test_a_key_and_a_thing_held_of_the_same_bytes_tie_nothing():
    assert tie([b"x", b"y"], [set(), {b"x"}]) == (b"x", b"y")


def test_images_of_several_splits_are_counted():
    names, parts = ["2 left a", "5 left a", "3 left b", "4 right b"], ["train", "test", "train", "validation"]

    with pytest.raises(
        DataError, match=r"^2 images stand in .*\n  2 left a = 5 left a \(test, train\)\n  3 left b"
    ):
        check_images_apart(names, parts, [b"1", b"1", b"2", b"2"])
