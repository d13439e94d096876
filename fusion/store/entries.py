"""Stored tensors: finding, reading and examining them."""

import errno
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from fusion.errors import StoreError
from fusion.store.failures import told
from fusion.store.journals import crc
from fusion.store.keys import checked
from fusion.store.locks import open_shared
from fusion.store.manifests import DTYPES, MANIFEST, ROWS, Manifest, read_manifest
from fusion.store.numbers import restored
from fusion.wording import counted


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored tensor.

    Args:
        path: Its folder.
        manifest: What it is.
        used: When it was last found or made, in seconds since 1970.
    """

    path: Path
    manifest: Manifest
    used: float

    @property
    def key(self) -> str:
        """What it is found by."""
        return self.manifest.key

    @property
    def parts(self) -> Mapping[str, object]:
        """What it depends on."""
        return self.manifest.parts

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row."""
        return self.manifest.shape

    @property
    def dtype(self) -> str:
        """Dtype of its numbers."""
        return self.manifest.dtype

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.manifest.rows

    @property
    def bytes(self) -> int:
        """Bytes of its file."""
        return self.manifest.bytes

    @property
    def created(self) -> float:
        """When it was begun, in seconds since 1970."""
        return self.manifest.created


def find(folder: Path, key: str) -> Entry | None:
    """Returns the stored tensor of a key, and notes that it was used; `None` if it is not there or damaged.

    The first time in a process all its bytes are read and compared with their checksums, so that nothing damaged is ever
    trained on; again only if the file changed. What is damaged is written anew by `writing`.

    >>> find(Path("/nowhere"), "0" * 32)

    Raises:
        StoreError: If it may not be read, or the key is none.
    """
    with told(folder):
        entry = entry_at(folder / checked(key))
        if entry is None or _seen(entry):
            return None
        now = time.time()
        # In a folder that only others may write, it is theirs to say what was used.
        with suppress(OSError):
            os.utime(entry.path / MANIFEST, (now, now))
            return replace(entry, used=now)
        return entry


def read(entry: Entry) -> np.ndarray:
    """Returns all rows as one read-only array that lies in the file, of shape (rows, *shape).

    As long as the array or a view of it lives, the tensor is not removed to make room for others; tensors that are
    needed together are read before the next one is written. `bfloat16` is the dtype of `ml_dtypes`, which Keras and
    TensorFlow take.

    Raises:
        StoreError: If it was removed or damaged since it was found.
    """
    with told(entry.path.parent):
        file = open_shared(entry.path / ROWS)
        if file is None:
            raise StoreError(
                f"The stored tensor {entry.key} was removed since it was found. Compute it again."
            )
        with file:
            if found := _seen(entry):
                raise StoreError(
                    f"The stored tensor {entry.key} was damaged since it was found: {found}. Compute it again."
                )
            manifest = entry.manifest
            # The mapping holds a copy of the open file, and with it the lock.
            rows = np.memmap(
                file,
                dtype=DTYPES[manifest.dtype],
                mode="r",
                offset=manifest.offset,
                shape=(manifest.rows, *manifest.shape),
            )
    return restored(np.asarray(rows), entry.dtype)


def verify(entry: Entry) -> str:
    """Returns what is damaged in a stored tensor, `""` if nothing is, reading all its bytes.

    Raises:
        StoreError: If it may not be read.
    """
    with told(entry.path.parent):
        return _damage(entry.path / ROWS, entry.manifest)


def entry_at(path: Path) -> Entry | None:
    """Returns the stored tensor in a folder, its rows not looked at; `None` if it is not there or not readable."""
    manifest = read_manifest(path / MANIFEST)
    if manifest is None or manifest.key != path.name:
        return None
    try:
        return Entry(path, manifest, (path / MANIFEST).stat().st_mtime)
    except FileNotFoundError:
        return None


def _seen(entry: Entry) -> str:
    """Returns what is damaged, read once in this process for a file as it is now."""
    path = entry.path / ROWS
    try:
        now = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "its rows are not there"
    return _once(path, entry.manifest, (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns))


@lru_cache(maxsize=1024)
def _once(path: Path, manifest: Manifest, stamp: tuple[int, ...]) -> str:  # noqa: ARG001 - what it is kept by
    return _damage(path, manifest)


def _damage(path: Path, manifest: Manifest) -> str:
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size != manifest.bytes:
            return f"it has {size} bytes instead of {manifest.bytes}"
        try:
            bad = [span for span in manifest.spans if crc(file, span.start, span.end) != span.crc]
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return "the disk cannot read all of it"
    if not bad:
        return ""
    first = max(0, bad[0].start - manifest.offset) // manifest.row_bytes
    return f"{counted(len(bad), 'chunk')} of {len(manifest.spans)} changed, the first from row {first}"
