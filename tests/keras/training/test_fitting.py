import csv

import keras
import numpy as np
import pytest

from fusion.checking import resolve
from fusion.data.arrays import from_arrays
from fusion.data.examples import Array, Data, Examples, splits, take
from fusion.errors import DataError, TrainingError
from fusion.graph.costs import costs
from fusion.model.addresses import layer, layers, set_weights, weights
from fusion.model.building import build
from fusion.model.files import load_weights
from fusion.model.selftest import self_test
from fusion.recipe.recipe import Recipe
from fusion.recipe.training import EarlyStopping, Optimizer, Phase, Training
from fusion.training.evaluation import evaluate
from fusion.training.fitting import fit
from fusion.training.freezing import held_still, inference_mode, set_trainable
from fusion.training.objectives import check_monitor, is_better
from fusion.training.optimizers import make_optimizer
from fusion.training.recording import Recorder


def phase_of(recipe, **fields):
    return recipe.replaced(training=Training(batch_size=16, phases=(Phase(name="only", **fields),)))


@pytest.fixture(scope="module")
def trained(recipe, data):
    return fit(recipe, data)


def test_exactly_the_declared_weights_of_each_phase_move(recipe, data):
    graph = resolve(recipe)
    seen = [weights(build(recipe))]

    def watch(_):
        return [keras.callbacks.LambdaCallback(on_train_end=lambda logs: seen.append(weights(_model.pop())))]

    _model: list = []

    class Keep(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            _model.append(self.model)

    fit(recipe, data, watch=lambda start: [Keep(), *watch(start)])

    assert len(seen) == 3
    for plan, before, after in zip(graph.phases, seen, seen[1:], strict=False):
        moved = {name.rpartition("/")[0] for name in before if not np.array_equal(before[name], after[name])}
        assert moved == set(plan.rates), plan.name


def test_trainable_counts_equal_what_was_said_before_building(recipe):
    graph = resolve(recipe)
    model = build(recipe)

    for plan, cost in zip(graph.phases, costs(graph).phases, strict=True):
        set_trainable(model, graph, plan)
        assert sum(int(np.prod(each.shape)) for each in model.trainable_variables) == cost.trainable


def test_the_same_recipe_and_data_give_the_same_weights(recipe, data, trained):
    again = fit(recipe, data)

    assert all(
        np.array_equal(value, weights(again.model)[name]) for name, value in weights(trained.model).items()
    )


def test_another_seed_gives_other_weights(recipe, data, trained):
    other = fit(recipe.replace("/training/seed", 1), data)

    assert not np.array_equal(weights(other.model)["output/kernel"], weights(trained.model)["output/kernel"])


def test_training_learns(trained, data):
    last = trained.history.epochs[-1]

    assert last.metrics["loss"] < trained.history.epochs[0].metrics["loss"]
    assert [epoch.phase for epoch in trained.history.epochs] == ["head first"] * 2 + ["last blocks"] * 2


def test_a_model_in_a_file_is_unchanged_by_having_been_trained_frozen(recipe, trained):
    fresh = build(recipe)

    for model in (trained.model, fresh):
        for each in layers(model).values():
            each.trainable = True

    assert trained.model.get_config() == fresh.get_config()


def dropping(recipe):
    """A frozen backbone block that would drop, before a head that trains."""
    return recipe.replaced(
        blocks={**recipe.blocks, "noisy": [{"dense": 8}, {"dropout": 0.9}, {"batch_norm": True}]},
        branches={
            name: branch.replaced(blocks=("noisy",)) if name == "shape" else branch
            for name, branch in recipe.branches.items()
        },
    )


def test_frozen_dropout_and_batch_norm_are_at_inference_inside_fit_too(recipe, data):
    frozen = dropping(recipe)
    graph, model = resolve(frozen), build(frozen)
    inputs = {"photo": np.asarray(data.train.columns["photo"].values[:8])}
    wanted = np.array(model(inputs, training=False))
    plan = graph.phases[0]
    set_trainable(model, graph, plan)
    layer(model, "top/dropout").rate = 0.0

    with inference_mode(model, plan):
        inside = np.array(model(inputs, training=True))
    outside = np.array(model(inputs, training=True))

    assert np.array_equal(inside, wanted)
    assert not np.array_equal(outside, wanted)


def test_dropout_of_what_trains_goes_on_dropping(recipe, data):
    graph, model = resolve(recipe), build(recipe)
    inputs = {"photo": np.asarray(data.train.columns["photo"].values[:8])}

    with inference_mode(model, graph.phases[0]):
        first, second = (np.array(model(inputs, training=True)) for _ in range(2))

    assert not np.array_equal(first, second)


def test_layers_are_as_before_after_inference_mode_also_after_an_error(recipe):
    graph, model = resolve(recipe), build(recipe)

    with pytest.raises(RuntimeError, match="planned"), inference_mode(model, graph.phases[0]):
        raise RuntimeError("planned")

    assert not any("call" in vars(each) for each in layers(model).values())


def test_a_frozen_weight_that_moves_is_found(recipe):
    graph, model = resolve(recipe), build(recipe)
    name = "plain/block1_conv1/kernel"

    with (
        pytest.raises(TrainingError, match="freezes 'plain/block1_conv1/kernel', yet it changed"),
        held_still(model, graph.phases[0]),
    ):
        set_weights(model, {name: weights(model)[name] + 1})


def test_a_model_of_another_recipe_is_not_frozen_by_this_one(recipe):
    other = build(recipe.replace("/head/output/classes", 3))
    graph = resolve(recipe)

    with pytest.raises(TrainingError, match="The model is not the one of this recipe"):
        set_trainable(other, graph, graph.phases[0])


def test_the_epoch_kept_is_the_best_by_what_is_monitored(recipe, data):
    rough = phase_of(
        recipe,
        train=("head", "plain", "residual"),
        epochs=4,
        optimizer=Optimizer(name="sgd", learning_rate=0.1, momentum=0.9),
    )
    result = fit(rough, data)
    losses = [epoch.metrics["val_loss"] for epoch in result.history.epochs]

    photos = {"photo": np.asarray(data.validation.columns["photo"].values)}
    found = result.model.evaluate(photos, data.validation.targets, return_dict=True, verbose=0)["loss"]

    assert result.history.kept["only"] == int(np.argmin(losses)) + 1
    assert found == pytest.approx(min(losses), rel=1e-4)


def test_the_last_epoch_is_kept_where_asked(recipe, data):
    last = fit(phase_of(recipe, train=("head",), epochs=3, keep="last"), data)

    assert last.history.kept == {"only": 3}


def test_a_phase_that_gets_no_better_stops_early(recipe, data):
    still = phase_of(
        recipe,
        train=("head",),
        epochs=9,
        optimizer=Optimizer(name="sgd", learning_rate=1e-9),
        early_stopping=EarlyStopping(patience=2, min_delta=0.5),
    )

    assert len(fit(still, data).history.epochs) == 3


def test_rates_of_parts_scale_what_moves(recipe, data):
    def moved(rate):
        parts = ("head", {"part": "plain", "learning_rate": rate})
        one = phase_of(
            recipe, train=parts, epochs=1, keep="last", optimizer=Optimizer(name="sgd", learning_rate=0.01)
        )
        result = weights(fit(one, data).model)
        start = weights(build(one))
        return {name: np.abs(result[name] - start[name]).max() for name in start}

    slow, fast = moved(1e-6), moved(1e-2)

    assert 0 < slow["plain/block1_conv1/kernel"] < 1e-3 * fast["plain/block1_conv1/kernel"]
    assert slow["output/kernel"] > 0.01 * fast["output/kernel"]


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_an_optimizer_with_rates_takes_the_steps_of_one_without(name):
    gradient = [np.array([1.0, -2.0], "float32"), np.array([0.5], "float32")]

    def stepped(make):
        variables = [keras.Variable([1.0, 1.0], name="a"), keras.Variable([1.0], name="b")]
        optimizer = make(variables)
        for _ in range(3):
            optimizer.apply(gradient, variables)
        return [np.array(each) for each in variables]

    declared = Optimizer(name=name, learning_rate=0.1, weight_decay=0.01)
    slow = declared.replaced(learning_rate=0.05)
    parts = stepped(
        lambda each: make_optimizer(declared, {"a": ([each[0]], 0.1), "b": ([each[1]], 0.05)}, steps=3)
    )
    plain = stepped(lambda each: make_optimizer(declared, {"a": (each, 0.1)}, steps=3))
    slowly = stepped(lambda each: make_optimizer(slow, {"a": (each, 0.05)}, steps=3))

    assert np.allclose(parts[0], plain[0], rtol=1e-6)
    assert np.allclose(parts[1], slowly[1], rtol=1e-6)


def test_history_and_checkpoint_are_there_after_each_epoch_and_are_of_the_best(recipe, data, tmp_path):
    result = fit(recipe, data, out=tmp_path)
    rows = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    stored = load_weights(tmp_path / "checkpoint.npz")

    assert [row["phase"] for row in rows] == [epoch.phase for epoch in result.history.epochs]
    assert float(rows[0]["val_loss"]) == pytest.approx(result.history.epochs[0].metrics["val_loss"], rel=1e-4)
    assert {name.rpartition("/")[0] for name in stored} == set(result.graph.phases[1].rates)
    assert all(np.array_equal(weights(result.model)[name], value) for name, value in stored.items())


def test_an_interrupted_training_leaves_weights_that_fit_a_fresh_model(recipe, data, tmp_path):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(recipe, data, out=tmp_path, watch=lambda start: [Interrupt()] if start.number == 2 else [])

    model = build(recipe)
    set_weights(model, load_weights(tmp_path / "checkpoint.npz"))
    rows = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    best = min(float(row["val_loss"]) for row in rows if row["phase"] == "last blocks")
    assert len(rows) == 4
    assert evaluate(model, data.validation, recipe.head.output)["loss"] == pytest.approx(best, rel=1e-4)


@pytest.fixture
def table():
    return Recipe(
        name="table",
        inputs={"facts": {"kind": "tabular", "columns": ["a", "b"]}},
        branches={"all": {"input": "facts"}},
        head={"output": {"task": "regression"}},
        training={"phases": [{"name": "all", "train": ["head"], "epochs": 1}]},
    )


def test_tables_are_normalised_by_training_rows_only(table):
    values = np.random.default_rng(0).normal(50, 2, (200, 2)).astype("float32")
    split = from_arrays(values, values[:, 0], inputs=table.inputs, output=table.head.output)
    rows = split.train.columns["facts"].read(np.arange(len(split.train)))

    normalise = layer(fit(table, split).model, "facts.normalise")

    assert np.allclose(normalise.mean, rows.mean(0), rtol=1e-6)
    assert not np.allclose(normalise.mean, values.mean(0), rtol=1e-6)


def test_a_copy_made_of_weights_normalises_alike(table):
    values = np.random.default_rng(0).normal(50, 2, (200, 2)).astype("float32")
    split = from_arrays(values, values[:, 0], inputs=table.inputs, output=table.head.output)
    trained = fit(table, split).model
    copy = build(table)

    set_weights(copy, weights(trained))

    assert np.array_equal(copy.predict([values], verbose=0), trained.predict([values], verbose=0))


def test_a_column_with_one_value_is_refused(table):
    values = np.random.default_rng(0).normal(50, 2, (200, 2)).astype("float32")
    values[:, 1] = 3
    split = from_arrays(values, values[:, 0], inputs=table.inputs, output=table.head.output)

    with pytest.raises(DataError, match="Input 'facts': b has one value in all training rows"):
        fit(table, split)


def test_a_trained_model_with_a_table_passes_its_self_test(table):
    values = np.random.default_rng(0).normal(2000, 2, (200, 2)).astype("float32")
    split = from_arrays(values, values[:, 0] - 2000, inputs=table.inputs, output=table.head.output)
    binary = table.replaced(head={"output": {"task": "binary"}})
    model = fit(binary, Data(*(_signs(part) for part in splits(split).values()), None, "Made up.")).model

    assert [each for each in self_test(model, resolve(binary)) if not each.holds] == []


def _signs(part):
    return Examples(part.columns, (part.targets > 0).astype("float32"), part.names)


def test_a_loss_that_is_no_number_ends_the_training_with_advice():
    seen = Recorder(Phase(name="a", train=("head",), epochs=3), (), lambda _: None, lambda _: None)

    with pytest.raises(
        TrainingError, match=r"Phase 'a' lost its way in epoch 2: the loss is nan.*Lower its learning rate"
    ):
        seen.on_epoch_end(1, {"loss": float("nan"), "val_loss": 1.0})


def test_a_value_that_is_no_number_is_worse_than_any():
    def recorder():
        found = Recorder(Phase(name="a", train=("head",), epochs=3), (), lambda _: None, lambda _: None)
        found.set_model(keras.Sequential([keras.layers.Dense(1)]))
        return found

    seen = recorder()
    for epoch, value in enumerate([float("nan"), 0.5, float("nan"), 0.4, float("nan")]):
        seen.on_epoch_begin(epoch)
        seen.on_epoch_end(epoch, {"loss": 1.0, "val_loss": value})

    assert (seen.kept, seen.standing.best) == (4, 0.4)


def test_adamw_without_decay_is_what_it_says():
    assert make_optimizer(Optimizer(name="adamw", weight_decay=0.0), {}, steps=1).weight_decay == 0.0


def test_a_recipe_without_training_is_refused(recipe, data):
    with pytest.raises(TrainingError, match="says nothing of training"):
        fit(recipe.replaced(training=None), data)


def test_validation_that_will_not_be_there_is_missed_before_training(recipe, data):
    with pytest.raises(TrainingError, match="there are no validation data"):
        fit(recipe, Data(data.train, None, data.test, data.labels, "Made up."))


def test_nothing_is_monitored_where_the_last_epoch_is_kept():
    last = Phase(name="a", train=("head",), epochs=1, keep="last")

    assert check_monitor(last, validated=False) is None
    with pytest.raises(TrainingError, match="there are no validation data"):
        check_monitor(last.replaced(early_stopping=EarlyStopping(patience=1)), validated=False)


def test_which_way_is_better_is_known():
    assert is_better("val_auc", 0.9, 0.8)
    assert is_better("mae", 0.8, 0.9)
    assert not is_better("val_loss", 0.85, 0.9, by=0.1)


def test_classes_in_another_order_are_refused(recipe, data):
    named = recipe.replace("/head/output/classes", ["bright", "dark"])

    with pytest.raises(
        DataError, match="The head tells bright, dark apart, in this order, and the data have dark, bright"
    ):
        fit(named, data)


def test_examples_of_another_shape_are_refused_in_every_split(recipe, data):
    small = Examples({"photo": Array(np.zeros((2, 8, 8, 3)))}, np.array([0, 1]), ("a", "b"))

    with pytest.raises(
        DataError, match=r"reads examples of shape \(16, 16, 3\), those of validation have \(8, 8, 3\)"
    ):
        fit(recipe, Data(data.train, small, None, data.labels, "Made up."))


def test_data_with_other_inputs_are_refused(recipe, data):
    renamed = Examples({"image": data.train.columns["photo"]}, data.train.targets, data.train.names)

    with pytest.raises(DataError, match="reads the inputs photo, and the data have image"):
        fit(recipe, Data(renamed, data.validation, None, data.labels, "Made up."))


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (None, "There are no targets in train"),
        (np.array([0, 2] * 12), "has the classes 0 to 1, and the targets of train go from 0 to 2"),
        (np.array([0.0, 1.0] * 12), r"class numbers of shape \(examples,\), those of train are float64"),
        (np.zeros((24, 2), int), r"those of train are int64 of shape \(24, 2\)"),
    ],
)
def test_targets_that_the_output_cannot_have_are_refused(recipe, data, targets, message):
    odd = Examples(data.test.columns, targets, data.test.names)

    with pytest.raises(DataError, match=message):
        fit(recipe, Data(odd, data.validation, None, data.labels, "Made up."))


def test_data_that_were_read_to_judge_train_nothing(recipe, data):
    none = take(data.train, [])

    with pytest.raises(DataError, match="There are no examples to train on: these data were read to judge"):
        fit(recipe, Data(none, None, data.test, data.labels, "Made up."))


def test_targets_of_another_width_are_refused(recipe, data):
    two = recipe.replaced(head={"blocks": ["top"], "output": {"task": "regression", "units": 2}})

    with pytest.raises(DataError, match=r"have shape \(examples, 2\), those of train \(48,\)"):
        fit(two, data)
