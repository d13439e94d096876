"""Heads that train at once come to what each comes to alone, within 1e-5."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.checking import resolve
from fusion.data.examples import Array, Data, splits
from fusion.errors import TrainingError
from fusion.execution.bunching import may_stack
from fusion.recipe.recipe import Recipe
from fusion.training.evaluation import evaluate, predict
from fusion.training.fitting import fit
from fusion.training.heads import fit_heads
from fusion.training.sources import make_source

WITHIN = 1e-5
TOP = [{"dense": 8, "activation": "relu", "l2": 0.01}, {"dropout": 0.3}, {"dense": 6, "activation": "tanh"}]


@pytest.fixture
def graph_of():
    def make(seed=0, rate=0.01, cuts=("block1_pool", "block2_pool"), top=TOP, op="concat", **phase):
        phase = {"name": "head", "train": ["head"], "epochs": 3} | phase
        phase["optimizer"] = {"learning_rate": rate} | phase.get("optimizer", {})
        branches = {cut: {"input": "photo", "backbone": "eye", "cut": cut} for cut in cuts}
        return resolve(
            Recipe(
                name="one",
                inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
                backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
                blocks={"top": top},
                branches=branches,
                fusion={"op": op, "of": list(cuts)} | ({"project": 8} if op == "gated" else {}),
                head={"blocks": ["top"], "output": {"task": "classification", "classes": 2}},
                training={"batch_size": 16, "seed": seed, "phases": [phase]},
            )
        )

    return make


def fitted(graphs, data):
    made = {graph.recipe.seed: make_source(graph, data, ()) for graph in graphs}
    return fit_heads(graphs, data, sources=[made[graph.recipe.seed] for graph in graphs])


def check(found, graph, data):
    """Compares a head with what `fit` makes of its recipe."""
    alone = fit(graph, data, store=False)
    for here, there in zip(found.history.epochs, alone.history.epochs, strict=True):
        assert here.metrics == pytest.approx({name: there.metrics[name] for name in here.metrics}, abs=WITHIN)
    assert found.history.kept == alone.history.kept
    output = graph.recipe.head.output
    for name, part in splits(data).items():
        assert found.metrics[name] == pytest.approx(evaluate(alone.model, part, output), abs=WITHIN)
        said = np.array([each.scores for each in predict(alone.model, part, output)])
        np.testing.assert_allclose(found.scores[name], said, atol=WITHIN)


def check_all(graphs, data):
    for found, graph in zip(fitted(graphs, data), graphs, strict=True):
        check(found, graph, data)


def test_heads_of_several_seeds_and_rates_come_to_what_each_comes_to_alone(graph_of, data, capfd):
    graphs = [graph_of(0), graph_of(1), graph_of(1, 0.003)]

    found = fitted(graphs, data)

    assert "while_loop" not in capfd.readouterr().err
    assert found[1].metrics != found[2].metrics
    for each, graph in zip(found, graphs, strict=True):
        check(each, graph, data)


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "adamw", "clipnorm": 0.1, "schedule": "cosine", "warmup": 0.2},
        {"name": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "clipnorm": 0.5},
        {"name": "rmsprop", "momentum": 0.5, "schedule": "cosine"},
    ],
    ids=lambda each: each["name"],
)
def test_every_optimizer_and_schedule_treats_heads_apart(graph_of, data, optimizer):
    check_all([graph_of(seed, rate, optimizer=optimizer) for seed, rate in ((0, 0.01), (1, 0.03))], data)


@pytest.mark.slow
def test_batch_statistics_are_each_head_s_own(graph_of, data):
    top = [{"dense": 8}, {"batch_norm": True}, {"dropout": 0.2}]
    check_all([graph_of(seed, top=top, optimizer={"name": "sgd"}) for seed in (0, 1)], data)


@pytest.mark.slow
def test_parts_with_rates_of_their_own_have_them_in_each_head(graph_of, data):
    train = [{"part": "head", "learning_rate": 0.02}, "fusion"]
    graphs = [graph_of(0, 0.01, train=train, op="gated"), graph_of(1, 0.001, train=train, op="gated")]
    check_all(graphs, data)


@pytest.mark.slow
def test_each_head_keeps_its_best_epoch_and_stops_by_itself(graph_of, data):
    phase = {"epochs": 8, "monitor": "val_accuracy", "early_stopping": {"patience": 2}}
    graphs = [graph_of(seed, rate, **phase) for seed, rate in ((0, 0.05), (1, 0.0001), (2, 0.02))]

    found = fitted(graphs, data)

    assert len({len(each.history.epochs) for each in found}) > 1
    for each, graph in zip(found, graphs, strict=True):
        check(each, graph, data)


@pytest.mark.slow
def test_heads_beside_a_table_predict_standardised_numbers_as_each_does_alone(data):
    def beside(part, seed):
        rows = np.random.default_rng(seed).normal(2, 5, (len(part), 3)).astype("float32")
        columns = {**part.columns, "facts": Array(rows)}
        return replace(part, columns=columns, targets=100 * rows[:, :1] + 5000)

    parts = {name: beside(part, seed) for seed, (name, part) in enumerate(splits(data).items())}
    priced = Data(*parts.values(), None, "Made up.")
    recipe = Recipe(
        name="price",
        inputs={
            "photo": {"kind": "image", "shape": (16, 16, 3)},
            "facts": {"kind": "tabular", "columns": ["x", "y", "z"]},
        },
        backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
        branches={
            "seen": {"input": "photo", "backbone": "eye", "cut": "block2_pool"},
            "told": {"input": "facts", "blocks": ["mlp"]},
        },
        blocks={"mlp": [{"dense": 4}, {"layer_norm": True}, {"dropout": 0.2}]},
        fusion={"op": "concat", "of": ["seen", "told"]},
        head={"output": {"task": "regression", "standardise": True}},
        training={
            "batch_size": 16,
            "phases": [{"name": "head", "train": ["head", "block:mlp"], "epochs": 2}],
        },
    )
    graph = resolve(recipe)

    assert may_stack(graph)
    source = make_source(graph, priced, ())
    found = fit_heads([graph, graph], priced, sources=[source, source])
    alone = fit(graph, priced, store=False)
    for name, part in splits(priced).items():
        expected = evaluate(alone.model, part, recipe.head.output)
        assert found[1].metrics[name] == pytest.approx(expected, rel=WITHIN)


@pytest.mark.slow
def test_a_head_that_loses_its_way_does_not_disturb_the_others(graph_of, data):
    sgd = {"optimizer": {"name": "sgd"}}
    graphs = [graph_of(0, 0.1, **sgd), graph_of(1, 1e30, **sgd), graph_of(2, 0.1, **sgd)]

    first, lost, last = fitted(graphs, data)

    assert isinstance(lost, TrainingError)
    assert "lost its way in epoch 1" in str(lost)
    assert np.isfinite(first.scores["test"]).all()
    check(last, graphs[2], data)
