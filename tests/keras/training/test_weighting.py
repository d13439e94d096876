from dataclasses import replace

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from fusion.checking import resolve
from fusion.data.examples import Array, Data, Examples
from fusion.errors import DataError, RecipeError, TrainingError
from fusion.model.addresses import weights
from fusion.model.building import build
from fusion.recipe.recipe import Recipe
from fusion.training.fitting import fit
from fusion.training.weighting import class_weights

COUNT = 12
TARGETS = np.array([0] * 8 + [1] * 3 + [2])


def weighted(weights, **output):
    phases = [
        {
            "name": "a",
            "train": ["head"],
            "epochs": 1,
            "keep": "last",
            "optimizer": {"name": "sgd", "learning_rate": 0.5},
        }
    ]
    return Recipe(
        name="weighted",
        inputs={"facts": {"kind": "tabular", "columns": ["a", "b"]}},
        branches={"all": {"input": "facts"}},
        head={"output": output or {"task": "classification", "classes": 3}},
        training={"class_weight": weights, "batch_size": COUNT, "phases": phases},
    )


@pytest.fixture
def unbalanced():
    facts = np.random.default_rng(0).normal(size=(COUNT, 2)).astype("float32")
    names = tuple(map(str, range(COUNT)))
    return Data(Examples({"facts": Array(facts)}, TARGETS, names), None, None, None, "Made up.")


def test_balanced_weights_are_those_of_scikit_learn():
    found = class_weights(weighted("balanced"), TARGETS, None)

    known = compute_class_weight("balanced", classes=np.arange(3), y=TARGETS)
    assert list(found) == [0, 1, 2]
    assert list(found.values()) == pytest.approx(list(known))
    binary = class_weights(
        weighted("balanced", task="binary"), np.array([[0.0], [0.0], [1.0]], "float32"), None
    )
    assert binary == {0: 0.75, 1: 1.5}


def test_a_map_goes_by_name_and_what_it_leaves_out_counts_one():
    assert class_weights(weighted({"b": 3.0}), TARGETS, ("a", "b", "c")) == {0: 1.0, 1: 3.0, 2: 1.0}
    assert class_weights(weighted({"2": 3.0}), TARGETS, None) == {0: 1.0, 1: 1.0, 2: 3.0}
    assert class_weights(weighted(None), TARGETS, None) == {}


def test_a_step_follows_the_weighted_loss_and_the_metrics_do_not(unbalanced):
    recipe = weighted({"1": 2.0, "2": 5.0})
    facts = unbalanced.train.columns["facts"].values
    standard = (facts - facts.mean(0)) / facts.std(0)
    before = weights(build(recipe))["output/kernel"]
    share = np.array([1.0, 2.0, 5.0])[TARGETS]

    trained = fit(recipe, unbalanced)

    scores = np.exp(standard @ before)
    scores /= scores.sum(1, keepdims=True)
    loss = -(share * np.log(scores[np.arange(COUNT), TARGETS])).mean()
    gradient = standard.T @ (share[:, None] * (scores - np.eye(3)[TARGETS])) / COUNT
    seen = trained.history.epochs[0].metrics
    assert seen["loss"] == pytest.approx(loss, rel=1e-4)
    assert seen["accuracy"] == pytest.approx((scores.argmax(1) == TARGETS).mean())
    assert weights(trained.model)["output/kernel"] == pytest.approx(before - 0.5 * gradient, abs=1e-4)


def test_classes_that_are_not_there_are_refused(unbalanced):
    with pytest.raises(TrainingError, match=r"names the class '3', which is not there.*Classes: '?0"):
        fit(weighted({"3": 2.0}), unbalanced)
    with pytest.raises(DataError, match=r"Class '2' has no training example.*as a map"):
        class_weights(weighted("balanced"), TARGETS[:-1], None)
    with pytest.raises(RecipeError, match=r"class_weight/dgo.*no class 'dgo'. Did you mean 'dog'"):
        resolve(weighted({"dgo": 2.0}, task="classification", classes=["cat", "dog"]))


@pytest.mark.parametrize(
    ("weights", "output", "text"),
    [
        ("balanced", {"task": "regression"}, "A regression has no classes to weigh"),
        ("balanced", {"task": "multilabel", "classes": 3}, "a multilabel output has several classes"),
        ("even", {"task": "binary"}, 'Class weights are "balanced", or a number for each class'),
        ({"0": -1.0}, {"task": "binary"}, "class_weight/0"),
    ],
)
def test_weights_that_mean_nothing_are_refused(weights, output, text):
    with pytest.raises(RecipeError, match=text):
        resolve(weighted(weights, **output))


def test_who_watches_is_told_the_classes_by_name(unbalanced):
    told = []

    fit(
        weighted({"b": 3.0}),
        replace(unbalanced, labels=("a", "b", "c")),
        watch=lambda start: told.append(start.weights) or (),
    )

    assert told == [{"a": 1.0, "b": 3.0, "c": 1.0}]
