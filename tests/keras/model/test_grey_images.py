import keras
import numpy as np
import pytest

import fusion
from fusion.backbones.preprocessing import preprocessor
from fusion.checking import draw, resolve
from fusion.errors import InputSizeError
from fusion.model.addresses import set_weights, weights
from fusion.model.building import build
from fusion.model.files import load, save
from fusion.model.selftest import self_test
from fusion.recipe.recipe import Recipe


def seen(channels, backbone):
    return Recipe(
        name="grey",
        inputs={"photo": {"kind": "image", "shape": (32, 32, channels)}},
        backbones={"net": backbone},
        branches={"all": {"input": "photo", "backbone": "net", "cut": "block1_pool"}},
        head={"output": {"task": "binary"}},
    )


VGG = {"arch": "VGG16", "weights": None}


def test_a_grey_photograph_gives_what_it_gives_as_a_colour_one(tmp_path):
    grey, colour = build(seen(1, VGG)), build(seen(3, VGG))
    photographs = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1)).astype("float32")

    set_weights(grey, weights(colour))
    save(grey, tmp_path / "m.keras", recipe=seen(1, VGG))

    found = grey.predict({"photo": photographs}, verbose=0)
    assert np.array_equal(found, colour.predict({"photo": np.repeat(photographs, 3, -1)}, verbose=0))
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert np.array_equal(found, again.predict({"photo": photographs}, verbose=0))
    assert load(tmp_path / "m.keras").recipe == seen(1, VGG)


def test_a_repeated_channel_is_said_and_drawn():
    graph = resolve(seen(1, VGG))

    assert [problem.text for problem in graph.remarks] == [
        "'net' reads 3 channels; the one of 'photo' is repeated for it."
    ]
    assert ", grey repeated, preprocess caffe" in draw(graph).svg()
    assert [each for each in self_test(build(graph), graph) if not each.holds] == []


def test_a_backbone_that_can_read_one_channel_does():
    model = build(seen(1, {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}))

    assert model.get_layer("net").input_shape == (None, 32, 32, 1)


def test_one_backbone_reads_a_grey_and_a_colour_photograph_with_the_same_weights():
    one = fusion.Recipe(
        name="two",
        inputs={
            "grey": {"kind": "image", "shape": (32, 32, 1)},
            "colour": {"kind": "image", "shape": (32, 32, 3)},
        },
        backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
        branches={name: {"input": name, "backbone": "eye"} for name in ("grey", "colour")},
        fusion={"op": "multiply", "of": ["grey", "colour"]},
        head={"output": {"task": "binary"}},
    )
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1)).astype("float32")

    model = fusion.build(one)

    vectors = keras.Model(model.inputs, model.get_layer("fusion").input)(
        [pixels, np.repeat(pixels, 3, axis=-1)]
    )
    np.testing.assert_array_equal(*vectors)
    assert model.count_params() == fusion.costs(one).params
    odd = one.replace("/inputs/grey/shape", [32, 32, 2])
    assert {each.place: each.text for each in fusion.check(odd)} == {
        "/inputs/colour/shape": "'eye' reads 'grey', of 2 channels, and 'colour', of 3; its weights fit one number. "
        "Declare two backbones, or feed images of one kind."
    }


@pytest.mark.parametrize("weights_", ["imagenet", {"file": "w.h5"}])
@pytest.mark.parametrize("arch", ["MobileNetV2", "VGG16"])
def test_pretrained_weights_of_published_architectures_read_colour(arch, weights_):
    one = seen(1, {"arch": arch, "weights": weights_}).replace("/branches/all/cut", "last")

    graph = resolve(one)

    assert graph.trunks["net"].shape == (32, 32, 3)
    assert graph["net.prepare"].shape == (32, 32, 3)


def test_only_a_grey_picture_is_repeated():
    with pytest.raises(InputSizeError, match="Only a grey picture is read as one of 3 channels, got 4"):
        preprocessor("tf", shape=(8, 8, 4), size=None, value_range=(0, 255), name="p", channels=3)
