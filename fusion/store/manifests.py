"""What a stored tensor is, as a file beside its rows says it."""

import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np

from fusion.cache import read_checked, write_checked
from fusion.errors import StoreError, listed, near
from fusion.store.keys import FORMAT, key, plain

ROWS, MANIFEST, PLAN, JOURNAL = "rows.npy", "manifest.json", "plan.json", "journal"

DTYPES = {
    "float32": "<f4",
    "float64": "<f8",
    "float16": "<f2",
    # NumPy's own files have none: the upper halves of float32, stored as whole numbers.
    "bfloat16": "<u2",
    "int64": "<i8",
    "int32": "<i4",
    "int8": "|i1",
    "uint8": "|u1",
    "bool": "|b1",
}
"""How each dtype lies in the file."""


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring bytes of a file, and their CRC-32."""

    start: int
    end: int
    crc: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a stored tensor is.

    Args:
        key: What it is found by.
        parts: What it depends on.
        shape: Shape of one row.
        dtype: Dtype of its numbers.
        rows: How many there are.
        created: When it was begun, in seconds since 1970.
        offset: Bytes of the file before the first row.
        spans: All bytes of the file in turn, with their checksums; none as long as it is being written.
    """

    key: str
    parts: Mapping[str, object] = field(hash=False)
    shape: tuple[int, ...]
    dtype: str
    rows: int
    created: float
    offset: int
    spans: tuple[Span, ...] = ()

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return prod(self.shape) * np.dtype(DTYPES[self.dtype]).itemsize

    @property
    def bytes(self) -> int:
        """Bytes of the whole file."""
        return self.offset + self.rows * self.row_bytes


def planned(
    parts: Mapping[str, object], *, shape: Sequence[int], rows: int, dtype: str = "float32"
) -> Manifest:
    """Returns what a tensor will be before any row is there.

    >>> made = planned({"tensor": "eye/block3_pool"}, shape=(4, 4, 64), rows=1000)
    >>> made.row_bytes, made.bytes - made.offset
    (4096, 4096000)

    Raises:
        StoreError: If a size is not 1 or more, or the dtype is none of those stored.
    """
    if dtype not in DTYPES:
        raise StoreError(f"No tensor is stored as {dtype!r}.{near(dtype, DTYPES)} Known: {listed(DTYPES)}.")
    for what, size in (("rows", rows), *(("a size of the shape", each) for each in shape)):
        if type(size) is not int or size < 1:
            raise StoreError(
                f"A stored tensor has whole sizes of 1 or more; {what} is {size!r} in {rows} rows of {tuple(shape)}."
            )
    name, table = key(parts), plain(parts, "")
    offset = len(header(tuple(shape), rows, dtype))
    if not isinstance(table, dict):
        raise TypeError(table)
    return Manifest(name, table, tuple(shape), dtype, rows, time.time(), offset)


def header(shape: tuple[int, ...], rows: int, dtype: str) -> bytes:
    r"""Returns the bytes that make a file of rows an `.npy` file.

    >>> header((8,), 100, "float16")[:6]
    b'\x93NUMPY'
    """
    written = io.BytesIO()
    described = {"descr": DTYPES[dtype], "fortran_order": False, "shape": (rows, *shape)}
    np.lib.format.write_array_header_1_0(written, described)
    return written.getvalue()


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Writes a manifest, whole or not at all.

    Raises:
        FileError: If it cannot be written.
    """
    table = {
        "store": FORMAT,
        "key": manifest.key,
        "parts": manifest.parts,
        "shape": manifest.shape,
        "dtype": manifest.dtype,
        "rows": manifest.rows,
        "created": manifest.created,
        "offset": manifest.offset,
        "spans": [[span.end, span.crc] for span in manifest.spans],
    }
    write_checked(path, json.dumps(table, ensure_ascii=False))


def read_manifest(path: Path) -> Manifest | None:
    """Returns the manifest in a file; `None` if it is not there, damaged, or of another format.

    >>> read_manifest(Path("/nowhere/manifest.json"))
    """
    text = read_checked(path)
    if text is None:
        return None
    table = json.loads(text)
    if table.get("store") != FORMAT:
        return None
    ends = [end for end, _ in table["spans"]]
    starts = [0, *ends[:-1]]
    spans = zip(starts, ends, (crc for _, crc in table["spans"]), strict=True) if ends else ()
    return Manifest(
        table["key"],
        table["parts"],
        tuple(table["shape"]),
        table["dtype"],
        table["rows"],
        table["created"],
        table["offset"],
        tuple(Span(*span) for span in spans),
    )
