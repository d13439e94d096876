"""ImageNet weights that are fed what they were not trained on."""

import re

import pytest

from fusion.backbones.expectations import is_same, misprepared
from fusion.recipe.preprocessing import Scaling
from fusion.recipe.recipe import Recipe


def fed(arch, preprocess, weights="imagenet"):
    return Recipe(
        name="one",
        inputs={"photo": {"kind": "image", "shape": (64, 64, 3)}},
        backbones={"net": {"arch": arch, "weights": weights, "preprocess": preprocess}},
        branches={"all": {"input": "photo", "backbone": "net"}},
        head={"output": {"task": "binary"}},
    )


@pytest.mark.parametrize(
    ("arch", "declared", "text"),
    [
        ("MobileNetV2", {"scale": 1 / 255}, r"in -1\.\.1 \(tf\), not scaled by 0\.003922"),
        ("VGG16", "tf", r"blue, green and red less their means \(caffe\), not in -1\.\.1"),
        ("ResNet50", {"scale": 1, "offset": [-123.68, -116.78, -103.94]}, "by channel"),
        ("EfficientNetB0", "torch", r"in 0\.\.255 \(none\), not in deviations"),
    ],
)
def test_imagenet_weights_that_are_fed_something_else_are_a_problem(arch, declared, text):
    (problem,) = misprepared(fed(arch, declared))

    assert problem.place == "/backbones/net/preprocess"
    assert re.search(text, problem.text)


@pytest.mark.parametrize(
    ("arch", "declared"),
    [
        ("MobileNetV2", "auto"),
        ("MobileNetV2", {"scale": 1 / 127.5, "offset": -1}),
        ("VGG16", {"scale": 1, "offset": [-104, -117, -124], "channels": "bgr"}),
        ("EfficientNetB0", "none"),
    ],
)
def test_what_they_were_trained_on_can_be_written_out(arch, declared):
    assert list(misprepared(fed(arch, declared))) == []


@pytest.mark.parametrize("weights", [None, {"file": "mine.weights.h5"}])
def test_weights_of_ones_own_may_want_anything(weights):
    assert list(misprepared(fed("MobileNetV2", {"scale": 1 / 255}, weights))) == []


def test_what_is_for_no_colour_is_said_elsewhere():
    assert list(misprepared(fed("MobileNetV2", {"scale": [1, 2]}))) == []
    assert list(misprepared(fed("MobileNetV2", {"scale": [1, 2, 3], "offset": [1, 2]}))) == []


def test_one_channel_that_differs_is_enough():
    assert not is_same("none", Scaling(scale=(1, 1, 2)))
    assert not is_same("none", Scaling(scale=1, offset=(0, 0, 30)))
    assert not is_same("none", Scaling(scale=1, channels="bgr"))
