"""Second halves: what is entered at an inner layer is what comes after it, and a stitched model is what one writes by hand."""

import gc
import os
import weakref
from pathlib import Path

import keras
import numpy as np
import pytest

from fusion.backbones.applications import REGISTERED
from fusion.backbones.loading import load as load_backbone
from fusion.backbones.registered import register_backbone
from fusion.backbones.skeletons import skeleton
from fusion.backbones.tracing import operations
from fusion.checking import resolve
from fusion.graph.costs import costs
from fusion.model.addresses import layers, weights
from fusion.model.building import build
from fusion.model.cutting import cut
from fusion.model.selftest import self_test, synthetic
from fusion.recipe.recipe import Recipe
from fusion.skeleton.articulation import natural_cuts
from fusion.skeleton.entrances import entrances
from fusion.training.runs import train

ASSETS = os.environ.get("FUSION_ASSETS", "")
IMAGE = {"kind": "image", "shape": (32, 32, 3)}


def tiny(arch="TinyVGG", width=4):
    return {"arch": arch, "weights": None, "options": {"width": width}}


@pytest.fixture
def halves():
    """The first half of a plain net, the second half of a residual one, whose map there has another size and width."""
    return Recipe(
        name="halves",
        inputs={"photo": IMAGE},
        backbones={"plain": tiny(width=6), "residual": tiny("TinyResNet")},
        branches={
            "front": {"input": "photo", "backbone": "plain", "cut": "block1_pool", "pool": "none"},
            "back": {"of": "front", "backbone": "residual", "enter": "stage2_block1_out", "cut": "last"},
        },
        head={"output": {"task": "binary"}},
    )


def photos(shape, count=2):
    return np.random.default_rng(0).uniform(-1, 1, size=(count, *shape)).astype("float32")


def copied(arch, shape, options):
    """One backbone twice, with equal weights."""
    keras.utils.set_random_seed(0)
    first, second = (load_backbone(arch, shape=shape, weights=None, options=options) for _ in range(2))
    second.set_weights(first.get_weights())
    return first, second


def test_a_stitched_model_equals_one_written_by_hand(halves):
    model = build(halves)
    plain = load_backbone("TinyVGG", shape=(32, 32, 3), weights=None, options={"width": 6})
    residual = load_backbone("TinyResNet", shape=(32, 32, 3), weights=None, options={"width": 4})
    photo = keras.Input((32, 32, 3))
    first = keras.Model(plain.inputs[0], plain.get_layer("block1_pool").output)
    second = keras.Model(residual.get_layer("stage2_block1_out").output, residual.output)
    stitch = keras.layers.Conv2D(8, 1)
    resized = keras.layers.Resizing(8, 8)(first(keras.layers.Rescaling(1 / 127.5, -1)(photo)))
    pooled = keras.layers.GlobalAveragePooling2D()(second(stitch(resized)))
    output = keras.layers.Dense(1, activation="sigmoid")
    by_hand = keras.Model(photo, output(pooled))
    values = weights(model)
    owners = {"plain": plain, "residual": residual, "res.stitch": stitch}
    for address, value in values.items():
        owner, _, rest = address.partition("/")
        if owner in ("plain", "residual"):
            layer, name = rest.split("/")
            next(each for each in owners[owner].get_layer(layer).weights if each.name == name).assign(value)
    stitch.set_weights([values["residual.stitch/conv/kernel"], values["residual.stitch/conv/bias"]])
    output.set_weights([values["output/kernel"], values["output/bias"]])
    batch = synthetic(halves, examples=4)

    difference = np.abs(model.predict(batch, verbose=0) - by_hand.predict(batch["photo"], verbose=0)).max()

    assert difference < 1e-6


def test_what_comes_before_the_entrance_and_after_the_cut_is_not_in_the_model(halves):
    built = [name.partition("/")[2] for name in layers(build(halves)) if name.startswith("residual/")]

    assert set(built) == set(resolve(halves).trunks["residual"].kept)
    assert built[0].startswith("stage3")


def test_counts_and_self_test_hold_and_the_stitch_has_gradients(halves):
    model, graph = build(halves), resolve(halves)

    assert model.count_params() == costs(graph).params
    assert {"residual.stitch/conv/kernel", "residual.stitch/conv/bias"} <= weights(model).keys()
    assert [finding for finding in self_test(model, graph) if not finding.holds] == []


def test_a_siamese_pair_shares_stitch_and_both_halves():
    sides = ("left", "right")
    recipe = Recipe(
        name="pair",
        inputs=dict.fromkeys(sides, IMAGE),
        backbones={"plain": tiny(), "residual": tiny("TinyResNet")},
        branches={
            side: {"input": side, "backbone": "plain", "cut": "block2_pool", "pool": "none"} for side in sides
        }
        | {
            f"{side}_end": {"of": side, "backbone": "residual", "enter": "stage2_block1_out"}
            for side in sides
        },
        fusion={"op": "multiply", "of": ["left_end", "right_end"]},
        head={"output": {"task": "binary"}},
    )
    model, batch = build(recipe), synthetic(recipe, examples=3)
    swapped = {"left": batch["right"], "right": batch["left"]}

    assert [name for name in weights(model) if "stitch" in name] == [
        "residual.stitch/kernel",
        "residual.stitch/bias",
    ]
    assert np.array_equal(model.predict(batch, verbose=0), model.predict(swapped, verbose=0))
    assert [finding for finding in self_test(model, resolve(recipe)) if not finding.holds] == []


HALVED = [
    ("TinyVGG", (32, 32, 3), {"width": 4}),
    ("TinyResNet", (32, 32, 3), {"width": 4}),
    *(
        pytest.param(arch, (96, 96, 3), {}, marks=pytest.mark.slow)
        for arch in (
            "ConvNeXtTiny",
            "DenseNet121",
            "EfficientNetB0",
            "EfficientNetV2B0",
            "InceptionV3",
            "MobileNetV2",
            "MobileNetV3Small",
            "NASNetMobile",
            "ResNet50V2",
            "VGG16",
            "Xception",
        )
    ),
]


@pytest.mark.parametrize(("arch", "shape", "options"), HALVED)
def test_two_halves_of_a_backbone_are_the_backbone(arch, shape, options):
    table = skeleton(arch, shape=shape, options=options)
    whole = [name for name in entrances(table, [table.output]) if name in natural_cuts(table)]
    middle = whole[len(whole) // 2]
    first, second = copied(arch, shape, options)
    batch = photos(shape)
    wanted = np.array(second(batch, training=False))

    front = cut(first, [middle], name="front")
    back = cut(second, [table.output], name="back", enter=middle)

    assert np.abs(np.array(back(front(batch, training=False), training=False)) - wanted).max() < 1e-5


def test_what_lies_before_the_entrance_leaves_memory():
    whole = load_backbone("TinyResNet", shape=(32, 32, 3), weights=None, options={"width": 4})
    before = [
        weakref.ref(whole.get_layer(name)) for name in ("conv1", "stage1_block1_conv1", "stage2_block1_out")
    ]
    after = weakref.ref(whole.get_layer("stage3_block2_out"))

    kept = cut(whole, ["stage3_block1_out"], name="eye", enter="stage2_block1_out")
    del whole
    gc.collect()

    assert [each() for each in [*before, after]] == [None] * 4
    assert kept.input_shape == (None, 8, 8, 8)


def test_a_bare_operation_can_be_entered():
    inputs = keras.Input((8, 8, 3))
    doubled = keras.layers.Conv2D(3, 1, name="conv")(inputs) + inputs
    last = keras.layers.Conv2D(2, 1, name="last")
    whole = keras.Model(inputs, last(doubled))
    (addition,) = [name for name, each in operations(whole).items() if not isinstance(each, keras.Layer)]

    part = cut(whole, ["last"], name="eye", enter=addition)

    assert np.array_equal(np.array(part(photos((8, 8, 3)))), np.array(last(photos((8, 8, 3)))))


def nested(input_shape):
    inputs = keras.Input(input_shape)
    stem = keras.Sequential(
        [keras.layers.Conv2D(4, 3, name="conv"), keras.layers.ReLU(name="act")], name="stem"
    )
    top = keras.Sequential(
        [keras.layers.Conv2D(6, 3, name="conv2"), keras.layers.LayerNormalization(name="norm")], name="top"
    )
    return keras.Model(inputs, keras.layers.Conv2D(2, 1, name="last")(top(stem(inputs))))


@pytest.mark.parametrize("taps", [["last"], ["top.conv2"], ["top.conv2", "top.norm", "last"]])
def test_the_output_of_a_nested_model_can_be_entered_and_others_tapped_inside(taps):
    keras.utils.set_random_seed(0)
    whole = nested((16, 16, 3))
    batch = photos((16, 16, 3))
    found = {"top.conv2": whole.get_layer("top").layers[0], "top.norm": whole.get_layer("top")}
    maps = np.array(whole.get_layer("stem")(batch))
    wanted = {
        "top.conv2": np.array(found["top.conv2"](maps)),
        "top.norm": np.array(found["top.norm"](maps)),
        "last": np.array(whole(batch)),
    }

    part = cut(whole, taps, name="eye", enter="stem.act")

    given = part(maps)
    for tap, got in zip(taps, given if len(taps) > 1 else [given], strict=True):
        assert np.abs(np.array(got) - wanted[tap]).max() < 1e-6
    assert "stem" not in [each.name for each in part.layers]


def test_a_nested_backbone_is_stitched_by_dotted_names_saved_and_opened(monkeypatch):
    monkeypatch.setitem(REGISTERED, "nested", None)
    register_backbone("nested", nested, preprocess="none")
    recipe = Recipe(
        name="nested",
        requires=["nested"],
        inputs={"photo": IMAGE},
        backbones={"plain": tiny(), "deep": {"arch": "nested", "weights": None}},
        branches={
            "front": {"input": "photo", "backbone": "plain", "cut": "block1_pool", "pool": "none"},
            "back": {"of": "front", "backbone": "deep", "enter": "stem", "cut": "top.conv2"},
        },
        head={"output": {"task": "binary"}},
    )
    graph = resolve(recipe)

    model = build(recipe)

    assert graph.trunks["deep"].enter == "stem.act"
    assert model.count_params() == costs(graph).params
    assert [finding for finding in self_test(model, graph) if not finding.holds] == []


def test_half_precision_computes_a_stitch(halves):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        given = build(halves).predict(synthetic(halves, examples=2), verbose=0)
    finally:
        keras.config.set_dtype_policy("float32")

    assert np.isfinite(given).all()


def test_a_trained_stitch_moves_and_what_is_frozen_does_not(halves, tmp_path):
    recipe = halves.replaced(
        training={
            "phases": [{"name": "stitch", "train": ["stitch:residual", "head"], "epochs": 2}],
            "batch_size": 4,
        }
    )
    inputs = synthetic(recipe, examples=24)
    np.savez(tmp_path / "data.npz", **inputs, targets=np.arange(24) % 2)
    before = weights(build(recipe))

    run = train(recipe, tmp_path / "data.npz", out=tmp_path / "run")
    after = weights(keras.saving.load_model(tmp_path / "run" / "model.keras"))

    moved = {name for name, value in after.items() if not np.array_equal(value, before[name])}
    assert moved == {
        "residual.stitch/conv/kernel",
        "residual.stitch/conv/bias",
        "output/kernel",
        "output/bias",
    }
    assert run.metrics


@pytest.mark.slow
@pytest.mark.skipif(not ASSETS, reason="FUSION_ASSETS names no folder with weights and photographs")
def test_the_front_of_mobilenet_leads_into_the_back_of_mobilenetv2(tmp_path):
    recipe = Recipe(
        name="one into two",
        inputs={"photo": {"kind": "image", "shape": (224, 224, 3)}},
        backbones={
            "one": {
                "arch": "MobileNet",
                "weights": {"file": "mobilenet_1_0_224_deq_qat_no_top.weights.h5"},
            },
            "two": {
                "arch": "MobileNetV2",
                "weights": {"file": "mobilenet_v2_1.0_224_deq_ptq_no_top.weights.h5"},
            },
        },
        branches={
            "front": {"input": "photo", "backbone": "one", "cut": "conv_pw_5_relu", "pool": "none"},
            "back": {
                "of": "front",
                "backbone": "two",
                "enter": "block_5_add",
                "cut": "block_16_project_BN",
            },
        },
        head={"output": {"task": "classification", "classes": ["cats", "dogs"]}},
        training={
            "phases": [{"name": "stitch", "train": ["stitch:two", "head"], "epochs": 2}],
            "batch_size": 16,
        },
    )

    run = train(recipe, Path(ASSETS, "images", "cats_dogs"), folders=[Path(ASSETS, "weights")], out=tmp_path)

    losses = [epoch.metrics["loss"] for epoch in run.history.epochs]
    assert losses[-1] < losses[0]
