import csv

import pytest

from fusion.errors import DataError


def test_pairs_writes_a_table_and_says_what_is_in_it(run, photos, tmp_path):
    status, out, _ = run("pairs", photos, "-o", tmp_path / "pairs.csv", "--per-image", "2", "--test", "0.3")

    rows = list(csv.DictReader((tmp_path / "pairs.csv").read_text("utf-8").splitlines()))
    trained = sum(row["split"] == "train" for row in rows)
    assert status == 0
    assert f"train: {trained // 2} pairs of one class, {trained // 2} of two" in out
    assert (tmp_path / "pairs.json").exists()


def test_pairs_go_into_a_table(run, photos, tmp_path):
    with pytest.raises(DataError, match=r"Pairs are written as a \.csv table, got 'pairs\.json'"):
        run("pairs", photos, "-o", tmp_path / "pairs.json")
