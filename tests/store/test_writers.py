"""Writing: what was appended stays, continues, and is there for others only when whole."""

from contextlib import suppress

import numpy as np
import pytest

from fusion.errors import StoreError
from fusion.store.entries import find, read
from fusion.store.keys import key
from fusion.store.manifests import JOURNAL, PLAN, ROWS
from fusion.store.writers import writing

PARTS = {"tensor": "eye/block3_pool"}
KEY = key(PARTS)


def numbered(rows, first=0):
    return np.arange(first * 4, (first + rows) * 4, dtype="float32").reshape(rows, 4)


def interrupted(folder, rows, of=100):
    with suppress(KeyboardInterrupt), writing(folder, PARTS, shape=(4,), rows=of) as writer:
        for first in range(0, rows, 10):
            writer.append(numbered(10, first))
        raise KeyboardInterrupt


def finish(folder, of=100):
    """Writes what is missing, and returns how many rows were there."""
    with writing(folder, PARTS, shape=(4,), rows=of) as writer:
        done = writer.done
        writer.append(numbered(of - done, done))
    return done


def rows(folder):
    return read(find(folder, KEY))


def test_what_was_written_is_read(folder):
    finish(folder)

    assert rows(folder).tolist() == numbered(100).tolist()


def test_a_stored_tensor_is_an_npy_file(folder):
    finish(folder)

    assert np.load(folder / KEY / ROWS, allow_pickle=False).tolist() == numbered(100).tolist()


def test_nobody_finds_a_tensor_that_is_not_whole(folder):
    interrupted(folder, 90)

    assert find(folder, KEY) is None


def test_a_writer_continues_where_one_was_interrupted(folder):
    interrupted(folder, 30)

    assert finish(folder) == 30
    assert rows(folder).tolist() == numbered(100).tolist()


def test_a_writer_of_what_is_stored_has_nothing_to_append(folder):
    finish(folder)

    assert finish(folder) == 100


def test_a_tensor_left_unfinished_is_told_and_kept(folder):
    with (
        pytest.raises(StoreError, match=r"10 of 100 rows were appended .* They are kept"),
        writing(folder, PARTS, shape=(4,), rows=100) as writer,
    ):
        writer.append(numbered(10))

    assert finish(folder) == 10


def test_an_error_of_who_appends_stays_as_it_is(folder):
    with pytest.raises(FileNotFoundError, match="photograph"), writing(folder, PARTS, shape=(4,), rows=9):
        raise FileNotFoundError("photograph")


@pytest.mark.parametrize("wrong", [np.zeros((2, 5)), np.zeros(4), np.zeros((101, 4)), np.zeros(())])
def test_rows_that_do_not_fit_are_refused(folder, wrong):
    with (
        pytest.raises(
            StoreError, match=r"Rows of shape \(4,\) are stored here, and 100 of 100 are still to come"
        ),
        writing(folder, PARTS, shape=(4,), rows=100) as writer,
    ):
        writer.append(wrong)


def test_a_damaged_byte_of_an_interrupted_writer_is_written_again(folder):
    interrupted(folder, 50)
    file = folder / f"{KEY}.part" / ROWS
    data = bytearray(file.read_bytes())
    data[128 + 25 * 16] ^= 1
    file.write_bytes(data)

    assert finish(folder) == 20
    assert rows(folder).tolist() == numbered(100).tolist()


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_torn_line_of_the_journal_is_written_again(folder, cut):
    interrupted(folder, 50)
    file = folder / f"{KEY}.part" / JOURNAL
    file.write_bytes(file.read_bytes()[:-cut])

    assert finish(folder) < 50
    assert rows(folder).tolist() == numbered(100).tolist()


def test_a_file_cut_short_is_written_again_from_there(folder):
    interrupted(folder, 50)
    file = folder / f"{KEY}.part" / ROWS
    file.write_bytes(file.read_bytes()[:-1])

    assert finish(folder) == 40
    assert rows(folder).tolist() == numbered(100).tolist()


def test_bytes_that_the_journal_does_not_know_are_written_over(folder):
    interrupted(folder, 50)
    with (folder / f"{KEY}.part" / ROWS).open("ab") as file:
        file.write(b"x" * 5000)

    assert finish(folder) == 50
    assert rows(folder).tolist() == numbered(100).tolist()


def test_an_interrupted_tensor_of_other_rows_begins_anew(folder):
    interrupted(folder, 50, of=60)

    assert finish(folder) == 0


@pytest.mark.parametrize("name", [PLAN, JOURNAL, ROWS])
def test_without_one_of_its_files_an_interrupted_tensor_begins_anew(folder, name):
    interrupted(folder, 50)
    (folder / f"{KEY}.part" / name).unlink()

    assert finish(folder) == 0
    assert rows(folder).tolist() == numbered(100).tolist()


def test_where_locks_do_not_hold_the_first_to_publish_wins(folder, tmp_path):
    finish(tmp_path / "other")
    with writing(folder, PARTS, shape=(4,), rows=100) as writer:
        writer.append(numbered(100) + 1)
        (tmp_path / "other" / KEY).rename(folder / KEY)

    assert rows(folder).tolist() == numbered(100).tolist()
    assert sorted(each.name for each in folder.iterdir()) == [KEY, "locks"]


def test_one_row_is_one_number_where_the_shape_is_empty(folder):
    with writing(folder, PARTS, shape=(), rows=3) as writer:
        writer.append(np.array([1.0, 2.0, 3.0]))

    assert rows(folder).tolist() == [1, 2, 3]
