"""Room in a store: what lies in it, how much it may take, and what leaves first."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fusion.cache import cache_folder
from fusion.errors import StoreError
from fusion.store.failures import ELSEWHERE, told
from fusion.store.journals import sound_bytes
from fusion.store.keys import KEY
from fusion.store.locks import held_if_free, same, take
from fusion.store.manifests import MANIFEST, PLAN, ROWS, Manifest, read_manifest
from fusion.wording import memory

State = Literal["stored", "unfinished", "unreadable"]

BOUND = 20_000_000_000
"""Bytes a store takes if nothing else is said."""

PART, GONE = ".part", ".gone-"
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@dataclass(frozen=True, slots=True)
class Holding:
    """Something that takes room in a store.

    Args:
        path: Its folder.
        key: The key of the tensor.
        state: Whether it is a stored tensor, one whose writer was interrupted or is at work, or neither.
        manifest: What the tensor is or will be; `None` if it is unreadable.
        bytes: What it takes on the disk.
        reserved: What it takes once it is finished.
        used: When it was last used or written, in seconds since 1970.
    """

    path: Path
    key: str
    state: State
    manifest: Manifest | None
    bytes: int
    reserved: int
    used: float

    @property
    def done(self) -> int:
        """How many of its rows are there."""
        if self.manifest is None:
            return 0
        if self.state == "stored":
            return self.manifest.rows
        return max(0, sound_bytes(self.path) - self.manifest.offset) // self.manifest.row_bytes


def store_folder() -> Path:
    """Returns the folder of stored tensors: `store` in the folder of what can be made again.

    >>> store_folder().name
    'store'
    """
    return cache_folder() / "store"


def bound() -> int:
    """Returns the bytes a store may take: FUSION_CACHE_BYTES, such as `50 GB`, else 20 GB.

    >>> bound()
    20000000000

    Raises:
        StoreError: If the variable is no number of bytes.
    """
    text = os.environ.get("FUSION_CACHE_BYTES", "")
    if not text:
        return BOUND
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE)
    if not found:
        raise StoreError(f"FUSION_CACHE_BYTES is a number of bytes such as 50 GB, got {text!r}.")
    return int(float(found[1]) * UNITS[found[2].upper()])


def holdings(folder: Path) -> tuple[Holding, ...]:
    """Returns all that takes room in a store, the least recently used first; nothing if there is no store.

    >>> holdings(Path("/nowhere"))
    ()

    Raises:
        StoreError: If the folder may not be read.
    """
    with told(folder):
        try:
            places = sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return ()
        found = [_holding(place) for place in places if KEY.fullmatch(place.name.removesuffix(PART))]
    return tuple(sorted((each for each in found if each), key=lambda each: each.used))


def remove(holding: Holding) -> bool:
    """Removes one holding, and returns whether it did; what is being read or written stays.

    Raises:
        StoreError: If the folder may not be written.
    """
    folder = holding.path.parent
    with told(folder), held_if_free(folder, holding.key) as free:
        return free and discard(holding.path)


def discard(path: Path) -> bool:
    """Removes a folder of the store whose key the caller holds the lock of; not if someone reads it.

    Raises:
        OSError: If it may not be removed.
    """
    if sys.platform == "win32":
        return _gone(path)
    try:
        rows = (path / ROWS).open("rb+")
    except FileNotFoundError:
        return _gone(path)
    with rows:
        return take(rows, "one") and same(rows, path / ROWS) and _gone(path)


def make_room(folder: Path, manifest: Manifest, most: int) -> None:
    """Removes what was not used for longest until a tensor fits below `most` bytes; the caller holds the lock `room`.

    Raises:
        StoreError: If it cannot fit, with how to make it.
    """
    if manifest.bytes > most:
        raise StoreError(
            f"The tensor takes {memory(manifest.bytes)}, and the store {folder} may take {memory(most)}. Set "
            f"FUSION_CACHE_BYTES to more, or {ELSEWHERE}, or store it in bfloat16, pooled, or of fewer examples."
        )
    with told(folder):
        for left in folder.glob(f"{GONE}*"):
            shutil.rmtree(left, ignore_errors=True)
        others = [each for each in holdings(folder) if each.key != manifest.key]
        total = manifest.bytes + sum(each.reserved for each in others)
        for each in others:
            if total <= most:
                break
            if remove(each):
                total -= each.reserved
    if total > most:
        raise StoreError(
            f"The store {folder} may take {memory(most)}; the tensor takes {memory(manifest.bytes)}, and "
            f"{memory(total - manifest.bytes)} are being read or written. Set FUSION_CACHE_BYTES to more, or wait."
        )


def check_disk(folder: Path, missing: int) -> None:
    """Raises if the disk has less free than is still to be written.

    Raises:
        StoreError: If so.
    """
    with told(folder):
        free = shutil.disk_usage(folder).free
    if free < missing:
        raise StoreError(
            f"The store {folder} needs {memory(missing)} more, and its disk has {memory(free)} free. "
            f"Free some space, or {ELSEWHERE}."
        )


def _holding(path: Path) -> Holding | None:
    unfinished = path.name.endswith(PART)
    manifest = read_manifest(path / (PLAN if unfinished else MANIFEST))
    if manifest and manifest.key != path.name.removesuffix(PART):
        manifest = None
    sizes, times = [0], [0.0]
    try:
        for file in _files(path):
            # Another process may be writing or removing it.
            with suppress(FileNotFoundError):
                seen = file.stat()
                sizes.append(seen.st_size)
                times.append(seen.st_mtime)
    except (FileNotFoundError, NotADirectoryError):
        return None
    state: State = "unreadable" if manifest is None else "unfinished" if unfinished else "stored"
    key, size = path.name.removesuffix(PART), sum(sizes)
    return Holding(path, key, state, manifest, size, max(size, manifest.bytes if manifest else 0), max(times))


def _files(path: Path) -> Sequence[Path]:
    return list(path.iterdir())


def _gone(path: Path) -> bool:
    gone = Path(tempfile.mkdtemp(prefix=GONE, dir=path.parent))
    try:
        path.rename(gone / path.name)
    except (PermissionError, FileNotFoundError):
        return False
    finally:
        shutil.rmtree(gone, ignore_errors=True)
    return True
