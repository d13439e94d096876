"""The command features: tutorials' frozen backbone as arrays."""

import re

import numpy as np
import pytest

from fusion.errors import LayerNotFoundError, ModelError
from fusion.features import precision


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))


def test_features_writes_arrays_and_says_what_they_are(run, recipe_file, photos, tmp_path):
    status, out, err = run("features", recipe_file(), "--data", photos, "-o", tmp_path / "f.npz")

    assert status == 0
    assert re.search(r"train .*\d:\d\d \d+ of \d+, \d+ a second", err)
    assert "all: " in out
    assert "train_all, train_targets, train_names" in out
    with np.load(tmp_path / "f.npz", allow_pickle=False) as found:
        assert found["classes"].tolist() == ["bright", "dark"]
        assert found["train_all"].shape == (len(found["train_names"]), 8)
        assert [found["classes"][each] for each in found["test_targets"]] == [
            name.partition("/")[0] for name in found["test_names"].tolist()
        ]
    assert "3 tensors" in run("cache", "ls")[1]


def test_features_of_layers_in_bfloat16_say_how_far_they_are_off(
    run, recipe_file, photos, tmp_path, monkeypatch
):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    asked = ["--tap", "eye/block1_pool", "--precision", "bfloat16", "--store", tmp_path / "store"]

    _, out, _ = run("features", recipe_file(), "--data", photos, "-o", tmp_path / "f.npz", *asked)

    assert "eye/block1_pool: bfloat16 is off float32 by " in out
    assert np.load(tmp_path / "f.npz")["test_eye/block1_pool"].shape[1:] == (8, 8, 4)
    assert (tmp_path / "store").is_dir()


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (["-o", "f.csv"], ModelError, "written as an .npz file, got 'f.csv'"),
        (["-o", "f.npz", "--precision", "half"], ModelError, "no precision 'half'"),
        (["-o", "f.npz", "--tap", "eye/block1_pol"], LayerNotFoundError, "Did you mean 'eye/block1_pool'"),
    ],
)
def test_what_features_cannot_give_is_refused(run, recipe_file, photos, arguments, error, match):
    with pytest.raises(error, match=match):
        run("features", recipe_file(), "--data", photos, *arguments)


def test_features_of_a_trained_run(run, recipe_file, photos, tmp_path):
    run("train", recipe_file(), "--data", photos, "-o", tmp_path / "run")

    status, _, _ = run(
        "features", tmp_path / "run", "--data", photos, "-o", tmp_path / "f.npz", "--tap", "output"
    )

    assert status == 0
    scores = np.load(tmp_path / "f.npz")["test_output"]
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
