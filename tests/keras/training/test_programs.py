"""Trainings that share a model and its programs come, to the bit, to what each comes to alone."""

import gc
import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest

from fusion.data.examples import Array, Data, Examples, take
from fusion.features import planning
from fusion.features.programs import Program
from fusion.frontier.rates import Rates
from fusion.model.addresses import weights
from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import exchanged, to_data
from fusion.training.programs import Programs
from fusion.training.runs import train

DROPPING = [{"batch_norm": True}, {"dense": 8, "activation": "relu"}, {"dropout": 0.3}]
HEAD = {"name": "head first", "train": ["head"], "epochs": 2}
ALL = {"name": "all of it", "train": ["head", "plain"], "epochs": 2}


def recipe_of(*phases, **training):
    return Recipe(
        name="one",
        inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
        backbones={"plain": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
        blocks={"top": DROPPING},
        branches={"all": {"input": "photo", "backbone": "plain", "cut": "block2_pool"}},
        head={"blocks": ["top"], "output": {"task": "classification", "classes": 2}},
        training={"batch_size": 16, "phases": phases, **training},
    )


CASES = {
    "statistics and dropout": recipe_of(ALL),
    "phases, the second anew": recipe_of(
        {**ALL, "batchnorm": "train"},
        {**HEAD, "reset": ["head", "plain[block2_conv1..]"], "train": ["head", "plain[block2_conv1..]"]},
    ),
    "rates with a course, and patience": recipe_of(
        {
            **HEAD,
            "epochs": 5,
            "early_stopping": {"patience": 1},
            "optimizer": {"learning_rate": 0.3, "schedule": "cosine", "warmup": 0.2},
        },
        {**ALL, "train": ["head", {"part": "plain", "learning_rate": 0.0005}], "monitor": "val_accuracy"},
    ),
    "images changed at random, momentum": recipe_of(
        {**ALL, "optimizer": {"name": "sgd", "learning_rate": 0.01, "momentum": 0.9}},
        augment={"photo": [{"flip": "horizontal"}, {"contrast": 0.2}]},
    ),
    "changed copies that are stored": recipe_of(
        HEAD, augment={"photo": [{"flip": "horizontal"}, {"contrast": 0.2}]}, views=2
    ),
    "classes that count": recipe_of(HEAD, class_weight="balanced"),
    "auxiliary outputs": from_data(
        to_data(recipe_of(HEAD, ALL))
        | {
            "branches": {
                cut: {"input": "photo", "backbone": "plain", "cut": cut}
                for cut in ("block1_pool", "block2_pool")
            },
            "fusion": {"op": "concat", "from": ["block1_pool", "block2_pool"]},
            "head": {
                "blocks": ["top"],
                "output": {"task": "classification", "classes": 2},
                "auxiliary": {"block1_pool": 0.3},
            },
        }
    ),
}


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch):
    """A machine on which all is worth storing."""
    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e4, decode=0))


def seeded(recipe, seed):
    return from_data(exchanged(to_data(recipe), "/training/seed", seed))


def came(run):
    """What came of a training, to be compared after its model has gone on to another."""
    return (
        {name: value.tobytes() for name, value in weights(run.model).items()},
        [(each.phase, each.epoch, each.metrics) for each in run.history.epochs],
        run.history.kept,
        run.metrics,
        {name: value.tobytes() for name, value in run.scores.items()},
    )


QUICK = ("rates with a course, and patience", True)


@pytest.mark.parametrize(
    ("case", "store"),
    [
        (case, store) if (case, store) == QUICK else pytest.param(case, store, marks=pytest.mark.slow)
        for case in CASES
        for store in ([True] if case == "changed copies that are stored" else [True, False])
    ],
)
def test_seeds_that_share_programs_come_to_what_each_comes_to_alone(case, store, data, tmp_path, monkeypatch):
    runs, store = [seeded(CASES[case], seed) for seed in (0, 1, 0)], tmp_path if store else False
    alone = [came(train(each, data, store=store)) for each in runs[:2]]

    programs = Programs()
    together = [came(train(runs[0], data, store=store, programs=programs))]
    # Nothing is called any more: what ran first goes on.
    monkeypatch.setattr(Program, "call", None)
    together += [came(train(each, data, store=store, programs=programs)) for each in runs[1:]]

    assert together == [*alone, alone[0]]
    assert alone[0] != alone[1]


def test_another_recipe_is_given_a_model_of_its_own_and_the_last_is_let_go_of(data):
    first, programs = recipe_of(ALL), Programs()
    other = first.replace("/blocks/top/1/dense", 9)
    wanted = came(train(other, data, store=False))
    kept = weakref.ref(train(first, data, store=False, programs=programs).model)
    assert kept() is programs.built.model

    found = came(train(other, data, store=False, programs=programs))
    gc.collect()

    assert found == wanted
    assert kept() is None


def test_other_sizes_and_measures_of_data_are_given_programs_of_their_own():
    recipe = Recipe(
        name="price",
        inputs={"facts": {"kind": "tabular", "columns": ["area", "rooms"]}},
        branches={"all": {"input": "facts", "blocks": ["mlp"]}},
        blocks={"mlp": [{"dense": 4, "activation": "relu"}]},
        head={"output": {"task": "regression", "standardise": True}},
        training={"batch_size": 8, "phases": [{"name": "all", "train": ["head", "block:mlp"], "epochs": 2}]},
    )
    random = np.random.default_rng(0)
    facts = random.normal(size=(40, 2))
    part = Examples({"facts": Array(facts)}, facts[:, :1] * 100, tuple(map(str, range(40))))
    first = Data(take(part, np.arange(16)), take(part, np.arange(32, 40)), None, None, "Made up.")
    others = [
        replace(first, train=take(part, np.arange(16, 32))),
        replace(first, train=take(part, np.arange(24))),
        first,
    ]
    alone = [came(train(recipe, each)) for each in others]

    programs = Programs()
    train(recipe, first, programs=programs)

    assert [came(train(recipe, each, programs=programs)) for each in others] == alone


def test_a_training_that_breaks_off_leaves_nothing(data):
    programs = Programs()

    class Broken(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe_of(ALL), data, store=False, programs=programs, callbacks=[Broken()])

    assert programs.built is None


@pytest.mark.slow
def test_in_mixed_precision_nothing_is_kept(data):
    programs = Programs()
    alone = [came(train(seeded(recipe_of(HEAD, precision="mixed_bfloat16"), seed), data)) for seed in (0, 1)]

    found = [
        came(train(seeded(recipe_of(HEAD, precision="mixed_bfloat16"), seed), data, programs=programs))
        for seed in (0, 1)
    ]

    assert found == alone
    assert programs.built is None
