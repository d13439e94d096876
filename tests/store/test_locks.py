"""Locks: between threads as between processes, and gone with their holder."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from fusion.errors import StoreError
from fusion.store import locks
from fusion.store.entries import find, read
from fusion.store.keys import key
from fusion.store.locks import held, held_if_free, is_held, open_shared, take
from fusion.store.writers import writing

PARTS = {"tensor": "eye/block3_pool"}

WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from fusion.store.writers import writing

folder, first, pause = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
mine = 0
with writing(folder, {"tensor": "eye/block3_pool"}, shape=(1,), rows=200) as writer:
    print("begun", flush=True)
    while writer.done < 200:
        writer.append(np.full((1, 1), float(writer.done)))
        mine += 1
        time.sleep(pause)
print(mine, flush=True)
"""


def writer(folder, pause):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), "0", str(pause)], stdout=subprocess.PIPE, text=True
    )


def test_who_waits_goes_on_when_the_lock_is_free(folder):
    order = []

    def wait():
        with held(folder, "x"):
            order.append("second")

    with held(folder, "x"):
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(3 * locks.PAUSE)
        order.append("first")
    thread.join(5)

    assert order == ["first", "second"]


def test_a_lock_that_is_held_is_not_taken(folder):
    with held(folder, "x"):
        with held_if_free(folder, "x") as free:
            assert not free
        with held_if_free(folder, "y") as free:
            assert free
        assert is_held(folder, "x")

    assert not is_held(folder, "x")
    assert not is_held(folder, "never")
    with held_if_free(folder, "x") as free:
        assert free


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked by POSIX")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_process_forked_meanwhile_does_not_hold_on_to_a_lock(folder):
    with held(folder, "x"):
        child = os.fork()
        if not child:
            time.sleep(30)
            os._exit(0)
    try:
        assert not is_held(folder, "x")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_file_that_was_put_in_the_place_of_another_is_not_the_one_opened(tmp_path, monkeypatch):
    path, other = tmp_path / "rows", tmp_path / "other"
    path.write_text("old")
    other.write_text("new")

    def late(file, kind):
        other.replace(path)
        return take(file, kind)

    monkeypatch.setattr(locks, "take", late)
    assert open_shared(path) is None


def test_a_file_system_without_locks_is_told(folder, monkeypatch):
    def fail(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks, "take", fail)

    with pytest.raises(StoreError, match="its file system has no locks"), held(folder, "x"):
        pass
    with pytest.raises(StoreError, match="has no locks"), held_if_free(folder, "x"):
        pass


def test_of_two_processes_one_writes_and_the_other_waits(folder):
    both = [writer(folder, 0.001) for _ in range(2)]

    counts = sorted(int(each.communicate(timeout=60)[0].split()[-1]) for each in both)

    assert counts == [0, 200]
    assert read(find(folder, key(PARTS))).ravel().tolist() == list(range(200))


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed by a signal here")
def test_the_lock_of_a_killed_writer_is_free_and_its_rows_are_kept(folder):
    first = writer(folder, 0.02)
    first.stdout.readline()
    time.sleep(0.2)
    second = writer(folder, 0)
    time.sleep(0.2)
    first.kill()
    first.communicate()

    assert 0 < int(second.communicate(timeout=60)[0].split()[-1]) < 200
    assert read(find(folder, key(PARTS))).ravel().tolist() == list(range(200))


def test_threads_that_write_the_same_tensor_take_turns(folder):
    counts = []

    def write():
        with writing(folder, PARTS, shape=(1,), rows=50) as each:
            mine = 0
            while each.done < 50:
                each.append(np.full((1, 1), float(each.done)))
                mine += 1
        counts.append(mine)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(counts) == [0, 0, 0, 50]
