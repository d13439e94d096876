"""How much a store takes, what leaves first, and what never does."""

import os
import shutil
from collections import namedtuple

import numpy as np
import pytest

from fusion.errors import StoreError
from fusion.store import room
from fusion.store.entries import find, read
from fusion.store.keys import key
from fusion.store.manifests import MANIFEST, planned
from fusion.store.room import bound, remove, sweep
from fusion.store.shelf import holdings
from fusion.store.writers import writing

ONE = 128 + 100 * 16
"""Bytes of the rows of the fixture."""


def named(name):
    return {"tensor": name}


def used(folder, name, seconds):
    os.utime(folder / key(named(name)) / MANIFEST, (seconds, seconds))


def names(folder):
    return {each.manifest.parts["tensor"] for each in holdings(folder)}


def three(store, folder):
    for seconds, name in enumerate(("old", "older", "oldest")):
        store(named(name))
        for file in (folder / key(named(name))).iterdir():
            os.utime(file, (1e9 - seconds, 1e9 - seconds))


def test_what_was_not_used_for_longest_leaves_first(store, folder):
    three(store, folder)
    find(folder, key(named("oldest")))

    store(named("new"), most=3 * ONE)

    assert names(folder) == {"old", "oldest", "new"}


def test_nothing_leaves_while_there_is_room(store, folder):
    three(store, folder)

    store(named("new"), most=10 * ONE)

    assert names(folder) == {"old", "older", "oldest", "new"}


def test_what_is_being_read_stays_and_the_next_leaves(store, folder):
    three(store, folder)
    rows = read(find(folder, key(named("oldest"))))
    used(folder, "oldest", 1e8)

    store(named("new"), most=2 * ONE)

    assert names(folder) == {"oldest", "new"}
    assert rows[0, 1] == 1


def test_where_everything_is_in_use_there_is_no_room(store, folder):
    three(store, folder)
    held = [read(find(folder, key(named(name)))) for name in ("old", "older", "oldest")]

    with pytest.raises(
        StoreError, match=r"the tensor takes 1\.7 KiB, and .* KiB are being read or written. Set"
    ):
        store(named("new"), most=2 * ONE)
    assert len(held) == 3


def test_what_another_writes_has_its_room_from_the_beginning(store, folder):
    with writing(folder, named("begun"), shape=(4,), rows=100) as writer:
        writer.append(np.zeros((1, 4)))
        with pytest.raises(StoreError, match="are being read or written"):
            store(named("new"), most=ONE + 1000)
        writer.append(np.zeros((99, 4)))


def test_an_unfinished_tensor_leaves_too(store, folder):
    with pytest.raises(StoreError, match="0 of 100"), writing(folder, named("begun"), shape=(4,), rows=100):
        pass

    store(named("new"), most=ONE + 1000)

    assert names(folder) == {"new"}


def test_a_tensor_larger_than_the_store_is_refused_and_nothing_leaves(store, folder):
    three(store, folder)

    with pytest.raises(
        StoreError, match=r"takes 1\.7 KiB, and the store .* may take 1000 B\. Set FUSION_CACHE_BYTES"
    ):
        store(named("new"), most=1000)
    assert names(folder) == {"old", "older", "oldest"}


def test_a_disk_that_is_too_small_is_told_before_anything_is_computed(store, monkeypatch):
    free = namedtuple("Usage", "total used free")(1000, 900, 100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)

    with pytest.raises(StoreError, match=r"needs 1\.7 KiB more, and its disk has 100 B free"):
        store()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 20 * 10**9),
        ("1000", 1000),
        ("1.5 GB", 15 * 10**8),
        ("2GiB", 2**31),
        ("3k", 3000),
        ("1 tb", 10**12),
    ],
)
def test_the_bound_is_read_from_the_environment(monkeypatch, text, expected):
    monkeypatch.setenv("FUSION_CACHE_BYTES", text)

    assert bound() == expected


@pytest.mark.parametrize("text", ["much", "-1", "1 PB", "GB", "1e9"])
def test_a_bound_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("FUSION_CACHE_BYTES", text)

    with pytest.raises(StoreError, match="FUSION_CACHE_BYTES is a number of bytes such as 50 GB, got"):
        bound()


def test_the_bound_holds_for_writers(store, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE_BYTES", "1k")

    with pytest.raises(StoreError, match="may take 1000 B"):
        store()


def test_a_folder_that_is_no_tensor_is_seen_and_can_be_removed(store, folder):
    store()
    broken = folder / ("0" * 32)
    broken.mkdir()
    (broken / "what").write_bytes(b"x" * 50)

    (found,) = [each for each in holdings(folder) if each.state == "unreadable"]
    assert (found.bytes, found.done) == (50, 0)
    assert remove(found)
    assert not broken.exists()


def test_holdings_say_how_far_they_are(store, folder):
    store(named("whole"))
    with (
        pytest.raises(StoreError, match="30 of 100"),
        writing(folder, named("begun"), shape=(4,), rows=100) as writer,
    ):
        writer.append(np.zeros((30, 4)))

    found = {each.manifest.parts["tensor"]: (each.state, each.done) for each in holdings(folder)}
    assert found == {"whole": ("stored", 100), "begun": ("unfinished", 30)}


def test_other_files_in_the_folder_are_left_alone(store, folder):
    store()
    (folder / "notes.txt").write_text("mine")
    (folder / "more").mkdir()

    for each in holdings(folder):
        remove(each)

    assert sorted(each.name for each in folder.iterdir()) == ["locks", "more", "notes.txt"]


def test_a_removal_that_was_killed_is_finished_later(store, folder, monkeypatch):
    store(named("old"))
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    remove(holdings(folder)[0])
    monkeypatch.undo()
    (left,) = folder.glob(f"{room.GONE}*")

    sweep(folder)
    assert left.exists()
    os.utime(left, (1e9, 1e9))
    sweep(folder)
    assert not left.exists()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"rows": 0}, "rows is 0"),
        ({"shape": (4, 0)}, "a size of the shape is 0"),
        ({"shape": (None, 3)}, "a size of the shape is None"),
        ({"dtype": "bfloat"}, "No tensor is stored as 'bfloat'. Did you mean 'bfloat16'"),
        ({"parts": {}}, "needs parts"),
    ],
)
def test_what_is_no_tensor_is_refused(options, match):
    with pytest.raises(StoreError, match=match):
        planned(**{"parts": named("x"), "shape": (4,), "rows": 3, **options})
