"""Reading: everything as it was written, or nothing."""

import gc
import json
import os
import random

import numpy as np
import pytest

from fusion.cache import read_checked, write_checked
from fusion.errors import StoreError
from fusion.store import entries, journals
from fusion.store.entries import find, read, verify
from fusion.store.keys import key
from fusion.store.manifests import MANIFEST, ROWS
from fusion.store.room import remove
from fusion.store.shelf import holdings
from fusion.store.writers import writing


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(journals, "CHUNK", 600)
    monkeypatch.setattr(journals, "PIECE", 100)


def flip(path, place, bit=1):
    data = bytearray(path.read_bytes())
    data[place] ^= bit
    path.write_bytes(data)


def test_an_entry_says_what_it_is(store):
    entry = store(dtype="float16")

    assert (entry.shape, entry.rows, entry.dtype) == ((4,), 100, "float16")
    assert entry.parts["data"] == {"name": "glyphs", "sha256": "77c1"}
    assert entry.bytes == (entry.path / ROWS).stat().st_size == 128 + 800
    assert entry.created <= entry.used + 1


def test_rows_that_are_read_cannot_be_changed(store):
    rows = read(store())

    with pytest.raises(ValueError, match="read-only"):
        rows[0, 0] = 1


def test_to_find_a_tensor_is_to_use_it(store, folder):
    entry = store()
    os.utime(entry.path / MANIFEST, (1e9, 1e9))

    found = find(folder, entry.key)
    assert found.used > 1e9
    assert find(folder, entry.key).used > 1e9


@pytest.mark.usefixtures("small_chunks")
def test_a_flipped_bit_anywhere_is_never_served(store, folder):
    chance = random.Random(0)
    entry = store()
    for name in (ROWS, MANIFEST):
        file = entry.path / name
        whole = file.read_bytes()
        for _ in range(100):
            flip(file, chance.randrange(len(whole)), 1 << chance.randrange(8))
            assert find(folder, entry.key) is None
            file.write_bytes(whole)
            assert find(folder, entry.key) is not None


@pytest.mark.parametrize("name", [ROWS, MANIFEST])
@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-1], lambda data: data + b"0"])
def test_a_file_of_another_length_is_never_served(store, folder, name, damage):
    entry = store()
    (entry.path / name).write_bytes(damage((entry.path / name).read_bytes()))

    assert find(folder, entry.key) is None


@pytest.mark.parametrize("name", [ROWS, MANIFEST])
def test_without_one_of_its_files_a_tensor_is_not_found(store, folder, name):
    entry = store()
    (entry.path / name).unlink()

    assert find(folder, entry.key) is None


def test_a_tensor_under_another_key_is_not_found(store, folder):
    entry = store()
    entry.path.rename(folder / ("0" * 32))

    assert find(folder, "0" * 32) is None


def test_a_manifest_of_a_newer_format_is_not_read(store, folder):
    entry = store()
    table = json.loads(read_checked(entry.path / MANIFEST)) | {"store": 2}
    write_checked(entry.path / MANIFEST, json.dumps(table))

    assert find(folder, entry.key) is None


@pytest.mark.parametrize("name", [ROWS, MANIFEST])
def test_a_damaged_tensor_is_written_anew(store, folder, name):
    entry = store()
    flip(entry.path / name, 130)

    assert read(store())[99, 3] == 399


@pytest.mark.usefixtures("small_chunks")
def test_verify_says_where_the_damage_is(store):
    entry = store(rows=200)

    assert verify(entry) == ""
    flip(entry.path / ROWS, 128 + 150 * 16)
    assert verify(entry) == "1 chunk of 4 changed, the first from row 96"
    (entry.path / ROWS).write_bytes(b"short")
    assert verify(entry) == "it has 5 bytes instead of 3328"


def test_what_the_disk_cannot_read_is_damaged(store, monkeypatch):
    entry = store()

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(entries, "crc", fail)

    assert verify(entry) == "the disk cannot read all of it"


def test_what_was_damaged_since_it_was_found_is_not_read(store):
    entry = store()
    flip(entry.path / ROWS, 200)

    with pytest.raises(StoreError, match="was damaged since it was found: 1 chunk of 1 changed"):
        read(entry)


def test_what_was_removed_since_it_was_found_is_not_read(store, folder):
    entry = store()
    for each in holdings(folder):
        assert remove(each)

    with pytest.raises(StoreError, match="was removed since it was found"):
        read(entry)


def test_a_file_that_did_not_change_is_examined_once(store, folder, monkeypatch):
    entry = store()
    monkeypatch.setattr(entries, "crc", lambda *_: pytest.fail("examined again"))

    assert find(folder, entry.key)
    assert read(entry)[0, 1] == 1


def test_rows_stay_readable_when_their_folder_is_removed_by_force(store):
    entry = store()
    rows = read(entry)
    for file in list(entry.path.iterdir()):
        file.unlink()

    assert rows[99, 3] == 399


def test_what_is_being_read_is_not_removed(store, folder):
    view = read(store())[10:20]
    (holding,) = holdings(folder)

    assert not remove(holding)
    del view
    gc.collect()
    assert remove(holding)


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"]
)
def test_each_dtype_comes_back(folder, dtype):
    values = np.array([[0, 1], [1, 0]])
    parts = {"tensor": dtype}
    given = values.astype("float32" if "float" in dtype else dtype)
    with writing(folder, parts, shape=(2,), rows=2, dtype=dtype) as writer:
        writer.append(given)

    rows = read(find(folder, key(parts)))
    assert rows.dtype.name == dtype
    assert rows.astype("float64").tolist() == values.tolist()


def test_a_cache_that_is_a_file_has_no_tensors(tmp_path):
    (tmp_path / "file").write_text("no folder")

    assert find(tmp_path / "file", "0" * 32) is None
    assert holdings(tmp_path / "file") == ()
