import gc
import subprocess
import sys
import weakref

import keras
import numpy as np
import pytest

from fusion.backbones.loading import load as load_backbone
from fusion.backbones.tracing import operations
from fusion.checking import resolve
from fusion.errors import LayerNotFoundError
from fusion.graph.costs import costs
from fusion.model.addresses import layer, layers, set_weights, weights
from fusion.model.building import build
from fusion.model.cutting import cut
from fusion.model.files import save
from fusion.model.selftest import self_test, synthetic


def test_a_built_model_passes_its_self_test(any_recipe):
    findings = self_test(build(any_recipe), resolve(any_recipe))

    assert [finding for finding in findings if not finding.holds] == []


def test_weights_counted_before_building_are_those_built(any_recipe):
    assert costs(resolve(any_recipe)).params == build(any_recipe).count_params()


def test_shapes_known_before_building_are_those_built(any_recipe):
    model = build(any_recipe)

    for node in resolve(any_recipe).nodes:
        if node.kind in {"pool", "join", "fusion", "output"}:
            assert model.get_layer(node.layer).output.shape == (None, *node.shape), node.name


def test_outputs_equal_those_of_a_model_written_by_hand(two_backbones):
    model = build(two_backbones)
    plain = load_backbone("TinyVGG", shape=(32, 32, 3), weights=None, options={"width": 4})
    residual = load_backbone("TinyResNet", shape=(24, 24, 3), weights=None, options={"width": 4})
    photo = keras.Input((32, 32, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, -1)
    taps = keras.Model(
        plain.inputs[0], [plain.get_layer(name).output for name in ("block1_pool", "block2_pool")]
    )
    vectors = []
    for features in taps(scaled(photo)):
        vectors += [
            keras.layers.GlobalAveragePooling2D()(features),
            keras.layers.GlobalMaxPooling2D()(features),
        ]
    small = scaled(keras.layers.Resizing(24, 24)(photo))
    part = keras.Model(residual.inputs[0], residual.get_layer("stage2_block1_out").output)
    vectors.append(keras.layers.GlobalAveragePooling2D()(part(small)))
    hidden = keras.layers.Dense(8, activation="relu", name="dense")
    output = keras.layers.Dense(3, activation="softmax", name="output")
    by_hand = keras.Model(photo, output(hidden(keras.layers.Concatenate()(vectors))))
    stored = weights(model)
    for address, value in stored.items():
        owner, name, variable = address.replace("output/", "top/output/").split("/")
        source = {"plain": plain, "residual": residual}.get(owner)
        target = source.get_layer(name) if source else {"dense": hidden, "output": output}[name]
        next(each for each in target.weights if each.name == variable).assign(value)
    photos = synthetic(two_backbones, examples=5)["photo"]

    ours = model.predict({"photo": photos}, verbose=0)
    theirs = by_hand.predict(photos, verbose=0)

    assert np.abs(ours - theirs).max() < 1e-6


def test_the_common_prefix_of_two_branches_on_one_input_runs_once():
    from fusion.recipe.recipe import Recipe

    recipe = Recipe(
        name="taps",
        inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
        backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
        branches={
            "early": {"input": "photo", "backbone": "eye", "cut": "block1_pool"},
            "late": {"input": "photo", "backbone": "eye", "cut": "block3_pool"},
        },
        fusion={"op": "concat", "of": ["early", "late"]},
        head={"output": {"task": "binary"}},
    )

    model = build(recipe)

    assert [each.name for each in model.layers].count("eye") == 1
    assert len(model.get_layer("eye")._inbound_nodes) == 1


def test_the_same_architecture_twice_has_weights_of_its_own(photo_and_table):
    model = build(photo_and_table)

    left, right = (layer(model, f"{name}/block1_conv1").kernel for name in ("left", "right"))

    assert left is not right
    assert np.abs(np.array(left) - np.array(right)).max() > 0


def test_one_backbone_on_two_inputs_shares_its_weights_and_multiplication_is_symmetric(siamese):
    recipe = siamese.replace("/inputs/right/shape", [32, 32, 3])
    model = build(recipe)
    batch = synthetic(recipe, examples=3)
    swapped = {"left": batch["right"], "right": batch["left"]}

    assert len(model.get_layer("twin")._inbound_nodes) == 2
    assert np.array_equal(model.predict(batch, verbose=0), model.predict(swapped, verbose=0))


def test_layer_names_do_not_depend_on_what_was_built_before(two_backbones):
    first = list(layers(build(two_backbones)))
    keras.layers.Conv2D(1, 1)(keras.Input((4, 4, 1)))

    assert list(layers(build(two_backbones))) == first


def test_fresh_weights_follow_from_the_seed_alone(two_backbones):
    first, again, other = (weights(build(two_backbones, seed=seed)) for seed in (1, 1, 2))

    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not all(np.array_equal(first[name], other[name]) for name in first)


def test_fresh_weights_of_one_owner_do_not_depend_on_the_others(two_backbones):
    alone = two_backbones.replaced(
        backbones={"plain": two_backbones.backbones["plain"]},
        branches={"texture": two_backbones.branches["texture"]},
        fusion=None,
    )

    full, part = weights(build(two_backbones)), weights(build(alone))

    assert np.array_equal(full["plain/block1_conv1/kernel"], part["plain/block1_conv1/kernel"])


def test_what_a_cut_discards_leaves_memory():
    whole = load_backbone("TinyResNet", shape=(32, 32, 3), weights=None, options={"width": 4})
    tail = weakref.ref(whole.get_layer("stage3_block1_conv1"))
    kept = cut(whole, ["stage2_block1_out"], name="eye")
    del whole
    gc.collect()

    assert tail() is None
    assert kept.output_shape == (None, 8, 8, 8)


def test_a_tap_inside_a_nested_model_is_opened_and_nothing_after_it_stays():
    inputs = keras.Input((8, 8, 3))
    stem = keras.Sequential(
        [keras.layers.Conv2D(4, 3, name="conv"), keras.layers.LayerNormalization(name="norm")], name="stem"
    )
    whole = keras.Model(inputs, keras.layers.Conv2D(2, 1, name="last")(stem(inputs)))
    photos = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    wanted = np.array(stem.layers[0](photos))

    part = cut(whole, ["stem.conv"], name="eye")

    assert np.array_equal(np.array(part(photos)), wanted)
    assert list(layers(keras.Model(part.inputs, part(part.inputs[0]))))[1:] != []
    assert [each.name for each in part.get_layer("stem").layers][1:] == ["conv"]


def test_taps_inside_and_after_a_nested_model_come_from_one_call():
    inputs = keras.Input((8, 8, 3))
    stem = keras.Sequential(
        [keras.layers.Conv2D(4, 3, name="conv"), keras.layers.ReLU(name="act")], name="stem"
    )
    whole = keras.Model(inputs, keras.layers.Conv2D(2, 1, name="last")(stem(inputs)))
    photos = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    wanted = [np.array(stem.layers[0](photos)), np.array(stem(photos)), np.array(whole(photos))]

    part = cut(whole, ["stem.conv", "stem.act", "last"], name="eye")

    for got, want in zip(part(photos), wanted, strict=True):
        assert np.array_equal(np.array(got), want)


def test_a_bare_operation_can_be_cut_at():
    inputs = keras.Input((8, 8, 3))
    doubled = keras.layers.Conv2D(3, 1, name="conv")(inputs) + inputs
    whole = keras.Model(inputs, keras.layers.Conv2D(2, 1, name="last")(doubled))
    (addition,) = [name for name, each in operations(whole).items() if not isinstance(each, keras.Layer)]

    part = cut(whole, [addition], name="eye")

    assert part.output_shape == (None, 8, 8, 3)


def test_cutting_at_a_layer_that_is_not_there_names_the_nearest():
    whole = load_backbone("TinyVGG", shape=(16, 16, 3), weights=None, options={"width": 4})

    with pytest.raises(LayerNotFoundError, match=r"no layer 'block1_pol'. Did you mean 'block1_pool'"):
        cut(whole, ["block1_pol"], name="eye")


def test_weights_go_by_address_and_not_by_position(two_backbones):
    swapped = two_backbones.replaced(fusion={"op": "concat", "of": ["shape", "texture"]})
    one, other = build(two_backbones, seed=1), build(swapped, seed=2)
    stored = {name: value for name, value in weights(one).items() if not name.startswith(("top", "output"))}

    set_weights(other, stored)

    assert all(np.array_equal(weights(other)[name], value) for name, value in stored.items())


def test_a_model_feeds_by_name_and_a_further_key_changes_nothing(siamese):
    model = build(siamese)
    batch = synthetic(siamese, examples=2)

    extra = {"aaa": batch["left"][:, :, :, :1], **batch}

    assert np.array_equal(model.predict(batch, verbose=0), model.predict(extra, verbose=0))


def test_a_wrong_input_name_is_refused_by_name(siamese):
    batch = synthetic(siamese, examples=2)

    with pytest.raises(ValueError, match='Missing data for input "right"'):
        build(siamese).predict({"left": batch["left"], "rigth": batch["right"]}, verbose=0)


def test_the_output_is_float32_under_mixed_precision(two_backbones):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = build(two_backbones)
    finally:
        keras.config.set_dtype_policy("float32")

    assert model.output.dtype == "float32"


def test_a_saved_model_gives_equal_bits_in_a_process_that_cannot_import_fusion(any_recipe, tmp_path):
    model, batch = build(any_recipe), synthetic(any_recipe, examples=3)
    save(model, tmp_path / "m.keras", recipe=any_recipe)
    np.savez(tmp_path / "fed.npz", **batch)
    code = """
import sys
sys.modules["fusion"] = None
import keras, numpy as np
model = keras.saving.load_model("m.keras")
np.save("seen.npy", model.predict(dict(np.load("fed.npz")), verbose=0))
"""

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert np.array_equal(np.load(tmp_path / "seen.npy"), model.predict(batch, verbose=0))


def test_a_call_that_says_nothing_of_training_is_at_inference(two_backbones):
    model = build(two_backbones)
    batch = synthetic(two_backbones, examples=4)
    before = weights(model)

    first, second = np.array(model(batch)), np.array(model(batch))

    assert np.array_equal(first, second)
    assert all(np.array_equal(before[name], value) for name, value in weights(model).items())
