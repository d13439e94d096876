import numpy as np
import pytest

from fusion.errors import StoreError
from fusion.store.numbers import restored, stored


def back(values, dtype):
    return restored(
        np.frombuffer(stored(np.asarray(values), dtype), {"bfloat16": "<u2"}.get(dtype, dtype)), dtype
    )


def test_bfloat16_is_rounded_to_the_nearest():
    values = np.random.default_rng(0).normal(size=1000).astype("float32")

    error = np.abs(back(values, "bfloat16").astype("float32") - values) / np.abs(values)
    assert error.max() <= 2**-8
    assert error.max() > 2**-9


def test_what_is_not_contiguous_is_stored_in_order():
    values = np.arange(12.0).reshape(3, 4)

    assert back(values.T, "float32").tolist() == values.T.ravel().tolist()
    assert back(values[::-1, ::2], "float64").tolist() == [8, 10, 4, 6, 0, 2]
    assert back(values.astype(">f4"), "float32").tolist() == values.ravel().tolist()


@pytest.mark.parametrize(("values", "dtype"), [([70000.0], "float16"), ([1e300], "float32")])
def test_a_value_that_has_no_number_in_the_dtype_is_refused(values, dtype):
    with pytest.raises(StoreError, match=f"larger than {dtype} holds"):
        stored(np.array(values), dtype)


def test_infinity_is_stored_as_it_is():
    assert back([np.inf, -np.inf], "float16").tolist() == [np.inf, -np.inf]


@pytest.mark.parametrize(
    ("source", "dtype"),
    [("float32", "int32"), ("int64", "float32"), ("int64", "int32"), ("complex64", "float32")],
)
def test_numbers_of_another_kind_are_refused(source, dtype):
    with pytest.raises(StoreError, match=f"Rows of {source} are not stored as {dtype}"):
        stored(np.zeros(2, source), dtype)
