"""Auxiliary outputs: they add to what is minimised, are reported apart, and are gone from the finished model."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

from fusion.checking import resolve
from fusion.data.batches import shuffled_batches
from fusion.data.examples import Array, Data, Examples
from fusion.model.addresses import layers, set_weights, variables, weights, without_auxiliary
from fusion.model.building import build, build_with_auxiliary
from fusion.model.files import load, load_weights
from fusion.model.seeding import seed_of
from fusion.model.selftest import self_test
from fusion.training.fitting import fit
from fusion.training.objectives import loss
from fusion.training.runs import train


@pytest.fixture
def helped(recipe):
    """A recipe with an auxiliary output on each branch."""
    return recipe.replace("/head/auxiliary", {"texture": 0.3, "shape": 0.5})


def phased(recipe, *train, **fields):
    phase = {"name": "one", "train": list(train), "epochs": 2, "keep": "last", **fields}
    return recipe.replace("/training/phases", [phase])


def losses(run, name="loss"):
    return [epoch.metrics[name] for epoch in run.history.epochs]


def test_auxiliary_outputs_change_nothing_of_what_they_do_not_reach(recipe, helped, data):
    alone, run = fit(phased(recipe, "head"), data), fit(phased(helped, "head"), data)

    same = weights(alone.model)
    assert {name: value.tolist() for name, value in weights(run.model).items()} == {
        name: value.tolist() for name, value in same.items()
    }
    assert losses(run) == losses(alone)
    assert losses(run, "val_loss") == losses(alone, "val_loss")


def test_an_epoch_reports_the_main_loss_and_each_auxiliary_one(helped, data, tmp_path):
    run = train(phased(helped, "head"), data, out=tmp_path / "run")

    names = ["accuracy", "loss", "loss.shape", "loss.texture"]
    assert list(run.history.epochs[0].metrics) == [*names, *(f"val_{name}" for name in names)]
    with (tmp_path / "run" / "history.csv").open(encoding="utf-8") as file:
        assert next(csv.reader(file))[3:7] == names
    assert run.metrics["validation"].keys() == {"loss", "accuracy"}
    assert losses(run, "val_loss")[-1] == pytest.approx(run.metrics["validation"]["loss"], rel=1e-4)
    assert losses(run, "loss.texture")[-1] < losses(run, "loss.texture")[0]


def test_what_is_minimised_is_the_main_loss_and_each_auxiliary_one_by_its_weight(helped, data):
    recipe = phased(helped, "plain", "head", epochs=1, optimizer={"name": "sgd", "learning_rate": 0.1})
    recipe = recipe.replace("/blocks/top", [{"dense": 8, "activation": "relu"}])
    recipe = recipe.replace("/training/batch_size", 48)
    graph = resolve(recipe)
    model, predictions = build_with_auxiliary(graph)
    program = keras.Model(model.inputs, [*model.outputs, *predictions.values()])
    before = {name: np.array(each) for name, each in variables(program).items()}
    batches = shuffled_batches(
        data.train, batch_size=48, seed=seed_of(0, "order of phase 0"), epochs=1, augment=None
    )
    photos, targets = next(iter(batches))
    with tf.GradientTape() as tape:
        main, texture, shape = program(photos, training=False)
        measure = loss(recipe.head.output)
        total = measure(targets, main) + 0.3 * measure(targets, texture) + 0.5 * measure(targets, shape)
    rates = graph.phases[0].rates
    known = {name: each for name, each in variables(program).items() if name.rpartition("/")[0] in rates}
    found = tape.gradient(total, [each.value for each in known.values()])

    after = weights(fit(recipe, data).model)

    gradients = dict(zip(known, found, strict=True))
    assert {"plain/block1_conv1/kernel", "top/dense/kernel"} <= gradients.keys()
    for name, gradient in without_auxiliary(gradients).items():
        np.testing.assert_allclose(after[name], before[name] - 0.1 * np.array(gradient), atol=1e-6)


def test_the_finished_model_and_its_file_have_the_main_output_alone(helped, data, tmp_path):
    recipe = phased(helped, "head", "plain", "residual")

    run = train(recipe, data, out=tmp_path / "run")
    again = load(tmp_path / "run")
    stored = load_weights(tmp_path / "run" / "checkpoint.npz")

    own = {
        "texture.auxiliary/kernel",
        "texture.auxiliary/bias",
        "shape.auxiliary/kernel",
        "shape.auxiliary/bias",
    }
    assert [name for name in layers(again.model) if "auxiliary" in name] == []
    assert again.model.output_shape == (None, 2)
    assert again.recipe.head.auxiliary == {"texture": 0.3, "shape": 0.5}
    assert own <= stored.keys()
    fresh = build(recipe)
    set_weights(fresh, without_auxiliary(stored))
    for name, value in weights(run.model).items():
        np.testing.assert_array_equal(value, weights(fresh)[name])
    assert [found for found in self_test(again.model, resolve(recipe)) if not found.holds] == []


def test_a_run_that_is_broken_off_leaves_the_finished_model(helped, data, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(phased(helped, "head"), data, out=tmp_path / "run", watch=lambda _: [Stop()])

    assert load(tmp_path / "run").model.output_shape == (None, 2)


def test_the_best_epoch_is_that_of_the_main_loss_unless_another_is_named(helped, data):
    rates = {"optimizer": {"learning_rate": 0.05}, "epochs": 4, "keep": "best"}
    main = fit(phased(helped, "head", **rates), data)
    other = fit(phased(helped, "head", **rates, monitor="val_loss.shape"), data)

    assert main.history.kept["one"] == 1 + int(np.argmin(losses(main, "val_loss")))
    assert other.history.kept["one"] == 1 + int(np.argmin(losses(other, "val_loss.shape")))


def test_auxiliary_outputs_no_phase_selects_stay_as_they_are_and_still_count(recipe, helped, data):
    alone, run = (fit(phased(each, "plain"), data).model for each in (recipe, helped))

    moved = np.abs(weights(run)["plain/block1_conv1/kernel"] - weights(alone)["plain/block1_conv1/kernel"])
    assert moved.max() > 1e-6


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_penalties_on_weights_are_in_the_main_loss_as_ever(recipe, helped, data, l2):
    block = [{"dense": 8, "activation": "relu", "l2": l2}]
    pair = [fit(phased(each.replace("/blocks/top", block), "head"), data) for each in (recipe, helped)]

    assert losses(pair[0]) == losses(pair[1])


def test_auxiliary_outputs_of_standardised_numbers_learn_deviations(recipe, data):
    random = np.random.default_rng(0)

    def priced(part):
        photos = part.columns["photo"]
        assert isinstance(photos, Array)
        return Examples(
            {"photo": photos}, random.normal(1000.0, 10.0, (len(photos), 1)).astype("float32"), part.names
        )

    numbers = recipe.replace(
        "/head",
        {
            "blocks": ["top"],
            "output": {"task": "regression", "standardise": True},
            "auxiliary": {"texture": 1.0},
        },
    )

    run = fit(
        phased(numbers, "head"), Data(priced(data.train), priced(data.validation), None, None, "Made up.")
    )

    assert losses(run, "loss.texture")[-1] < 10
    assert losses(run)[-1] < 10


@pytest.mark.parametrize(
    "task", [{"task": "binary"}, {"task": "classification", "classes": 3, "logits": True}]
)
def test_every_weight_of_an_auxiliary_output_gets_a_gradient(helped, task):
    recipe = helped.replace("/head/output", task)
    model, predictions = build_with_auxiliary(resolve(recipe))
    program = keras.Model(model.inputs, list(predictions.values()))
    photos = np.random.default_rng(0).uniform(0, 255, (4, 16, 16, 3)).astype("float32")

    with tf.GradientTape() as tape:
        total = sum(tf.reduce_sum(tf.square(each[:, :1])) for each in program({"photo": photos}))
    own = [each for name, each in variables(program).items() if ".auxiliary/" in name]
    found = tape.gradient(total, [each.value for each in own])

    assert len(own) == 4
    assert all(np.isfinite(each).all() and np.any(each) for each in found)
