"""Numbers of arrays as they lie in a file."""

from typing import Any

import numpy as np

from fusion.errors import StoreError
from fusion.store.manifests import DTYPES


def stored(rows: np.ndarray, dtype: str) -> memoryview:
    """Returns the bytes of an array in a dtype that is stored, floats rounded to the nearest.

    >>> stored(np.array([1.0, 2.0]), "bfloat16").tobytes().hex(" ")
    '80 3f 00 40'

    Raises:
        StoreError: If it holds what the dtype has no number for.
    """
    if not _fits(rows.dtype, dtype):
        raise StoreError(
            f"Rows of {rows.dtype} are not stored as {dtype}. Convert them, or store them as they are."
        )
    try:
        with np.errstate(over="raise"):
            cast = rows.astype(_numpy(dtype), copy=False)
    except FloatingPointError as error:
        raise StoreError(
            f"A value of the rows is larger than {dtype} holds. Store them as bfloat16 or float32."
        ) from error
    if dtype == "bfloat16":
        cast = cast.view(np.uint16)
    flat = np.ascontiguousarray(cast, dtype=DTYPES[dtype]).reshape(-1)
    return flat.view(np.uint8).data


def restored(rows: np.ndarray, dtype: str) -> np.ndarray:
    """Returns an array as it was before it was stored, in the same memory.

    >>> restored(np.array([0x3F80], "<u2"), "bfloat16")
    array([1], dtype=bfloat16)
    """
    return rows.view(_numpy(dtype)) if dtype == "bfloat16" else rows


def _numpy(dtype: str) -> np.dtype[Any]:
    if dtype == "bfloat16":
        # NumPy has no such dtype of its own.
        import ml_dtypes

        wide: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return wide
    return np.dtype(DTYPES[dtype])


def _fits(source: np.dtype[Any], dtype: str) -> bool:
    floats = source.kind == "f" or source.name == "bfloat16"
    if "float" in dtype:
        return floats or (source.kind in "iub" and np.can_cast(source, np.float32))
    return source.name == dtype
