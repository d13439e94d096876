"""Writing tensors into a store: continued after an interruption, there for others only when whole."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from fusion.errors import StoreError
from fusion.store.entries import find
from fusion.store.failures import told
from fusion.store.journals import Journal
from fusion.store.locks import held
from fusion.store.manifests import (
    JOURNAL,
    MANIFEST,
    PLAN,
    Manifest,
    header,
    planned,
    read_manifest,
    write_manifest,
)
from fusion.store.numbers import stored
from fusion.store.room import bound, check_disk, discard, make_room, move_away
from fusion.store.shelf import PART


class Writer:
    """Rows on their way into a store.

    Args:
        part: The folder they go to until all are there.
        manifest: What the tensor will be.
        journal: The file of rows; `None` if all are stored already.
    """

    def __init__(self, part: Path, manifest: Manifest, journal: Journal | None) -> None:
        self.manifest = manifest
        self._part = part
        self._journal = journal

    @property
    def rows(self) -> int:
        """How many rows there will be."""
        return self.manifest.rows

    @property
    def done(self) -> int:
        """How many rows are there, an earlier writer's too: the row of this number is the next to append."""
        if self._journal is None:
            return self.rows
        return (self._journal.end - self.manifest.offset) // self.manifest.row_bytes

    def append(self, rows: np.ndarray) -> None:
        """Writes the next rows, all or none: once it returns they outlive this process.

        Args:
            rows: Of shape (any, *shape); floats are rounded to the dtype stored.

        Raises:
            StoreError: If they do not fit, or cannot be written; those before stay.
        """
        shape, left = self.manifest.shape, self.rows - self.done
        if rows.shape[1:] != shape or rows.ndim == 0 or len(rows) > left:
            raise StoreError(
                f"Rows of shape {shape} are stored here, and {left} of {self.rows} are still to come; "
                f"got an array of shape {rows.shape}."
            )
        data = stored(rows, self.manifest.dtype)
        if self._journal is not None and len(rows):
            with told(self._part.parent):
                self._journal.append(data)

    def publish(self) -> None:
        """Lets others find the tensor; `writing` calls it.

        Raises:
            StoreError: If rows are missing.
        """
        if self._journal is None:
            return
        if self.done < self.rows:
            raise StoreError(
                f"{self.done} of {self.rows} rows were appended to the tensor {self.manifest.key}. They are kept; "
                "append the others the next time."
            )
        with told(self._part.parent):
            self._journal.sync()
            write_manifest(replace(self.manifest, spans=tuple(self._journal.spans)), self._part / MANIFEST)
            self.close()
            _publish(self._part)

    def close(self) -> None:
        """Closes the files; what was appended stays."""
        if self._journal is not None:
            self._journal.close()


@contextmanager
def writing(
    folder: Path,
    parts: Mapping[str, object],
    *,
    shape: Sequence[int],
    rows: int,
    dtype: str = "float32",
    most: int | None = None,
) -> Iterator[Writer]:
    """Gives a writer that continues where one for the same parts was interrupted, and publishes when all rows are there.

    One process writes a tensor at a time: this waits until another has ended, and then has nothing left to append if
    that one finished. Who writes several tensors at once opens them in the order of their keys, as everyone does. What
    was not used for longest leaves the store to make room, never what is being read or written.

    Args:
        folder: The store, such as `store_folder()`.
        parts: All that the values depend on, as for `key`.
        shape: Shape of one row.
        rows: How many there will be.
        dtype: What they are rounded to, such as `"bfloat16"`.
        most: Bytes the store may take; by default what `bound` says.

    >>> import tempfile
    >>> from fusion.store.entries import read
    >>> from fusion.store.keys import key
    >>> parts = {"tensor": "eye/block3_pool", "weights": "sha256:0f3a", "data": "sha256:77c1"}
    >>> with tempfile.TemporaryDirectory() as name:
    ...     with writing(Path(name), parts, shape=(2,), rows=3) as writer:
    ...         while writer.done < writer.rows:
    ...             writer.append(np.full((1, 2), float(writer.done)))
    ...     read(find(Path(name), key(parts))).tolist()
    [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]

    Raises:
        StoreError: If the store cannot be written, has no room, or the rows do not fit.
    """
    manifest = planned(parts, shape=shape, rows=rows, dtype=dtype)
    with held(folder, manifest.key):
        writer = _writer(folder, manifest, bound() if most is None else most)
        try:
            yield writer
            writer.publish()
        finally:
            writer.close()


def _writer(folder: Path, manifest: Manifest, most: int) -> Writer:
    place, part = folder / manifest.key, folder / f"{manifest.key}{PART}"
    found = find(folder, manifest.key)
    if found:
        return Writer(part, found.manifest, None)
    with held(folder, "room"), told(folder):
        if place.exists() and not move_away(place):
            raise StoreError(
                f"The tensor {manifest.key} is damaged, and another process still reads it. Wait."
            )
        begun = read_manifest(part / PLAN)
        if begun and replace(begun, created=manifest.created) == manifest:
            manifest = begun
        elif part.exists():
            discard(part)
        make_room(folder, manifest, most)
        if manifest is not begun:
            part.mkdir()
            write_manifest(manifest, part / PLAN)
    with told(folder):
        journal = Journal(part)
        try:
            check_disk(folder, manifest.bytes - journal.end)
            if not journal.end:
                journal.append(memoryview(header(manifest.shape, manifest.rows, manifest.dtype)))
        except OSError:
            journal.close()
            raise
    return Writer(part, manifest, journal)


def _publish(part: Path) -> None:
    place = part.with_name(part.name.removesuffix(PART))
    _sync(part / MANIFEST)
    try:
        part.rename(place)
    except OSError:
        if not place.exists():
            raise
        # Where locks do not hold, on some network disks, the first to publish wins.
        discard(part)
        return
    if sys.platform != "win32":
        _sync(place.parent)
    for name in (JOURNAL, PLAN):
        (place / name).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    # A folder is opened to read, and a file is only given to the disk on Windows where it may be written.
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
