"""Phases that begin with fresh weights, which are the same whatever trained before."""

import keras
import numpy as np
import pytest

from fusion.errors import ModelError
from fusion.features import planning
from fusion.frontier.rates import Rates
from fusion.model.addresses import weights
from fusion.model.building import build
from fusion.model.renewing import renew
from fusion.recipe.recipe import Recipe
from fusion.training.fitting import fit
from fusion.training.onlooking import Onlooker
from fusion.training.runs import train

AFTER = ["head", "eye[block1_pool..]"]


class KilledError(Exception):
    """As if the process had been killed."""


class Keep(Onlooker):
    """Keeps the weights that a phase begins with, and may break it off after some steps."""

    def __init__(self, kept, after=None):
        super().__init__()
        self.kept = kept
        self.after = after

    def on_train_begin(self, logs=None):
        self.kept.append(weights(self.model))

    def on_train_batch_end(self, batch, logs=None):
        if self.after is not None:
            self.after -= 1
            if self.after == 0:
                raise KilledError


@pytest.fixture(scope="module")
def recipe_of():
    def make(*phases, cut="block2_pool", **fields):
        return Recipe(
            name="eye",
            inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
            backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
            blocks={"top": [{"dense": 8, "activation": "relu"}, {"dropout": 0.2}]},
            branches={"all": {"input": "photo", "backbone": "eye", "cut": cut}},
            head={"blocks": ["top"], "output": {"task": "classification", "classes": 2}},
            training={
                "batch_size": 16,
                "phases": [{"name": str(n), "epochs": 2, **phase} for n, phase in enumerate(phases)],
                **fields,
            },
        )

    return make


@pytest.fixture(scope="module")
def control(recipe_of):
    """The whole trained on the task itself, then what comes after a layer anew on what comes before it."""
    return recipe_of({"train": ["head", "eye"], "batchnorm": "train"}, {"train": AFTER, "reset": AFTER})


def beginnings(recipe, data, **options):
    kept = []
    fit(recipe, data, watch=lambda _: [Keep(kept)], **options)
    return kept


def test_fresh_weights_follow_from_seed_and_address_whatever_trained_before(recipe_of, control, data):
    (transferred,) = beginnings(recipe_of({"train": AFTER, "reset": AFTER}), data, store=False)
    _, own = beginnings(control, data, store=False)

    equal = {name for name, value in own.items() if np.array_equal(value, transferred[name])}
    owners = {name.rpartition("/")[0] for name in own}
    below = {f"eye/block1_{layer}{n}" for layer in ("conv", "bn") for n in (1, 2)}
    assert {name.rpartition("/")[0] for name in equal} == owners - below
    assert not any(name.startswith("eye/block1_conv") for name in equal)


def test_fresh_weights_are_another_draw_than_a_model_is_built_with(recipe_of, data):
    recipe = recipe_of({"train": AFTER, "reset": AFTER})
    built = weights(build(recipe))

    (begun,) = beginnings(recipe, data, store=False)

    same = {name for name, value in begun.items() if np.array_equal(value, built[name])}
    assert {name for name in same if name.endswith("kernel")} == {
        "eye/block1_conv1/kernel",
        "eye/block1_conv2/kernel",
    }
    other = recipe.replace("/training/seed", 1)
    assert not np.array_equal(
        beginnings(other, data, store=False)[0]["output/kernel"], begun["output/kernel"]
    )


def test_two_backbones_of_one_kind_begin_with_different_weights(recipe_of):
    one = recipe_of({"train": ["head"]})
    tiny = {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}
    backbones = {"eye": tiny, "other": tiny}
    branches = {name: {"input": "photo", "backbone": name} for name in backbones}
    fusion = {"op": "concat", "from": list(branches)}
    parts = {"backbones": backbones, "branches": branches, "fusion": fusion}
    model = build(
        Recipe(**{name: getattr(one, name) for name in ("name", "inputs", "blocks", "head")} | parts)
    )

    renewed = renew(model, lambda address: "conv1" in address, seed=3)

    found = weights(model)
    assert renewed == tuple(f"{name}/block{n}_conv1" for name in backbones for n in (1, 2, 3))
    assert not np.isin(found["eye/block1_conv1/kernel"], found["other/block1_conv1/kernel"]).any()


def test_statistics_are_reset_too_and_trained(recipe_of, data):
    phases = ({"train": ["head", "eye"], "batchnorm": "train"}, {"train": AFTER, "reset": AFTER})
    recipe = recipe_of(*phases)

    kept = []
    run = fit(recipe, data, watch=lambda _: [Keep(kept)], store=False)

    name = "eye/block2_bn1/moving_mean"
    assert not kept[1][name].any()
    assert weights(run.model)[name].any()
    held = "eye/block1_bn1/moving_mean"
    assert kept[1][held].any()
    assert np.array_equal(weights(run.model)[held], kept[1][held])


def test_the_order_of_examples_and_dropout_begin_anew_with_what_is_reset(recipe_of, data):
    again = recipe_of(*[{"train": ["head"], "reset": ["head"]}] * 2)

    run = fit(again, data, store=False)

    first, second = (
        [epoch.metrics for epoch in run.history.epochs if epoch.phase == phase] for phase in ("0", "1")
    )
    assert first == second


def test_stored_tensors_are_those_of_the_weights_after_a_reset(control, data, tmp_path, monkeypatch):
    # A machine on which all is worth storing.
    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e4, decode=0))
    stored = control.replace("/training/phases/0/train", AFTER)

    with_store, without = (weights(fit(stored, data, store=store).model) for store in (tmp_path, False))

    assert list(tmp_path.iterdir())
    assert all(np.array_equal(value, without[name]) for name, value in with_store.items())


@pytest.mark.parametrize("steps", [1, 4])
def test_a_run_killed_in_a_phase_that_resets_ends_as_one_that_was_not(control, data, tmp_path, steps):
    whole = train(control, data, store=False)

    def watch(start):
        return [Keep([], steps)] if start.number == 2 else []

    with pytest.raises(KilledError):
        train(control, data, out=tmp_path, store=False, watch=watch)
    run = train(control, data, out=tmp_path, store=False, resume=True)

    expected = weights(whole.model)
    assert all(np.array_equal(value, expected[name]) for name, value in weights(run.model).items())


class Secretive(keras.layers.Dense):
    """A layer that does not say all that it was made with."""

    def get_config(self):
        return {"name": self.name} if self.name == "output" else {**super().get_config(), "units": 3}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("output", "it cannot be made again by its configuration: "),
        ("other", r"it has weights of the shapes"),
    ],
)
def test_a_layer_that_cannot_be_made_again_is_refused(name, text):
    x = keras.Input((4,), name="x")
    model = keras.Model(x, Secretive(2, name=name)(x))

    with pytest.raises(
        ModelError, match=rf"Layer '{name}', a Secretive, cannot be given fresh weights: .*{text}"
    ):
        renew(model, name.__eq__, seed=0)
