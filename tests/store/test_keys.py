import numpy as np
import pytest

from fusion.errors import StoreError
from fusion.store.keys import checked, key

PARTS = {"tensor": "eye/block3_pool", "weights": None, "shape": [4, 4, 64], "data": {"rows": 10, "seed": 0}}


def test_a_key_does_not_depend_on_the_order_of_parts():
    turned = dict(reversed(PARTS.items())) | {"data": {"seed": 0, "rows": 10}}

    assert key(turned) == key(PARTS)


@pytest.mark.parametrize(
    "change",
    [
        {"tensor": "eye/block2_pool"},
        {"weights": "none"},
        {"shape": [4, 4, 63]},
        {"shape": [64, 4, 4]},
        {"data": {"rows": 10, "seed": 1}},
        {"data": {"rows": 10}},
        {"more": 1},
    ],
)
def test_any_change_of_a_part_is_another_key(change):
    assert key({**PARTS, **change}) != key(PARTS)


def test_a_key_stays_what_it_was():
    # An entry written by another version of this package is found again.
    assert key({"tensor": "ä", "rate": 0.5}) == "80fff325683e62bb1033a4a21b7aba09"


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ({}, "needs parts that say what it depends on"),
        ({"a": {"b": np.zeros(2)}}, r"at '/a/b' there is array\(\[0., 0.\]\), which is ndarray"),
        ({"a": [float("nan")]}, "at '/a/0' there is nan, which is float"),
        ({"a": {1: 2}}, "named by text, got 1 at '/a'"),
        ({"a": np.float64(1)}, "which is float64"),
    ],
)
def test_what_json_would_hold_as_something_else_is_refused(parts, match):
    with pytest.raises(StoreError, match=match):
        key(parts)


@pytest.mark.parametrize("text", ["", "..", "0" * 31, "0" * 33, "G" * 32, "0" * 32 + "\n", "0" * 30 + "/x"])
def test_a_text_that_is_no_key_is_refused(text):
    with pytest.raises(StoreError, match="is no key: 32 hex digits"):
        checked(text)
