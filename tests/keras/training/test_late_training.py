"""Recipes whose branches predict for themselves, from training to a file and to predictions."""

import numpy as np
import pytest

from fusion.checking import resolve
from fusion.data.examples import Array, Data, Examples
from fusion.model.addresses import weights
from fusion.model.files import load
from fusion.model.selftest import self_test
from fusion.training.evaluation import evaluate, predict
from fusion.training.runs import train


@pytest.fixture
def late(recipe):
    """Late fusion of two branches by learned weights, its output layers trained."""
    phase = {"name": "one", "train": ["fusion"], "epochs": 3, "optimizer": {"learning_rate": 0.05}}
    return recipe.replaced(
        blocks={},
        fusion={"op": "late", "of": ["texture", "shape"], "weights": "learned"},
        head={"output": recipe.head.output},
        training={"phases": [phase], "batch_size": 16},
    )


def test_late_fusion_learns_and_predicts_the_same_from_a_file(late, data, tmp_path):
    run = train(late, data, out=tmp_path / "run")
    again = load(tmp_path / "run").model

    losses = [epoch.metrics["loss"] for epoch in run.history.epochs]
    first, second = (predict(each, data.test, late.head.output) for each in (run.model, again))
    assert losses[-1] < losses[0]
    assert first == second
    assert np.sum([each.scores for each in first], 1) == pytest.approx(1, abs=1e-6)
    assert run.metrics["test"] == evaluate(again, data.test, late.head.output)
    assert [found for found in self_test(again, resolve(late)) if not found.holds] == []
    assert np.abs(weights(again)["fusion/weigh/kernel"]).min() > 0


def test_logits_of_late_fusion_learn_what_its_probabilities_learn(late, data):
    plain = train(late, data)
    logits = train(late.replace("/head/output/logits", True), data)

    pairs = [[each.metrics["loss"] for each in run.history.epochs] for run in (plain, logits)]
    np.testing.assert_allclose(*pairs, rtol=1e-4)


@pytest.mark.parametrize("standardise", [True, False])
def test_late_fusion_of_numbers_is_judged_in_their_unit(late, data, standardise):
    output = {"task": "regression", "units": 2, "standardise": standardise}
    recipe = late.replace("/head/output", output).replace("/fusion/weights", [0.75, 0.25])
    random = np.random.default_rng(0)

    def numbered(part):
        photos = part.columns["photo"]
        assert isinstance(photos, Array)
        targets = 100.0 * standardise + random.normal(size=(len(photos), 2))
        return Examples({"photo": photos}, targets.astype("float32"), part.names)

    run = train(recipe, Data(numbered(data.train), numbered(data.validation), None, None, "Made up."))

    means = np.mean([each.scores for each in predict(run.model, data.test, recipe.head.output)], 0)
    assert means == pytest.approx([100.0 * standardise] * 2, abs=5)
    assert set(run.metrics["train"]) == {"loss", "mae"}
    assert [found for found in self_test(run.model, resolve(recipe)) if not found.holds] == []
