"""Room in a store: how much it may take, and what leaves first."""

import os
import re
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from fusion.errors import StoreError
from fusion.store.failures import ELSEWHERE, told
from fusion.store.locks import held_if_free, same, take
from fusion.store.manifests import ROWS, Manifest
from fusion.store.shelf import Holding, holdings
from fusion.wording import memory

BOUND = 20_000_000_000
"""Bytes a store takes if nothing else is said."""

GONE = ".gone-"
LEFT = 60
"""Seconds after which a removal counts as given up."""

UNITS = ("", "K", "M", "G", "T")


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
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*", text, re.IGNORECASE)
    if not found:
        raise StoreError(f"FUSION_CACHE_BYTES is a number of bytes such as 50 GB, got {text!r}.")
    step = 1024 if found[3] else 1000
    return int(float(found[1]) * step ** UNITS.index(found[2].upper()))


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
        return move_away(path)
    try:
        rows = (path / ROWS).open("rb+")
    except FileNotFoundError:
        return move_away(path)
    with rows:
        return take(rows, "one") and same(rows, path / ROWS) and move_away(path)


def move_away(path: Path) -> bool:
    """Removes a folder of the store in one step for all who look, and returns whether it could.

    Who has its rows mapped keeps them, but for Windows, where it stays.

    Raises:
        OSError: If the store may not be written.
    """
    gone = Path(tempfile.mkdtemp(prefix=GONE, dir=path.parent))
    try:
        path.rename(gone / path.name)
    except (PermissionError, FileNotFoundError):
        return False
    finally:
        shutil.rmtree(gone, ignore_errors=True)
    return True


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
        sweep(folder)
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


def sweep(folder: Path) -> None:
    """Removes what a process that was killed had begun to remove."""
    for left in folder.glob(f"{GONE}*"):
        # One that is being removed just now is left to who does.
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LEFT:
                shutil.rmtree(left, ignore_errors=True)


def check_disk(folder: Path, missing: int) -> None:
    """Raises if the disk has less free than is still to be written.

    Raises:
        StoreError: If so.
    """
    free = free_bytes(folder)
    if free < missing:
        raise StoreError(
            f"The store {folder} needs {memory(missing)} more, and its disk has {memory(free)} free. "
            f"Free some space, or {ELSEWHERE}."
        )


def free_bytes(folder: Path) -> int:
    """Returns what is free on the disk of a store, which need not be there yet.

    >>> free_bytes(Path.cwd() / "not there") > 0
    True

    Raises:
        StoreError: If the disk does not say.
    """
    with told(folder):
        return shutil.disk_usage(_there(folder)).free


def check_writable(folder: Path) -> None:
    """Raises if nothing can be written to a store, which need not be there yet.

    Raises:
        StoreError: If so.
    """
    with told(folder), tempfile.TemporaryFile(dir=_there(folder)):
        pass


def _there(folder: Path) -> Path:
    """Returns the folder, or the nearest above it that there is."""
    whole = folder.absolute()
    return next(each for each in (whole, *whole.parents) if each.exists())
