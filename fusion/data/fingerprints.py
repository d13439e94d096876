"""What all examples of an input are, as one digest: equal content in equal order has an equal one, wherever it lies."""

import hashlib
from collections.abc import Iterable

import numpy as np

from fusion.data.arrays import row_bytes
from fusion.data.examples import Array, Column, Data, Examples, splits

CHUNK = 2**24
"""Bytes looked at together."""


def fingerprint(column: Column) -> bytes:
    """Returns the SHA-256 of an input's examples in order, and of what they are brought to before they are fed.

    >>> one, same, other = (Array(np.array(rows)) for rows in ([[1], [2]], [[1], [2]], [[2], [1]]))
    >>> fingerprint(one) == fingerprint(same), fingerprint(one) == fingerprint(other)
    (True, False)
    """
    if isinstance(column, Array):
        return _of_rows(column)
    hashed = hashlib.sha256(repr((column.shape, tuple(map(float, column.range)))).encode())
    for path in column.paths:
        if path is None:
            hashed.update(b"missing")
            continue
        with path.open("rb") as file:
            hashed.update(hashlib.file_digest(file, "sha256").digest())
    return hashed.digest()


def _of_rows(column: Array) -> bytes:
    values = column.values
    hashed = hashlib.sha256(repr((values.dtype.kind, values.dtype.itemsize, column.sample_shape)).encode())
    rows = np.arange(len(column)) if column.rows is None else column.rows
    if column.is_text:
        hashed = hashlib.sha256(b"texts")
        for row in rows:
            hashed.update(row_bytes(values[row]) + b"\n")
        return hashed.digest()
    together = max(1, CHUNK // max(1, values[:1].nbytes))
    for start in range(0, len(rows), together):
        hashed.update(np.ascontiguousarray(values[rows[start : start + together]]).data)
    return hashed.digest()


def digests_of(data: Data) -> dict[str, str]:
    """Returns a digest of each split: of its examples in order, and of their targets.

    >>> from fusion.data.examples import Array, Examples
    >>> def labelled(*targets):
    ...     part = Examples({"x": Array(np.zeros((2, 3)))}, np.array(targets), ("a", "b"))
    ...     return digests_of(Data(part, None, None, None, "Made up."))
    >>> labelled(0, 1) == labelled(0, 1), labelled(0, 1) == labelled(1, 0)
    (True, False)
    """
    return {name: _digest(part, data.digests.get(name, ())) for name, part in splits(data).items()}


def _digest(examples: Examples, known: Iterable[bytes]) -> str:
    """Returns the digest of examples in order; where nobody has looked at their contents yet, that is done."""
    parts = [*known] or [fingerprint(each) for each in examples.columns.values()]
    if examples.targets is not None:
        parts.append(np.ascontiguousarray(examples.targets).tobytes())
    return hashlib.sha256(b"".join(parts)).hexdigest()
