"""Backbones of KerasHub: cut where their layers can be saved, whole where not; presets in folders and by name."""

import hashlib
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

import fusion
from fusion.backbones import kerashub, presets
from fusion.errors import BackboneError, RecipeError, WeightsError

keras_hub = pytest.importorskip("keras_hub", reason="the extra fusion[kerashub] is not installed")

RESNET = {
    "input_conv_filters": [64],
    "input_conv_kernel_sizes": [7],
    "stackwise_num_filters": [64, 64],
    "stackwise_num_blocks": [1, 1],
    "stackwise_num_strides": [1, 2],
    "block_type": "basic_block",
}
VGG = {"stackwise_num_repeats": [1, 1, 1], "stackwise_num_filters": [4, 4, 8]}
DENSE = {"stackwise_num_repeats": [2, 2, 2], "growth_rate": 4}
VIT = {"patch_size": 8, "num_layers": 1, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
MIT = {
    "layerwise_depths": [1, 1],
    "num_layers": 2,
    "layerwise_num_heads": [1, 2],
    "layerwise_sr_ratios": [2, 1],
    "max_drop_path_rate": 0.1,
    "layerwise_patch_sizes": [7, 3],
    "layerwise_strides": [4, 2],
    "hidden_dims": [8, 16],
}
IMAGES = np.random.default_rng(1).uniform(0, 255, (2, 32, 32, 3)).astype("float32")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))


def recipe(cut="last", shape=(32, 32, 3), **net):
    return fusion.Recipe(
        name="mine",
        inputs={"photo": {"kind": "image", "shape": shape}},
        backbones={"net": net},
        branches={"all": {"input": "photo", "backbone": "net", "cut": cut}},
        head={"output": {"task": "classification", "classes": 2}},
    )


def made(name, options, **changes):
    return {"kerashub": name, "weights": None, "preprocess": "none", "options": options, **changes}


def problems(*args, folders=(), **kwargs):
    return {each.place: each.text for each in fusion.check(recipe(*args, **kwargs), folders=folders)}


def pooled(model):
    return keras.Model(model.inputs, model.get_layer("all.pool").input)([IMAGES])


@pytest.mark.parametrize(
    ("name", "options", "cut", "tap"),
    [
        ("ResNetBackbone", RESNET, "P2", "stack0_block0_out"),
        ("ResNetBackbone", RESNET, "stack0_block0_1_conv", "stack0_block0_1_conv"),
        ("DenseNetBackbone", DENSE, "P3", "stack2_block2_concat"),
        ("VGGBackbone", VGG, "P2", "block2_pool"),
        ("VGGBackbone", VGG, ["block1_pool", "block3_conv1"], "block3_conv1"),
    ],
)
def test_a_backbone_made_by_its_constructor_is_cut_and_opened_again(tmp_path, name, options, cut, tap):
    one = recipe(cut, **made(name, options))
    graph = fusion.resolve(one)

    model = fusion.build(graph)

    assert graph.trunks["net"].taps[-1] == tap
    assert [remark for remark in graph.remarks if "keras_hub" in remark.text] == []
    assert model.count_params() == fusion.costs(graph).params
    fusion.save(model, tmp_path / "m.keras", recipe=one)
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "m.keras")([IMAGES]), model([IMAGES]))


@pytest.mark.slow
def test_what_was_cut_of_a_net_of_keras_layers_opens_with_keras_alone(tmp_path):
    one = recipe("P2", **made("VGGBackbone", VGG))
    model = fusion.build(one)

    fusion.save(model, tmp_path / "m.keras", recipe=one)
    np.save(tmp_path / "images.npy", IMAGES)
    code = (
        "import sys, keras, numpy as np\n"
        "found = keras.saving.load_model('m.keras')(np.load('images.npy'))\n"
        "assert not {'fusion', 'keras_hub'} & sys.modules.keys()\n"
        "np.save('found.npy', found)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), model([IMAGES]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "kind"), [("ViTBackbone", VIT, "ViTEncoder"), ("MiTBackbone", MIT, "Hier")]
)
def test_a_backbone_whose_layers_cannot_be_saved_is_taken_whole(tmp_path, name, options, kind):
    one = recipe(**made(name, options))
    graph = fusion.resolve(one)

    model = fusion.build(graph)

    (remark,) = graph.remarks
    assert remark.place == "/backbones/net"
    assert kind in remark.text
    assert "opens only where keras_hub has been imported" in remark.text
    fusion.save(model, tmp_path / "m.keras", recipe=one)
    code = (
        "import sys, fusion, numpy as np\n"
        "assert 'keras_hub' not in sys.modules\n"
        "np.save('found.npy', fusion.load('m.keras').model(np.load('images.npy')))"
    )
    np.save(tmp_path / "images.npy", IMAGES)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), model([IMAGES]))
    assert model.count_params() == fusion.costs(graph).params


def test_a_cut_that_could_never_be_opened_again_is_refused_with_the_reason():
    assert problems("vit_patching_and_embedding", **made("ViTBackbone", VIT)) == {
        "/branches/all/cut": "'net' (ViTBackbone) cannot be cut at 'vit_patching_and_embedding': its layer "
        "'vit_patching_and_embedding' (ViTPatchingAndEmbedding) can be saved in the whole backbone only, so a model "
        'with a part of it could never be opened again. Write "cut": "last" in every branch that reads it.'
    }
    assert list(problems(["P1", "last"], **made("MiTBackbone", MIT))) == ["/branches/all/cut"]


@pytest.mark.slow
def test_what_is_frozen_of_a_whole_backbone_stays(tmp_path):
    one = recipe(**made("ViTBackbone", VIT)).replaced(
        training={"phases": [{"name": "head", "train": ["head"], "epochs": 1}]}
    )
    images = np.random.default_rng(0).uniform(0, 255, (40, 32, 32, 3)).astype("uint8")
    data = fusion.from_arrays({"photo": images}, np.arange(40) % 2, inputs=one.inputs, output=one.head.output)
    before = fusion.weights(fusion.build(one))

    after = fusion.weights(fusion.train(one, data, out=tmp_path / "run").model)

    assert {name for name in before if not np.array_equal(before[name], after[name])} == {
        "output/kernel",
        "output/bias",
    }


def test_its_weights_come_from_a_file(tmp_path):
    whole = keras_hub.models.VGGBackbone(image_shape=(32, 32, 3), **VGG)
    whole.save_weights(tmp_path / "vgg.weights.h5")
    net = made("VGGBackbone", VGG, weights={"file": "vgg.weights.h5"})

    model = fusion.build(recipe(**net), folders=[tmp_path])

    np.testing.assert_allclose(pooled(model), whole(IMAGES), rtol=1e-5)
    wrong = made(
        "VGGBackbone", VGG | {"stackwise_num_filters": [4, 4, 6]}, weights={"file": "vgg.weights.h5"}
    )
    with pytest.raises(WeightsError, match="does not hold the weights of this VGGBackbone"):
        fusion.build(recipe(**wrong), folders=[tmp_path])
    other = made("VGGBackbone", VGG, weights={"file": "vgg.weights.h5", "sha256": "0" * 64})
    with pytest.raises(WeightsError, match="is not the one meant"):
        fusion.build(recipe(**other), folders=[tmp_path])


@pytest.mark.parametrize(
    ("net", "told"),
    [
        (
            made("ResNetBakcbone", {}),
            "KerasHub has no backbone 'ResNetBakcbone'. Did you mean 'ResNetBackbone'? Its",
        ),
        (
            made("VGGBackbone", VGG | {"groups": 2}),
            "VGGBackbone has no option 'groups'. It has: stackwise_num_filters, stackwise_num_repeats.",
        ),
        (
            made("VGGBackbone", {}),
            "VGGBackbone needs the options stackwise_num_repeats, stackwise_num_filters.",
        ),
        (
            made("VGGBackbone", VGG | {"image_shape": [8, 8, 3]}),
            "The recipe's input says how large images are; take",
        ),
        (
            made("BertBackbone", {}),
            "BertBackbone reads no images, but texts or sounds. Feed it an input of the",
        ),
        (
            made("ResNetBackbone", RESNET | {"block_type": "x"}),
            "ResNetBackbone cannot be built for 32x32x3 with ",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:40],
)
def test_what_a_constructor_does_not_take_is_told(net, told):
    found = problems(**net)

    assert list(found) == ["/backbones/net"]
    assert found["/backbones/net"].startswith(told)


def saved(folder, converter=None):
    """A preset in a folder, and the backbone in it."""
    backbone = keras_hub.models.ResNetBackbone(**RESNET)
    for weight in backbone.weights:
        weight.assign(np.random.default_rng(0).uniform(0.01, 0.1, weight.shape))
    backbone.save_to_preset(folder)
    if converter:
        keras_hub.layers.ResNetImageConverter(**converter).save_to_preset(folder)
    return backbone


def test_a_preset_in_a_folder_brings_its_weights_and_what_they_expect(tmp_path):
    whole = saved(tmp_path / "mine", {"scale": [1 / 127.5, 1 / 100, 1.0], "offset": -1})
    net = {"preset": "mine"}

    model = fusion.build(recipe("P3", **net), folders=[tmp_path])

    levels = keras.Model(whole.inputs, whole.pyramid_outputs["P3"])
    np.testing.assert_allclose(pooled(model), levels([IMAGES * [1 / 127.5, 1 / 100, 1.0] - 1]), rtol=1e-3)
    assert fusion.build(recipe("P3", **net, preprocess="tf"), folders=[tmp_path]).count_params() > 0


def test_the_preprocessing_of_a_whole_task_is_found(tmp_path):
    converter = keras_hub.layers.ResNetImageConverter(scale=1 / 255, offset=0.5)
    task = keras_hub.models.ResNetImageClassifier(
        backbone=keras_hub.models.ResNetBackbone(**RESNET),
        num_classes=3,
        preprocessor=keras_hub.models.ResNetImageClassifierPreprocessor(converter),
    )
    task.save_to_preset(tmp_path / "task")

    graph = fusion.resolve(recipe("P3", preset="task"), folders=[tmp_path])
    (tmp_path / "task" / "image_converter.json").unlink()
    again = fusion.resolve(recipe("P3", preset="task"), folders=[tmp_path])

    assert graph.trunks["net"].preprocess == again.trunks["net"].preprocess
    assert str(graph.trunks["net"].preprocess) == "scaled by 0.003922+0.5"


def test_a_preset_that_does_not_say_what_it_expects_needs_it_written(tmp_path):
    saved(tmp_path / "mine")

    assert problems(preset="mine", folders=[tmp_path])["/backbones/net"].startswith(
        "The preset 'mine' has no image converter, so it does not say what its weights expect. Write"
    )
    assert problems(preset="mine", preprocess="none", folders=[tmp_path]) == {}
    (tmp_path / "mine" / "image_converter.json").write_text("{")
    assert (
        "image_converter.json cannot be read" in problems(preset="mine", folders=[tmp_path])["/backbones/net"]
    )


def test_the_weights_of_a_preset_are_those_meant_or_none(tmp_path):
    saved(tmp_path / "mine")
    file = tmp_path / "mine" / "model.weights.h5"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    net = {"preset": "mine", "preprocess": "none"}

    fusion.build(recipe(**net, sha256=digest), folders=[tmp_path])
    with pytest.raises(WeightsError, match="is not the one meant"):
        fusion.build(recipe(**net, sha256="0" * 64), folders=[tmp_path])
    file.unlink()
    with pytest.raises(WeightsError, match=r"has no weights in one file, model\.weights\.h5"):
        fusion.build(recipe(**net), folders=[tmp_path])
    file.write_bytes(b"no HDF5")
    with pytest.raises((WeightsError, BackboneError), match="preset 'mine'"):
        fusion.build(recipe(**net), folders=[tmp_path])


def test_a_cached_table_of_a_preset_needs_no_keras(tmp_path, monkeypatch):
    saved(tmp_path / "mine", {"scale": 0.5})
    first = fusion.resolve(recipe(preset="mine"), folders=[tmp_path])
    monkeypatch.setattr(kerashub, "dry_hub", None)

    assert fusion.resolve(recipe(preset="mine"), folders=[tmp_path]).trunks["net"] == first.trunks["net"]


def test_a_preset_nobody_knows_is_told_with_the_nearest():
    assert problems(preset="resnet_18_imagnet", preprocess="none") == {
        "/backbones/net": "KerasHub has no preset 'resnet_18_imagnet', nor is there a folder of that name. "
        "Did you mean 'resnet_18_imagenet'?"
    }
    assert problems(preset="my/folder")["/backbones/net/preset"].startswith(
        "There is no preset in a folder 'my/folder'"
    )
    assert (
        "there is no file whose digest"
        in problems(preset="resnet_18_imagenet", sha256="0" * 64)["/backbones/net"]
    )


def test_a_preset_that_cannot_be_fetched_is_told_and_never_random(monkeypatch):
    def unreachable(*_, **__):
        raise ConnectionError("Failed to resolve 'api.kaggle.com'")

    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", unreachable)
    monkeypatch.setattr(keras_hub.layers.ImageConverter, "from_preset", unreachable)

    for changes in ({"preprocess": "none"}, {}):
        assert problems(preset="resnet_18_imagenet", **changes)["/backbones/net/preset"].startswith(
            "The preset 'resnet_18_imagenet' cannot be had: Failed to resolve 'api.kaggle.com' Where there is a network, "
            "keras_hub.models.Backbone.from_preset('resnet_18_imagenet').save_to_preset(FOLDER) makes a folder"
        )


def test_what_a_fetched_preset_expects_is_kept_beside_its_table(monkeypatch):
    asked = []

    def model(*_, image_shape=(None, None, 3), load_weights):
        return keras_hub.models.ResNetBackbone(image_shape=image_shape, **RESNET)

    def converter(preset):
        asked.append(preset)
        return keras_hub.layers.ResNetImageConverter(scale=0.25)

    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", model)
    monkeypatch.setattr(keras_hub.layers.ImageConverter, "from_preset", converter)

    for _ in range(2):
        graph = fusion.resolve(recipe(preset="resnet_18_imagenet"))

    assert str(graph.trunks["net"].preprocess) == "scaled by 0.25"
    assert asked == ["resnet_18_imagenet"]


def test_without_kerashub_its_backbones_are_told_what_to_install(monkeypatch, tmp_path):
    def absent(name):
        raise presets.PackageNotFoundError(name)

    monkeypatch.setattr(presets, "version", absent)

    for net in (made("VGGBackbone", VGG), {"preset": "resnet_18_imagenet", "preprocess": "none"}):
        assert problems(**net) == {
            "/backbones/net": "KerasHub is not installed, and this backbone is one of it. "
            "Install it: pip install 'fusion[kerashub]'."
        }


def test_a_kerashub_that_is_broken_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)

    with pytest.raises(BackboneError, match=r"KerasHub cannot be imported: .*Install it anew"):
        kerashub.load_kerashub()


def test_what_weights_outside_presets_expect_has_to_be_said():
    net = made("VGGBackbone", VGG)
    del net["preprocess"]

    with pytest.raises(
        RecipeError, match=r"/backbones/net/preprocess   Weights that belong to no preset do not say"
    ):
        recipe(**net)
    with pytest.raises(RecipeError, match=r"/backbones/net/weights   Weights are null \(random\) or"):
        recipe(**made("VGGBackbone", VGG, weights="imagenet"))


def test_options_are_lists_and_objects_too():
    net = made("VGGBackbone", VGG)

    assert fusion.from_json(fusion.to_json(recipe(**net))) == recipe(**net)
    with pytest.raises(
        RecipeError, match=r"An option is made of texts, numbers, true, false, null, lists and obj"
    ):
        recipe(**made("VGGBackbone", {"dtype": {1, 2}}))
