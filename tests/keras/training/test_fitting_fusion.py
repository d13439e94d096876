"""Fusion ops that learn, trained with the phases that select them."""

import numpy as np

from fusion.checking import resolve
from fusion.model.addresses import weights
from fusion.model.building import build
from fusion.training.fitting import fit


def trained(recipe, data, *train, **fusion):
    """What a phase changed of a recipe with another fusion, by owner, and its loss at the beginning and the end."""
    changed = recipe.replace("/fusion", fusion).replace(
        "/training/phases",
        [
            {
                "name": "one",
                "train": list(train),
                "epochs": 3,
                "optimizer": {"learning_rate": 0.02},
                "keep": "last",
            }
        ],
    )
    before, run = weights(build(changed)), fit(changed, data)
    after = weights(run.model)
    moved = {
        name.partition("/")[0] for name, value in before.items() if not np.array_equal(after[name], value)
    }
    losses = [epoch.metrics["loss"] for epoch in run.history.epochs]
    return moved, losses


def test_the_selector_fusion_trains_the_fusion_and_nothing_else(recipe, data):
    moved, losses = trained(recipe, data, "fusion", op="gated", units=8, **{"from": ["texture", "shape"]})

    assert moved == {"fusion"}
    assert losses[-1] < losses[0]


def test_one_node_of_several_is_trained_by_its_name(recipe, data):
    moved, _ = trained(
        recipe,
        data,
        "head",
        "fusion:last",
        first={"op": "film", "from": ["texture", "shape"]},
        last={"op": "low_rank", "from": ["first", "shape"], "units": 4},
    )

    assert moved == {"last", "top", "output"}


def test_logits_learn_what_probabilities_learn(recipe, data):
    parts = ("fusion", "head")
    op = {"op": "attention", "project": 8, "from": ["texture", "shape"]}

    _, plain = trained(recipe, data, *parts, **op)
    _, logits = trained(recipe.replace("/head/output/logits", True), data, *parts, **op)

    np.testing.assert_allclose(plain, logits, rtol=1e-3)
    assert resolve(recipe.replace("/head/output/logits", True)).recipe.head.output.activation == "linear"
