import hashlib

import pytest

from fusion.data.examination import examine
from fusion.errors import DataError


def test_digests_are_those_of_the_bytes_in_order(tmp_path, picture):
    paths = [picture(tmp_path / name) for name in ("b.png", "a.png")]

    assert examine(paths) == tuple(hashlib.sha256(path.read_bytes()).digest() for path in paths)


def test_progress_counts_every_file_once(tmp_path, picture):
    paths = [picture(tmp_path / f"{i}.png") for i in range(5)]
    seen = []

    examine(paths, progress=lambda done, total: seen.append((done, total)))

    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_truncated_jpeg_is_named_with_the_reason(tmp_path, picture):
    whole = picture(tmp_path / "whole.jpg", size=(64, 64))
    short = tmp_path / "short.jpg"
    short.write_bytes(whole.read_bytes()[:-400])

    with pytest.raises(
        DataError, match=r"1 of 2 files .*\n  .*short\.jpg: it cannot be decoded: .*truncated"
    ):
        examine([whole, short])


def test_one_broken_file_is_counted_as_one(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")

    with pytest.raises(DataError, match="1 of 1 file cannot be used"):
        examine([tmp_path / "a.png"])


def test_ten_of_many_broken_files_are_named(tmp_path):
    paths = [tmp_path / f"{i:02}.png" for i in range(13)]
    for path in paths:
        path.write_bytes(b"")

    with pytest.raises(DataError, match=r"13 of 13 .*(\n  .*\d\d\.png: it is empty.*){10}\n  and 3 more$"):
        examine(paths)


def test_an_image_in_capitals_is_one_by_its_name(tmp_path, picture):
    path = picture(tmp_path / "a.png").rename(tmp_path / "A.PNG")

    assert len(examine([path])) == 1


def test_file_that_is_no_image_by_its_name_is_refused(tmp_path):
    (tmp_path / "Thumbs.db").write_bytes(b"x")

    with pytest.raises(DataError, match=r"Thumbs\.db: it is not an image by its name"):
        examine([tmp_path / "Thumbs.db"])


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.png: No such file"):
        examine([tmp_path / "gone.png"])
