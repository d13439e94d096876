"""SavedModels as backbones: made here, by TensorFlow itself and by Keras."""

import json
import re
import shutil
import sys
import tarfile
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

import fusion
from fusion.backbones.reloading import open_saved_model
from fusion.backbones.savedmodels import digest_folder, find_saved_model, unpack_place
from fusion.checking import check, costs, resolve
from fusion.errors import BackboneError, InputSizeError, ModelError, WeightsError
from fusion.features.digests import _owned
from fusion.locking import lock
from fusion.model.addresses import layers
from fusion.recipe.recipe import Recipe
from fusion.recipe.savedmodels import SavedModel
from fusion.recipe.writing import to_data


class Program(tf.Module):
    """What TensorFlow Hub hands out: a function of images in 0..1 with variables of its own."""

    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(np.random.default_rng(0).standard_normal((3, 5)).astype("float32"))

    @tf.function(input_signature=[tf.TensorSpec((None, 16, 16, 3), tf.float32)])
    def __call__(self, images):
        return {"vector": tf.matmul(tf.reduce_mean(images, (1, 2)), self.kernel), "map": images * 2.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("hub") / "program"
    program = Program()
    tf.saved_model.save(program, str(root), signatures={"serving_default": program.__call__})
    return root


@pytest.fixture
def recipe(folder):
    return Recipe(
        name="hub",
        inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
        backbones={
            "net": {"saved_model": str(folder), "preprocess": {"scale": 1 / 255}, "output": "vector"},
            "eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}},
        },
        branches={
            "block": {"input": "photo", "backbone": "net", "pool": "none"},
            "own": {"input": "photo", "backbone": "eye"},
        },
        fusion={"op": "concat", "from": ["block", "own"]},
        head={"output": {"task": "binary"}},
        training={"phases": [{"name": "head", "train": ["head"], "epochs": 1}]},
    )


def pictures(count=4):
    return np.random.default_rng(1).uniform(0, 255, (count, 16, 16, 3)).astype("float32")


def test_a_saved_model_is_one_block_with_its_weights_counted(recipe):
    graph = resolve(recipe)

    assert [row.name for row in graph.trunks["net"].skeleton.layers] == ["input", "block"]
    assert graph.weights["net/block"].params == graph.weights["net/block"].statistics == 15
    assert any("its operations are not counted" in remark.text for remark in graph.remarks)
    assert costs(recipe).params == fusion.build(recipe).count_params()
    assert costs(recipe).uncounted == ("TFSMLayer",)


def test_what_it_gives_is_what_the_program_gives(recipe, folder):
    photos = pictures()
    model = fusion.build(recipe)

    found = keras.Model(model.inputs, layers(model)["output"].input)({"photo": photos}).numpy()[:, :5]

    expected = tf.saved_model.load(str(folder))(tf.constant(photos / 255))["vector"]
    assert np.allclose(found, expected, atol=1e-6)


def test_a_saved_one_opens_where_the_folder_is_gone_and_gives_the_same(recipe, folder, tmp_path, monkeypatch):
    moved = tmp_path / "elsewhere"
    shutil.copytree(folder, moved)
    model = fusion.build(recipe.replace("/backbones/net/saved_model", str(moved)))
    before = model.predict({"photo": pictures()}, verbose=0)
    fusion.save(model, tmp_path / "m.keras", recipe=recipe)
    shutil.rmtree(moved)

    found = fusion.load(tmp_path / "m.keras").model.predict({"photo": pictures()}, verbose=0)

    assert np.array_equal(found, before)
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "another machine"))
    with pytest.raises(ModelError, match=r"holds a SavedModel \(net/block\).*trusted=True"):
        fusion.load(tmp_path / "m.keras")
    assert np.array_equal(
        fusion.load(tmp_path / "m.keras", trusted=True).model.predict({"photo": pictures()}, verbose=0),
        before,
    )


def test_a_saved_model_changed_on_the_way_is_refused(recipe, folder, tmp_path, monkeypatch):
    fusion.save(fusion.build(recipe), tmp_path / "m.keras", recipe=recipe)
    with zipfile.ZipFile(tmp_path / "m.keras") as archive, zipfile.ZipFile(tmp_path / "n.keras", "w") as bad:
        for name in archive.namelist():
            bad.writestr(name, archive.read(name) + (b" " if name.endswith("saved_model.pb") else b""))
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "another machine"))

    with pytest.raises(ModelError, match="is damaged: its sha256 is"):
        fusion.load(tmp_path / "n.keras", trusted=True)


def test_code_beside_a_saved_model_is_refused(recipe, tmp_path):
    fusion.save(fusion.build(recipe), tmp_path / "m.keras", recipe=recipe)
    with zipfile.ZipFile(tmp_path / "m.keras") as archive, zipfile.ZipFile(tmp_path / "n.keras", "w") as bad:
        for name in archive.namelist():
            data = archive.read(name)
            if name == "config.json":
                config = json.loads(data)
                config["config"]["layers"].append({"class_name": "Lambda", "config": {"name": "code"}})
                data = json.dumps(config).encode()
            bad.writestr(name, data)

    with pytest.raises(ModelError, match="holds code of Python beside its SavedModel"):
        fusion.load(tmp_path / "n.keras", trusted=True)


def test_it_never_trains(recipe):
    wrong = recipe.replace("/training/phases/0/train", ["head", "net"])

    assert [problem.place for problem in check(wrong)] == ["/training/phases/0/train/1"]


def test_it_is_cut_nowhere(recipe):
    assert [problem.place for problem in check(recipe.replace("/branches/block/cut", "conv1"))] == [
        "/branches/block/cut"
    ]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"endpoint": "serving"}, r"no endpoint 'serving'.*serving_default"),
        ({"output": "vectro"}, r"no output 'vectro'. Did you mean 'vector'\?"),
        ({"output": None}, r"gives several tensors. Write one as .output.: map, vector"),
    ],
)
def test_an_endpoint_or_output_that_is_not_there_is_named(recipe, folder, fields, text):
    given = {"saved_model": str(folder), "preprocess": "none", "output": "vector"} | fields
    written = {key: value for key, value in given.items() if value is not None}

    problems = check(recipe.replace("/backbones/net", written))

    assert re.search(text, problems[0].text)


def test_images_of_another_size_are_refused_with_the_way_out(recipe):
    problems = check(recipe.replace("/inputs/photo/shape", [32, 32, 3]))

    assert 'Write "resize": [16, 16] in the branch' in problems[0].text


def test_a_map_is_pooled(recipe):
    maps = recipe.replace("/backbones/net/output", "map").replace("/branches/block/pool", "avg")

    assert resolve(maps).ends["block"].startswith("block")
    assert fusion.build(maps).predict({"photo": pictures()}, verbose=0).shape == (4, 1)


def test_a_digest_is_held_against_the_folder_and_locked(recipe, folder):
    found = digest_folder(folder)

    assert check(recipe.replace("/backbones/net/sha256", found)) == ()
    assert lock(recipe).backbones["net"].weights == found
    problems = check(recipe.replace("/backbones/net/sha256", "0" * 64))
    assert "is not the one meant" in problems[0].text


def test_an_archive_is_unpacked_once(folder, tmp_path):
    with tarfile.open(tmp_path / "program.tar.gz", "w:gz") as archive:
        archive.add(folder, arcname="inner")
    backbone = SavedModel(saved_model="program.tar.gz", preprocess="none")

    place, found = find_saved_model(backbone, [tmp_path])

    assert found == digest_folder(folder)
    assert place.parent == unpack_place("x").parent
    (tmp_path / "empty.tar.gz").write_bytes(b"no archive")
    with pytest.raises(WeightsError, match="cannot be unpacked"):
        find_saved_model(SavedModel(saved_model="empty.tar.gz", preprocess="none"), [tmp_path])


def test_an_archive_without_a_program_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with tarfile.open(tmp_path / "other.tgz", "w:gz") as archive:
        archive.add(tmp_path / "a.txt", arcname="a.txt")

    with pytest.raises(WeightsError, match="holds no SavedModel"):
        find_saved_model(SavedModel(saved_model="other.tgz", preprocess="none"), [tmp_path])


def test_a_damaged_program_is_an_error_of_its_file(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "bad")
    (tmp_path / "bad" / "saved_model.pb").write_bytes(b"\xff\x00")

    with pytest.raises(WeightsError, match=r"saved_model.pb cannot be opened"):
        open_saved_model(
            SavedModel(saved_model="bad", preprocess="none"), shape=(16, 16, 3), folder=tmp_path / "bad"
        )


def test_what_reads_other_images_is_refused_when_opened(folder):
    backbone = SavedModel(saved_model="program", preprocess="none", output="vector")
    with pytest.raises(InputSizeError, match="reads 16x16x3, got 8x8x3"):
        open_saved_model(backbone, shape=(8, 8, 3), folder=folder)
    with pytest.raises(BackboneError, match="no endpoint"):
        open_saved_model(backbone.replaced(endpoint="x"), shape=(16, 16, 3), folder=folder)


def test_an_address_needs_what_resolves_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_hub", None)

    with pytest.raises(BackboneError, match=r"pip install 'fusion\[hub\]'"):
        find_saved_model(SavedModel(saved_model="https://tfhub.dev/x/1", preprocess="none"), [])


def test_what_keras_exports_is_a_backbone(recipe, tmp_path):
    inputs = keras.Input((16, 16, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(4, 3, strides=2)(inputs))
    model.export(tmp_path / "exported", verbose=False)
    exported = recipe.replace(
        "/backbones/net",
        {"saved_model": str(tmp_path / "exported"), "preprocess": "none", "endpoint": "serve"},
    ).replace("/branches/block/pool", "avg")

    fused = fusion.build(exported)

    photos = pictures()
    found = keras.Model(fused.inputs, layers(fused)["output"].input)({"photo": photos}).numpy()[:, :4]
    assert np.allclose(found, model(photos).numpy().mean((1, 2)), rtol=1e-4, atol=1e-3)


def test_the_preprocessing_has_to_be_said(recipe):
    data = to_data(recipe)
    del data["backbones"]["net"]["preprocess"]

    with pytest.raises(fusion.RecipeError, match="does not say what it was fed"):
        Recipe(**data)


def test_what_is_stored_of_it_goes_by_its_program_and_not_by_its_place(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    shutil.copytree(folder, tmp_path / "other")
    (tmp_path / "other" / "note.txt").write_text("another program")

    same, copy, other = (
        _owned(keras.layers.TFSMLayer(str(place), call_endpoint="serving_default"))
        for place in (folder, tmp_path / "copy", tmp_path / "other")
    )

    assert same == copy != other
