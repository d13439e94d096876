"""Trainings that share a model and its programs come, to the bit, to what each comes to alone."""

import gc
import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest

from fusion.backbones.registered import register_backbone
from fusion.data.arrays import from_arrays
from fusion.data.examples import Array, Data, Examples, take
from fusion.errors import TrainingError
from fusion.features import planning
from fusion.features.programs import Program
from fusion.frontier.rates import Rates
from fusion.model.addresses import variables, weights
from fusion.model.building import build_with_auxiliary
from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import exchanged, to_data
from fusion.training import fitting
from fusion.training.programs import Built, Programs
from fusion.training.resuming import random_states
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


PRICE = Recipe(
    name="price",
    inputs={"facts": {"kind": "tabular", "columns": ["area", "rooms"]}},
    branches={each: {"input": "facts", "blocks": [f"{each}_mlp"]} for each in ("left", "right")},
    blocks={
        f"{each}_mlp": [{"dense": 4, "activation": "relu"}, {"dropout": 0.2}] for each in ("left", "right")
    },
    fusion={"op": "concat", "from": ["left", "right"]},
    head={"output": {"task": "regression", "standardise": True}},
    training={
        "batch_size": 8,
        "phases": [{"name": "all", "train": ["head", "block:left_mlp", "block:right_mlp"], "epochs": 2}],
    },
)


@pytest.fixture(scope="module")
def prices():
    random = np.random.default_rng(0)
    facts = random.normal(size=(40, 2))
    part = Examples({"facts": Array(facts)}, facts[:, :1] * 100, tuple(map(str, range(40))))
    return Data(take(part, np.arange(16)), take(part, np.arange(32, 40)), None, None, "Made up."), part


def test_data_measured_otherwise_are_given_a_model_of_their_own(prices):
    first, part = prices
    other = replace(first, train=take(part, np.arange(16, 32)))
    alone, programs = came(train(PRICE, other)), Programs()
    before = train(PRICE, first, programs=programs)

    after = train(PRICE, other, programs=programs)

    assert came(after) == alone
    assert after.model is not before.model


@pytest.mark.parametrize("programs", [3, True, Programs])
def test_what_is_no_programs_is_refused_before_anything_trains(prices, programs):
    with pytest.raises(TrainingError, match=r"Expected fusion\.Programs\(\) as programs, got "):
        train(PRICE, prices[0], programs=programs)


def test_a_run_whose_model_went_on_to_another_seed_says_so(prices):
    programs = Programs()
    first = train(PRICE, prices[0], programs=programs)
    metrics = first.metrics

    second = train(seeded(PRICE, 1), prices[0], programs=programs)

    assert second.model is programs.built.model
    assert (first.metrics, first.metrics == second.metrics) == (metrics, False)
    with pytest.raises(TrainingError, match="The model of this run has gone on to a later training"):
        _ = first.model


def test_another_number_of_examples_shares_programs_unless_a_rate_goes_by_it(data):
    fewer = replace(data, train=take(data.train, np.arange(32)))
    on_course = HEAD | {"optimizer": {"schedule": "cosine"}}
    for phase, shared in ((HEAD, True), (on_course, False)):
        alone, programs = came(train(recipe_of(phase), fewer, store=False)), Programs()
        train(recipe_of(phase), data, store=False, programs=programs)
        kept = programs.built.whole

        assert came(train(recipe_of(phase), fewer, store=False, programs=programs)) == alone
        assert (programs.built.whole is kept) is shared


def two_outputs(*names):
    x = keras.Input((2,), name="x")
    made = [
        keras.layers.Dense(1, name=name)(keras.layers.Dropout(0.5, name=f"{name}_drop")(x)) for name in names
    ]
    model = keras.Model(x, made, name="_".join(names))
    return Built(model, model, shared=True)


def test_weights_and_random_states_are_taken_over_by_address():
    kept, fresh, programs = two_outputs("a", "b"), two_outputs("b", "a"), Programs()
    programs.exchanged(kept)

    assert programs.exchanged(fresh) is kept

    for states in (variables, random_states):
        wanted = {name: np.array(each).tobytes() for name, each in states(fresh.model).items()}
        assert {name: np.array(each).tobytes() for name, each in states(kept.model).items()} == wanted
    assert kept.model.name == "b_a"


def test_outputs_in_another_order_are_given_a_model_of_their_own(prices):
    one, other = (
        PRICE.replace("/head/auxiliary", dict.fromkeys(order, 0.5))
        for order in (("left", "right"), ("right", "left"))
    )
    alone, programs = came(train(other, prices[0])), Programs()
    before = train(one, prices[0], programs=programs)

    after = train(other, prices[0], programs=programs)

    assert came(after) == alone
    assert after.model is not before.model


def test_the_model_that_is_built_to_be_taken_over_is_gone_before_training(prices, monkeypatch):
    seen, left = [], []

    def building(*args, **kwargs):
        made = build_with_auxiliary(*args, **kwargs)
        seen.append(weakref.ref(made[0]))
        return made

    class Looking(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            left.append(sum(each() is not None for each in seen))

    monkeypatch.setattr(fitting, "build_with_auxiliary", building)
    programs = Programs()
    for seed in (0, 1):
        train(seeded(PRICE, seed), prices[0], programs=programs, callbacks=[Looking()])

    assert (len(seen), left) == (2, [1, 1])


@pytest.mark.slow
def test_optimizers_of_many_phases_make_room_for_each_other(prices, monkeypatch):
    (phase,) = PRICE.training.phases
    many = PRICE.replace("/training/phases", [to_data(phase) | {"name": name, "epochs": 1} for name in "abc"])
    alone, programs = [came(train(seeded(many, seed), prices[0])) for seed in (0, 1)], Programs()
    monkeypatch.setattr("fusion.training.programs.SLOTS", 0)

    together = [came(train(seeded(many, seed), prices[0], programs=programs)) for seed in (0, 1)]

    assert together == alone
    assert sum(each.compiled for each in programs.built.programs.values()) <= 1


def normed(input_shape, width=4):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Normalization(name="measured"),
            keras.layers.Conv2D(width, 3, name="conv"),
        ]
    )


@pytest.mark.slow
def test_files_of_weights_share_a_model_unless_what_they_measured_by_differs(data, tmp_path):
    register_backbone("normed", normed, preprocess="none")
    recipes = []
    for number, mean in enumerate((90.0, 90.0, 30.0)):
        whole = normed((16, 16, 3))
        whole.get_layer("measured").set_weights([np.full(3, mean), np.full(3, 50.0), np.array(1)])
        whole.save_weights(tmp_path / f"{number}.weights.h5")
        made = to_data(recipe_of(HEAD)) | {"name": f"number {number}", "requires": ["normed"]}
        made["backbones"] = {"plain": {"arch": "normed", "weights": {"file": f"{number}.weights.h5"}}}
        made["branches"] = {"all": {"input": "photo", "backbone": "plain"}}
        recipes.append(from_data(made))
    given = {"folders": [tmp_path], "store": False}
    alone, programs = [came(train(each, data, **given)) for each in recipes[1:]], Programs()
    train(recipes[0], data, **given, programs=programs)
    first = programs.built.whole

    shared = train(recipes[1], data, **given, programs=programs)

    assert (came(shared), shared.model.name) == (alone[0], "number_1")
    assert programs.built.whole is first
    assert came(train(recipes[2], data, **given, programs=programs)) == alone[1]
    assert programs.built.whole is not first


@pytest.mark.slow
def test_words_and_categories_go_with_their_data():
    recipe = Recipe(
        name="said",
        inputs={
            "town": {"kind": "categorical", "column": "town", "most": 3},
            "caption": {"kind": "words", "column": "caption", "most": 4, "length": 3},
        },
        backbones={"reader": {"arch": "TinyText", "weights": None, "options": {"vocabulary": 6, "width": 4}}},
        branches={"place": {"input": "town"}, "said": {"input": "caption", "backbone": "reader"}},
        fusion={"op": "concat", "from": ["place", "said"]},
        head={"output": {"task": "classification", "classes": 2}},
        training={"batch_size": 16, "phases": [{"name": "all", "train": ["head", "reader"], "epochs": 1}]},
    )

    def spoken(*words):
        said = np.array(words)[np.random.default_rng(0).integers(0, len(words), (60, 1))]
        numbers = (said[:, 0] == words[0]).astype("int64")
        # No two examples are the same, which would stay together as they are split.
        captions = np.array([[f"{text} {number}"] for number, (text,) in enumerate(said)])
        return from_arrays(
            {"town": said, "caption": captions}, numbers, inputs=recipe.inputs, output=recipe.head.output
        )

    ours, theirs = spoken("red box", "blue box"), spoken("one car", "red car")
    runs = [(seeded(recipe, 0), ours), (seeded(recipe, 1), ours), (seeded(recipe, 1), theirs)]
    alone, programs = [came(train(*each, store=False)) for each in runs], Programs()
    together, models = [], []
    for each in runs:
        together.append(came(train(*each, store=False, programs=programs)))
        models.append(programs.built.whole)

    assert together == alone
    assert models[0] is models[1] is not models[2]


def test_a_run_is_gone_on_with_in_the_model_of_another(prices, tmp_path):
    first, second = (seeded(PRICE, seed) for seed in (0, 1))
    alone, programs = came(train(second, prices[0])), Programs()

    class Killed(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(second, prices[0], out=tmp_path / "run", callbacks=[Killed()])
    train(first, prices[0], programs=programs)
    kept = programs.built.whole

    found = train(second, prices[0], out=tmp_path / "run", resume=True, programs=programs)

    assert came(found) == alone
    assert programs.built.whole is kept


def test_a_training_that_breaks_off_leaves_nothing(data):
    programs = Programs()

    class Broken(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe_of(ALL), data, store=False, programs=programs, callbacks=[Broken()])

    assert programs.built is None


@pytest.mark.slow
def test_what_is_kept_is_let_go_of_where_nothing_can_be_shared(data):
    programs = Programs()
    train(recipe_of(HEAD), data, store=False, programs=programs)

    train(recipe_of(HEAD, precision="mixed_bfloat16"), data, store=False, programs=programs)

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
