"""Locks between processes that end with whoever holds them, however it ends."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from fusion.store.failures import told

Kind = Literal["one", "several"]

PAUSE = 0.05
"""Seconds between two tries."""

if sys.platform == "win32":
    import msvcrt

    def take(file: BinaryIO, kind: Kind) -> bool:
        """Returns whether the lock of an open file was free and is now held, until the file is closed."""
        if kind == "several":
            # Windows keeps a mapped file from being moved or removed by itself.
            return True
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def give(file: BinaryIO) -> None:
        """Lets go of the lock of an open file that `take` took for one."""
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def take(file: BinaryIO, kind: Kind) -> bool:
        """Returns whether the lock of an open file was free and is now held, until the file is closed."""
        how = fcntl.LOCK_EX if kind == "one" else fcntl.LOCK_SH
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def give(file: BinaryIO) -> None:
        """Lets go of the lock of an open file, which processes forked meanwhile would hold on to."""
        fcntl.flock(file, fcntl.LOCK_UN)


def _file(folder: Path, name: str) -> BinaryIO:
    # The files stay: one that is removed while another process opens it would be two locks.
    place = folder / "locks" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    return place.open("ab")


@contextmanager
def held(folder: Path, name: str) -> Iterator[None]:
    """Holds the lock of that name in a store, waiting for it as long as it takes.

    Raises:
        StoreError: If there can be no locks in that folder.
    """
    with told(folder):
        file = _file(folder, name)
    with file:
        while True:
            with told(folder):
                if take(file, "one"):
                    break
            time.sleep(PAUSE)
        try:
            yield
        finally:
            give(file)


@contextmanager
def held_if_free(folder: Path, name: str) -> Iterator[bool]:
    """Holds the lock of that name if nobody does, and gives whether it does.

    Raises:
        StoreError: If there can be no locks in that folder.
    """
    with told(folder):
        file = _file(folder, name)
    with file:
        with told(folder):
            free = take(file, "one")
        try:
            yield free
        finally:
            if free:
                give(file)


def is_held(folder: Path, name: str) -> bool:
    """Returns whether someone, here or in another process, holds the lock of that name in a store.

    >>> is_held(Path("/nowhere"), "0" * 32)
    False
    """
    try:
        with (folder / "locks" / name).open("rb") as file:
            # Another who asks at this moment is taken for a holder; it is only asked to tell people.
            return not take(file, "one")
    except OSError:
        return False


def open_shared(path: Path) -> BinaryIO | None:
    """Returns a file open to read, that nobody removes until it is closed and unmapped; `None` if it is gone."""
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        if take(file, "several") and same(file, path):
            return file
    except OSError:
        file.close()
        raise
    file.close()
    return None


def same(file: BinaryIO, path: Path) -> bool:
    """Returns whether an open file is still the one at a path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return False
