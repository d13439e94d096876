"""Disks that are full, read-only, or no folders: told in words, and what was written stays."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from fusion.errors import FileError, StoreError
from fusion.store import journals
from fusion.store.entries import find, read
from fusion.store.failures import told
from fusion.store.keys import key
from fusion.store.writers import writing

PARTS = {"tensor": "eye/block3_pool"}


@pytest.mark.parametrize(
    ("number", "match"),
    [
        (errno.ENOSPC, "the disk is full. Rows already written are kept"),
        (errno.EDQUOT, "the disk is full"),
        (
            errno.EACCES,
            "it is read-only for this user. Allow writing there, or name another folder by --store or FUSION_CACHE",
        ),
        (errno.EROFS, "it is read-only"),
        (errno.ENOTDIR, "there is a file where a folder has to be"),
        (errno.ENOLCK, "its file system has no locks"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_what_the_system_says_is_told_with_a_way_out(tmp_path, number, match):
    with pytest.raises(StoreError, match=match), told(tmp_path):
        raise OSError(number, os.strerror(number))


def test_a_file_that_cannot_be_written_is_told_by_its_cause(tmp_path):
    with pytest.raises(StoreError, match="the disk is full"), told(tmp_path):
        raise FileError("x cannot be written") from OSError(errno.ENOSPC, "No space left on device")


def test_other_errors_stay_as_they_are(tmp_path):
    with pytest.raises(ValueError, match="mine"), told(tmp_path):
        raise ValueError("mine")
    with pytest.raises(StoreError, match=r"^mine$"), told(tmp_path):
        raise StoreError("mine")


def test_a_disk_that_fills_up_keeps_what_was_written(folder, monkeypatch):
    rows = np.arange(40, dtype="float32").reshape(10, 4)
    write, full = journals._write, []

    def fail(file, place, data):
        if full:
            write(file, place, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, place, data)

    monkeypatch.setattr(journals, "_write", fail)
    with writing(folder, PARTS, shape=(4,), rows=10) as writer:
        writer.append(rows[:6])
        full.append(True)
        with pytest.raises(StoreError, match="the disk is full"):
            writer.append(rows[6:])
        assert writer.done == 6
        full.clear()
        writer.append(rows[6:])

    assert read(find(folder, key(PARTS))).tolist() == rows.tolist()


LIMITED = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from fusion.errors import StoreError
from fusion.store.writers import writing

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
try:
    with writing(Path(sys.argv[1]), {"tensor": "eye/block3_pool"}, shape=(4,), rows=10_000) as writer:
        while writer.done < 10_000:
            writer.append(np.full((70, 4), 1.0))
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX")
def test_where_the_system_stops_a_write_the_next_process_continues(folder):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder)], capture_output=True, text=True, check=True
    )

    assert "a file there may not grow that large" in done.stdout
    with writing(folder, PARTS, shape=(4,), rows=10_000) as writer:
        # Of the 50 000 bytes 128 are no rows, a row has 16, and 70 were written at a time.
        assert writer.done == 3080
        writer.append(np.full((10_000 - writer.done, 4), 1.0))
    assert read(find(folder, key(PARTS))).sum() == 40_000


def test_a_cache_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")

    with (
        pytest.raises(StoreError, match="there is a file where a folder has to be"),
        writing(tmp_path / "file" / "store", PARTS, shape=(4,), rows=10),
    ):
        pass


def test_a_read_only_folder_is_told_and_read(store, folder):
    entry = store()
    places = (entry.path, folder, folder / "locks")
    for place in places:
        place.chmod(0o555)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("nothing is read-only for this user")
        assert read(find(folder, entry.key))[99, 3] == 399
        with (
            pytest.raises(StoreError, match="it is read-only for this user"),
            writing(folder, {"tensor": "another"}, shape=(4,), rows=10),
        ):
            pass
    finally:
        for place in places:
            place.chmod(0o755)


def test_a_tensor_on_a_read_only_disk_is_found(store, folder, monkeypatch):
    entry = store()

    def fail(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", fail)

    assert find(folder, entry.key) == entry
