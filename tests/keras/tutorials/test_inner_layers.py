"""The later tutorials: the head first and then what comes after an inner layer; any layer as an array; three forms of fusion."""

import json

import numpy as np
import pytest

from fusion.checking import resolve
from fusion.features.arrays import extract_features
from fusion.model.addresses import weights
from fusion.model.building import build
from fusion.recipe.reading import load_recipe
from fusion.training.runs import train


def one_epoch(recipe):
    for number in range(len(recipe.training.phases)):
        recipe = recipe.replace(f"/training/phases/{number}/epochs", 1)
    return recipe.replace("/training/batch_size", 8)


def test_after_the_head_all_after_mixed8_trains_at_a_low_rate(few, recipes, tmp_path):
    recipe = one_epoch(load_recipe(recipes / "two_phases_inception.json"))
    recipe = recipe.replace("/backbones/inc/weights", None).replace("/inputs/photo/shape", [80, 80, 3])
    folder, store = few("hymenoptera/train", 24), tmp_path / "store"
    before = weights(build(recipe))

    run = train(recipe, folder, store=store)
    found = extract_features(recipe, folder, taps=["inc/mixed5"], store=store)

    after = weights(run.model)
    moved = {
        name.split("/")[1]
        for name in before
        if name.startswith("inc/") and not np.array_equal(before[name], after[name])
    }
    late = {layer.partition("/")[2] for layer in resolve(recipe).phases[1].rates if layer.startswith("inc/")}
    assert [epoch.phase for epoch in run.history.epochs] == ["head first", "all after mixed8"]
    assert moved == late
    assert found.parts["train"].arrays["inc/mixed5"].shape[1:] == (3, 3, 768)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("several_cuts", {"/backbones/eye/options": {"alpha": 0.25}, "/backbones/eye/weights": "small"}),
        ("cats_dogs_two_mobilenets", {}),
    ],
)
def test_several_cuts_and_several_backbones_learn_from_one_photograph(
    request, few, folders, recipes, tmp_path, name, changes
):
    recipe = one_epoch(load_recipe(recipes / f"{name}.json")).replace("/inputs/photo/shape", [96, 96, 3])
    for place, value in changes.items():
        recipe = recipe.replace(place, request.getfixturevalue(value) if isinstance(value, str) else value)
    kinds = "hymenoptera/train" if name == "several_cuts" else "cats_dogs"

    run = train(recipe, few(kinds, 30), folders=folders, store=tmp_path / "store")

    assert len(run.history.epochs) == 2
    assert run.metrics["train"]["accuracy"] > 0.6


def test_four_photographs_of_a_house_learn_its_price_together(photographs, folders, recipes, small, tmp_path):
    recipe = one_epoch(load_recipe(recipes / "multi_input.json")).replace("/backbones/eye/weights", small)
    houses = photographs / "houses"
    rows = (houses / "houses.csv").read_text().splitlines()[:41]
    (tmp_path / "few.csv").write_text("\n".join(rows))
    about = {
        "dataset": 1,
        "table": "few.csv",
        "inputs": {room: {"files": f"{houses}/{room}/{{house_id:03d}}.jpg"} for room in recipe.inputs},
        "target": {"column": "price_usd"},
        "split": {"group": "house_id"},
    }
    (tmp_path / "few.json").write_text(json.dumps(about))

    run = train(recipe, tmp_path / "few.json", folders=folders, store=tmp_path / "store")

    assert np.isfinite(run.metrics["test"]["mae"])
    assert len(run.model.inputs) == 4
