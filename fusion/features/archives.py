"""Features in an .npz file, which NumPy opens without this package."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fusion.errors import ModelError
from fusion.features.arrays import Features
from fusion.files import replacing

PIECE = 1 << 24
"""Bytes written at a time, so that an array in a file never comes into memory whole."""


def write_features(features: Features, path: str | Path) -> tuple[str, ...]:
    """Writes features to an .npz file, whole or not at all, and returns the names of the arrays in it.

    For each split and tap `train_TAP` as float32, then `train_targets` and `train_names`; for all `classes`. The same
    features give the same bytes.

    Raises:
        ModelError: If the name does not end in `.npz`, or a tap is called as something else in the file is.
        FileError: If the file cannot be written.
    """
    path = Path(path)
    check_name(path)
    named = list(_named(features))
    keys = [key for key, _ in named]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ModelError(
            f"Two arrays would be called {twice[0]!r} in {path.name}. Name the branch otherwise, or tap its layer by "
            "address."
        )
    with replacing(path) as part, zipfile.ZipFile(part, "w") as archive:
        for key, array in named:
            # Without a date, and large enough for any array.
            with archive.open(zipfile.ZipInfo(f"{key}.npy"), "w", force_zip64=True) as member:
                for piece in _pieces(array):
                    member.write(piece)
    return tuple(keys)


def check_name(path: Path) -> None:
    """Refuses a name that NumPy would not open.

    >>> check_name(Path("features.csv"))
    Traceback (most recent call last):
    ...
    fusion.errors.ModelError: Features are written as an .npz file, got 'features.csv'.

    Raises:
        ModelError: If it does not end in `.npz`.
    """
    if path.suffix != ".npz":
        raise ModelError(f"Features are written as an .npz file, got {path.name!r}.")


def _named(features: Features) -> Iterator[tuple[str, np.ndarray]]:
    for split, part in features.parts.items():
        for tap, array in part.arrays.items():
            yield f"{split}_{tap}", array
        if part.targets is not None:
            yield f"{split}_targets", part.targets
        yield f"{split}_names", np.array(part.names)
    if features.labels is not None:
        yield "classes", np.array(features.labels)


def _pieces(array: np.ndarray) -> Iterator[bytes]:
    dtype = np.dtype("<f4") if array.dtype.name == "bfloat16" else array.dtype
    header = io.BytesIO()
    described = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": array.shape,
    }
    np.lib.format.write_array_header_2_0(header, described)
    yield header.getvalue()
    rows = max(1, PIECE // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        yield np.ascontiguousarray(array[start : start + rows], dtype).tobytes()
