import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from fusion.checking import resolve
from fusion.errors import FileError, ModelError
from fusion.model import files
from fusion.model.addresses import layer, set_weights, weights
from fusion.model.building import build
from fusion.model.files import load, load_weights, save, save_weights
from fusion.model.selftest import self_test, synthetic


def test_a_saved_model_opens_with_equal_weights_outputs_recipe_and_labels(any_recipe, tmp_path):
    model = build(any_recipe)
    batch = synthetic(any_recipe, examples=3)

    save(model, tmp_path / "m.keras", recipe=any_recipe, labels=["a", "b"])
    loaded = load(tmp_path / "m.keras")

    assert loaded.recipe == any_recipe
    assert loaded.labels == ("a", "b")
    assert all(np.array_equal(weights(model)[name], value) for name, value in weights(loaded.model).items())
    assert np.array_equal(model.predict(batch, verbose=0), loaded.model.predict(batch, verbose=0))


def test_only_the_whole_file_replaces_an_older_one(two_backbones, tmp_path, monkeypatch):
    path = tmp_path / "m.keras"
    save(build(two_backbones), path, recipe=two_backbones)
    before = path.read_bytes()
    monkeypatch.setattr(files.Path, "replace", _no_space)

    with pytest.raises(FileError, match=r"m.keras cannot be written: No space left on device"):
        save(build(two_backbones), path, recipe=two_backbones)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def _no_space(*_: object, **__: object) -> str:
    raise OSError(28, "No space left on device")


def test_a_model_is_saved_as_keras_only(two_backbones, tmp_path):
    with pytest.raises(ModelError, match=r"saved as a .keras file, got 'm.h5'"):
        save(build(two_backbones), tmp_path / "m.h5", recipe=two_backbones)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(ModelError, match="There is no file"):
        load(tmp_path / "m.keras")


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "m.keras").write_text("no zip")

    with pytest.raises(ModelError, match=r"m.keras is no .keras file that can be read"):
        load(tmp_path / "m.keras")


def test_a_file_without_a_recipe_is_left_to_keras(tmp_path):
    x = keras.Input((2,))
    keras.Model(x, keras.layers.Dense(1)(x)).save(tmp_path / "m.keras")

    with pytest.raises(ModelError, match=r"has no recipe inside.*keras.saving.load_model opens it"):
        load(tmp_path / "m.keras")


def test_a_damaged_model_is_refused_with_what_keras_says(two_backbones, tmp_path):
    save(build(two_backbones), tmp_path / "m.keras", recipe=two_backbones)
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = json.dumps({"class_name": "Nothing", "config": {}}).encode()
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    with pytest.raises(ModelError, match="Keras cannot open"):
        load(tmp_path / "m.keras")


def test_weights_by_address_survive_a_file(two_backbones, tmp_path):
    stored = weights(build(two_backbones, seed=1))

    save_weights(stored, tmp_path / "w.npz")

    found = load_weights(tmp_path / "w.npz")
    assert list(found) == list(stored)
    assert all(np.array_equal(found[name], value) for name, value in stored.items())


def test_weights_are_saved_as_npz_only(tmp_path):
    with pytest.raises(ModelError, match=r"saved as an .npz file, got 'w.h5'"):
        save_weights({}, tmp_path / "w.h5")


def test_missing_and_damaged_weights_are_told_apart(tmp_path):
    (tmp_path / "bad.npz").write_text("no archive")

    with pytest.raises(ModelError, match="There is no file"):
        load_weights(tmp_path / "absent.npz")
    with pytest.raises(ModelError, match="holds no weights by address that can be read"):
        load_weights(tmp_path / "bad.npz")


def test_a_whole_model_is_no_weights_by_address(tmp_path):
    with pytest.raises(ModelError, match=r"m.keras is a whole model, not weights by address"):
        load_weights(tmp_path / "m.keras")


def test_weights_of_another_model_change_nothing(two_backbones):
    model = build(two_backbones)
    before = weights(model)
    good = np.zeros_like(before["output/bias"])

    with pytest.raises(ModelError, match=r"no weight 'outptu/bias'. Did you mean 'output/bias'"):
        set_weights(model, {"output/bias": good, "outptu/bias": good})
    with pytest.raises(ModelError, match=r"'output/bias' has shape \(3,\), and the stored one \(4,\)"):
        set_weights(model, {"output/kernel": before["output/kernel"] * 0, "output/bias": np.zeros(4)})

    assert all(np.array_equal(before[name], value) for name, value in weights(model).items())


def test_a_folder_that_cannot_be_made_is_a_clear_error(two_backbones, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(FileError, match="cannot be written"):
        save(build(two_backbones), Path(tmp_path, "file", "m.keras"), recipe=two_backbones)


def test_a_layer_that_is_not_there_is_named_with_its_neighbour(two_backbones):
    with pytest.raises(LookupError, match=r"no layer 'plain/block1_pol'. Did you mean 'plain/block1_pool'"):
        layer(build(two_backbones), "plain/block1_pol")


def test_the_self_test_finds_an_op_that_is_not_symmetric(siamese):
    model = build(siamese.replace("/fusion", {"op": "film", "from": ["l", "r"]}))

    findings = {finding.what: finding for finding in self_test(model, resolve(siamese))}

    symmetry = findings["what a symmetric op joins may be exchanged"]
    assert (symmetry.holds, symmetry.seen) == (False, "0 of 1, not fusion")


def test_the_self_test_finds_a_weight_without_a_gradient(two_backbones):
    from fusion.checking import resolve

    model = build(two_backbones)
    layer(model, "output").kernel.assign(np.zeros((8, 3)))

    findings = {finding.what: finding for finding in self_test(model, resolve(two_backbones))}

    assert not findings["every trainable weight gets a finite gradient that is not zero"].holds


def test_classes_that_a_recipe_names_are_the_labels_where_nobody_gave_others(two_backbones, tmp_path):
    named = two_backbones.replace("/head/output", {"task": "classification", "classes": ["ants", "bees"]})

    save(build(named), tmp_path / "m.keras", recipe=named)

    assert load(tmp_path / "m.keras").labels == ("ants", "bees")
