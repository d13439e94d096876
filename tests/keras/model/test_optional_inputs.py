import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from fusion.checking import draw, resolve
from fusion.graph.costs import costs
from fusion.model.addresses import set_weights, variables, weights
from fusion.model.building import build
from fusion.model.files import save
from fusion.model.selftest import self_test
from fusion.recipe.recipe import Recipe

OPTIONAL = {
    "photo": {"missing": "learned", "dropout": 0.5},
    "facts": {"missing": "zeros", "dropout": 0.25},
    "town": {"missing": "learned", "dropout": 0.25},
}
MISSING = {"photo": 1, "facts": 2, "town": 3}
"""The row that lacks each input."""


def recipe(optional):
    return Recipe(
        name="a photo, numbers and a text",
        inputs={
            "photo": {"kind": "image", "shape": (32, 32, 3), "optional": optional.get("photo")},
            "facts": {"kind": "tabular", "columns": ["a", "b"], "optional": optional.get("facts")},
            "town": {"kind": "categorical", "column": "town", "most": 3, "optional": optional.get("town")},
        },
        backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
        blocks={"mlp": [{"dense": 6, "activation": "gelu"}, {"layer_norm": True}]},
        branches={
            "texture": {"input": "photo", "backbone": "eye", "cut": ["block1_pool", "block2_pool"]},
            "shape": {"input": "photo", "resize": (24, 24), "backbone": "eye", "cut": "block3_pool"},
            "numbers": {"input": "facts", "blocks": ["mlp"]},
            "place": {"input": "town"},
        },
        fusion={"op": "concat", "of": ["texture", "shape", "numbers", "place"]},
        head={"output": {"task": "regression"}},
    )


PARTS = {"texture": slice(0, 12), "shape": slice(12, 28), "numbers": slice(28, 34), "place": slice(34, 38)}
"""Where the vector of each branch stands in the fusion."""


def examples(count=6):
    random = np.random.default_rng(0)
    return {
        "photo": random.uniform(0, 255, (count, 32, 32, 3)).astype("float32"),
        "facts": random.normal(size=(count, 2)).astype("float32"),
        "town": tf.constant([["a"], ["b"], ["c"]] * (count // 3)),
    }


def with_gaps(batch):
    photo, facts, town = (np.array(batch[name]) for name in ("photo", "facts", "town"))
    photo[MISSING["photo"]] = np.nan
    facts[MISSING["facts"]] = np.nan
    town[MISSING["town"]] = b""
    return {"photo": photo, "facts": facts, "town": tf.constant(town)}


def tensors(batch):
    return {name: tf.convert_to_tensor(each) for name, each in batch.items()}


def given(model, batch, *names, training=False):
    """What layers or sub-models of a model give in it, side by side."""
    found = [model.get_layer(name)._inbound_nodes[-1].output_tensors[0] for name in names]
    outputs = keras.Model(model.inputs, found)(tensors(batch), training=training)
    return np.concatenate([np.array(each) for each in tf.nest.flatten(outputs)], axis=-1)


def fused(model, batch, *, training=False):
    return given(model, batch, "fusion", training=training)


@pytest.fixture(scope="module")
def model():
    return build(recipe(OPTIONAL))


@pytest.fixture(scope="module")
def plain(model):
    found = build(recipe({}))
    set_weights(found, {name: each for name, each in weights(model).items() if ".missing" not in name})
    return found


def test_examples_that_lack_nothing_are_predicted_as_if_nothing_were_optional(model, plain):
    batch = examples()

    assert np.array_equal(model.predict(batch, verbose=0), plain.predict(batch, verbose=0))
    present = [row for row in range(6) if row not in MISSING.values()]
    gappy = model.predict(with_gaps(batch), verbose=0)
    assert np.array_equal(gappy[present], plain.predict(batch, verbose=0)[present])


def test_a_branch_gives_zeros_or_its_own_learned_vector_where_its_input_is_missing(model, plain):
    batch = examples()
    expected = fused(plain, batch)
    for name in ("texture", "shape"):
        expected[MISSING["photo"], PARTS[name]] = weights(model)[f"{name}.missing/learned/kernel"][0]
    expected[MISSING["facts"], PARTS["numbers"]] = 0
    expected[MISSING["town"], PARTS["place"]] = weights(model)["place.missing/learned/kernel"][0]

    assert np.array_equal(fused(model, with_gaps(batch)), expected)
    learned = [weights(model)[f"{name}.missing/learned/kernel"] for name in ("texture", "shape", "place")]
    assert all(each.all() for each in learned)


def test_one_nan_makes_an_input_missing_whatever_else_it_holds(model):
    batch = with_gaps(examples())
    other = with_gaps(examples())
    other["photo"][MISSING["photo"]] = 77.0
    other["photo"][MISSING["photo"], 5, 6, 1] = np.nan
    other["facts"][MISSING["facts"], 1] = 1e30

    assert np.array_equal(model.predict(batch, verbose=0), model.predict(other, verbose=0))


def test_gradients_stay_finite_where_inputs_are_missing():
    # Weights of its own: batch statistics move here.
    model, batch = build(recipe(OPTIONAL)), with_gaps(examples())

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(model(tensors(batch), training=True)))
    gradients = tape.gradient(loss, [each.value for each in model.trainable_variables])

    assert all(np.isfinite(np.array(each)).all() for each in gradients)
    assert all(np.isfinite(each).all() for name, each in weights(model).items() if "vocabulary" not in name)


def test_training_takes_inputs_away_as_often_as_declared_and_scales_nothing():
    model, batch = build(recipe(OPTIONAL | {"town": None})), examples(1200)
    for each in model.get_layer("eye").layers:
        each.trainable = False  # so that batch normalisation is at inference, and both runs are comparable

    whole = fused(model, batch)
    trained = fused(model, batch, training=True)

    for name, rate in (("texture", 0.5), ("shape", 0.5), ("numbers", 0.25), ("place", 0.0)):
        kernel = weights(model).get(f"{name}.missing/learned/kernel", np.zeros((1, 6)))
        gone = (trained[:, PARTS[name]] == kernel[0]).all(axis=1) if rate else np.zeros(1200, bool)
        kept = np.isclose(trained[:, PARTS[name]], whole[:, PARTS[name]], atol=1e-5).all(axis=1)
        assert np.array_equal(kept, ~gone)
        assert gone.mean() == pytest.approx(rate, abs=0.05)
    texture, shape = (
        (trained[:, PARTS[name]] != whole[:, PARTS[name]]).any(axis=1) for name in ("texture", "shape")
    )
    assert (texture == shape).mean() > 0.99


def test_the_last_input_of_an_example_is_never_taken_away():
    model, batch = build(recipe(OPTIONAL)), examples(600)
    # Half of the examples have nothing but their numbers.
    batch["photo"][::2] = np.nan
    batch["town"] = tf.constant([[""], ["b"]] * 300)

    kept = given(model, batch, *(f"{name}.optional.keep" for name in OPTIONAL), training=True)

    assert set(np.unique(kept)) == {0.0, 1.0}
    assert kept.max(axis=1).min() == 1.0
    assert kept[::2].tolist() == [[0.0, 1.0, 0.0]] * 300
    assert 0.4 < kept[1::2, 0].mean() < 0.65


def test_an_example_without_any_input_has_a_prediction_too(model):
    batch = examples()
    batch["photo"][0], batch["facts"][0] = np.nan, np.nan
    batch["town"] = tf.constant([[""]] * 6)

    assert np.isfinite(model.predict(batch, verbose=0)).all()


@pytest.mark.parametrize("missing", ["zeros", "learned"])
def test_a_map_that_is_not_pooled_is_exchanged_place_by_place(missing):
    one = recipe({"photo": {"missing": missing}})
    branches = {
        "map": {"input": "photo", "backbone": "eye", "cut": "block2_pool", "pool": "none"},
        "numbers": {"input": "facts"},
        "place": {"input": "town"},
    }
    nodes = {
        "looked": {"op": "cross_attention", "of": ["numbers", "map"], "project": 4},
        "all": {"op": "concat", "of": ["looked", "place"]},
    }
    one = one.replaced(branches=branches, fusion=nodes, blocks={})
    model, batch = build(one), with_gaps(examples())

    found = given(model, batch, "map.missing")

    row = weights(model)["map.missing/learned/kernel"] if missing == "learned" else np.zeros((1, 8))
    assert found.shape == (6, 64, 8)
    assert np.array_equal(found[MISSING["photo"]], np.repeat(row, 64, axis=0))
    assert costs(resolve(one)).params == model.count_params()


def test_half_precision_lets_no_nan_through():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = build(recipe(OPTIONAL))
    finally:
        keras.config.set_dtype_policy("float32")

    assert np.isfinite(model.predict(with_gaps(examples()), verbose=0)).all()


def test_the_self_test_holds_with_gaps_and_sees_a_learned_vector_that_reaches_nothing():
    one = recipe(OPTIONAL)
    model = build(one)
    assert [finding for finding in self_test(model, resolve(one)) if not finding.holds] == []

    kernel = weights(model)["output/kernel"]
    kernel[PARTS["texture"]] = 0
    set_weights(model, {"output/kernel": kernel})

    (bad,) = (finding.seen for finding in self_test(model, resolve(one)) if not finding.holds)
    assert bad == "26 of 27, not texture.missing/learned/kernel"


@pytest.mark.slow
def test_a_saved_model_does_without_inputs_where_fusion_is_not_installed(model, tmp_path):
    save(model, tmp_path / "m.keras", recipe=recipe(OPTIONAL))
    batch = with_gaps(examples())
    np.savez(
        tmp_path / "batch.npz",
        **{name: np.array(each).astype("U" if name == "town" else "float32") for name, each in batch.items()},
    )
    code = (
        "import sys; sys.modules['fusion'] = None\n"
        "import keras, numpy as np, tensorflow as tf\n"
        f"batch = dict(np.load({str(tmp_path / 'batch.npz')!r}))\n"
        "batch['town'] = tf.constant(batch['town'].astype(object))\n"
        f"model = keras.saving.load_model({str(tmp_path / 'm.keras')!r})\n"
        f"np.save({str(tmp_path / 'out.npy')!r}, model.predict(batch, verbose=0))\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

    assert np.array_equal(np.load(tmp_path / "out.npy"), model.predict(batch, verbose=0))


def test_what_reads_the_map_of_a_missing_input_gives_something_else_too():
    one = recipe({"photo": {"missing": "learned"}})
    branches = {
        "front": {"input": "photo", "backbone": "eye", "cut": "block1_pool", "pool": "avg"},
        "rest": {
            "from": "front",
            "backbone": "second",
            "enter": "stage1_block1_out",
            "cut": "stage2_block1_out",
        },
        "numbers": {"input": "facts"},
        "place": {"input": "town"},
    }
    one = one.replaced(
        branches=branches,
        backbones={
            **one.backbones,
            "second": {"arch": "TinyResNet", "weights": None, "options": {"width": 4}},
        },
        fusion={"op": "concat", "of": ["front", "rest", "numbers", "place"]},
        blocks={},
    )
    model, batch = build(one), with_gaps(examples())

    found = given(model, batch, "rest.missing")

    assert np.array_equal(found[MISSING["photo"]], weights(model)["rest.missing/learned/kernel"][0])
    assert [finding for finding in self_test(model, resolve(one)) if not finding.holds] == []
    assert ">if photo is missing<" in draw(one).svg()


def test_a_learned_vector_that_loses_every_maximum_of_a_batch_is_no_fault_as_it_learns_where_it_wins():
    """It starts near zero, where features of another branch, which are never below, are larger."""
    image = {"kind": "image", "shape": (16, 16, 3)}
    tiny = {"weights": None, "options": {"width": 4}}
    largest = Recipe(
        name="largest",
        inputs={"photo": image | {"optional": {"missing": "learned"}}, "other": image},
        backbones={"plain": {"arch": "TinyVGG", **tiny}, "residual": {"arch": "TinyResNet", **tiny}},
        branches={
            "a": {"input": "photo", "backbone": "plain"},
            "b": {"input": "other", "backbone": "residual"},
        },
        fusion={"op": "maximum", "from": ["a", "b"]},
        head={"output": {"task": "binary"}},
    )
    model = build(largest, seed=0)
    batch = {name: np.full((1, 16, 16, 3), 100, dtype="float32") for name in ("photo", "other")}
    batch["photo"][:] = np.nan
    learned = variables(model)["a.missing/learned/kernel"]

    def gradient():
        with tf.GradientTape() as tape:
            score = tf.reduce_sum(model(batch))
        return np.array(tape.gradient(score, learned.value))

    learned.assign(np.full(learned.shape, -1.0))
    assert not gradient().any()
    assert all(finding.holds for finding in self_test(model, resolve(largest)))
    learned.assign(np.full(learned.shape, 10.0))
    assert gradient().any()
