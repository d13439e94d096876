import hashlib
import json
from dataclasses import replace

import pytest

from fusion.checking import resolve
from fusion.errors import FileError, RecipeError, WeightsError
from fusion.locking import fingerprint, lock, lock_file, moved, read_lock, write_lock
from fusion.recipe.recipe import Recipe

ONE = Recipe(
    name="one",
    inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    backbones={"eye": {"arch": "TinyVGG", "weights": {"file": "eye.weights.h5"}}},
    branches={"all": {"input": "photo", "backbone": "eye", "cut": ["stage:2", "last"]}},
    head={"output": {"task": "binary"}},
)


@pytest.fixture
def weights(tmp_path):
    (tmp_path / "eye.weights.h5").write_bytes(b"some weights")
    return tmp_path


def places(problems):
    return {problem.place: problem.text for problem in problems}


def test_a_lock_is_read_as_it_was_written(weights):
    made = lock(ONE, folders=[weights])
    write_lock(made, weights / "one.lock.json")

    assert read_lock(lock_file(weights / "one.json")) == made
    assert moved(ONE, made, folders=[weights]) == ()


def test_a_lock_says_which_layers_cuts_stand_for_and_which_file_weights_were(weights):
    made = lock(ONE, folders=[weights])

    assert made.cuts["all"] == ("block2_pool", "block3_pool")
    assert made.backbones["eye"].layers == 22
    assert made.backbones["eye"].weights == hashlib.sha256(b"some weights").hexdigest()


def test_other_weights_under_the_same_name_are_told(weights):
    made = lock(ONE, folders=[weights])
    (weights / "eye.weights.h5").write_bytes(b"other weights")

    assert list(places(moved(ONE, made, folders=[weights]))) == ["/backbones/eye/weights"]


def test_weights_that_are_gone_are_an_error(tmp_path):
    with pytest.raises(WeightsError, match=r"no weights file 'eye\.weights\.h5'"):
        lock(ONE, folders=[tmp_path])


def test_a_cut_that_stands_for_another_layer_is_told(weights):
    made = lock(ONE, folders=[weights])
    before = made.replaced(cuts={"all": ("block1_pool", "block3_pool")})

    found = places(moved(ONE, before, folders=[weights]))

    assert found == {
        "/branches/all/cut": "The cut was block1_pool + block3_pool and is block2_pool + block3_pool."
    }


def test_layers_that_moved_are_told_with_the_versions_since(weights):
    made = lock(ONE, folders=[weights])
    eye = made.backbones["eye"].replaced(fingerprint="0" * 64, layers=21)
    before = made.replaced(backbones={"eye": eye}, versions={**made.versions, "keras": "3.0.0"})

    found = places(moved(ONE, before, folders=[weights]))

    assert found["/backbones/eye"] == "Its layers are others than they were: 21 layers then, 22 now."
    assert "keras 3.0.0 -> 3." in found[""]


def test_other_versions_alone_are_nothing_that_moved(weights):
    made = lock(ONE, folders=[weights])

    assert moved(ONE, made.replaced(versions={"keras": "3.0.0"}), folders=[weights]) == ()


def test_another_recipe_is_told(weights):
    found = places(
        moved(ONE.replace("/branches/all/pool", "max"), lock(ONE, folders=[weights]), folders=[weights])
    )

    assert "means something else" in found[""]


def test_the_fingerprint_changes_with_each_thing_a_layer_is():
    skeleton = resolve(ONE).trunks["eye"].skeleton
    first, second, *rest = skeleton.layers

    for changed in ({"name": "x"}, {"kind": "x"}, {"shape": (1, 1, 1)}, {"params": 1}, {"parents": ("x",)}):
        other = replace(skeleton, layers=(first, replace(second, **changed), *rest))
        assert fingerprint(other) != fingerprint(skeleton)


def test_what_is_no_lock_is_refused(tmp_path):
    path = tmp_path / "x.lock.json"

    with pytest.raises(FileError, match="There is no lock"):
        read_lock(path)
    path.write_text(json.dumps({"lock": 1, "recipe": "x"}))
    with pytest.raises(FileError, match="not a lock that this version reads"):
        read_lock(path)
    path.write_text("{")
    with pytest.raises(RecipeError, match="No valid JSON"):
        read_lock(path)


def test_an_entrance_that_stands_for_another_layer_is_told():
    stitched = ONE.replaced(
        backbones={name: {"arch": "TinyVGG", "weights": None} for name in ("eye", "mind")},
        branches={
            "front": {"input": "photo", "backbone": "eye", "cut": "stage:1"},
            "back": {"of": "front", "backbone": "mind", "enter": "stage:2"},
        },
    )
    made = lock(stitched)

    assert made.cuts == {"front": ("block1_pool",), "back": ("block3_pool",)}
    assert made.entrances == {"back": "block2_pool"}
    assert places(moved(stitched, made.replaced(entrances={"back": "block1_pool"}))) == {
        "/branches/back/enter": "The entrance was block1_pool and is block2_pool."
    }
