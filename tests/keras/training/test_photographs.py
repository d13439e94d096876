"""The two-MobileNets recipes on real photographs with real weights, one seed each.

`benchmarks/photographs.py` takes three seeds and gives the table in the README; one seed is allowed 0.03 less than
what is claimed of the mean.
"""

import os
from pathlib import Path

import pytest

from fusion.recipe.reading import load_recipe
from fusion.training.runs import train

ASSETS = os.environ.get("FUSION_ASSETS", "")
RECIPES = Path(__file__).parents[3] / "recipes"
PETS, INSECTS = "cats_dogs_two_mobilenets.json", "hymenoptera_two_mobilenets.json"


@pytest.mark.slow
@pytest.mark.skipif(not ASSETS, reason="FUSION_ASSETS names no folder with weights and photographs")
@pytest.mark.parametrize(
    ("photographs", "recipe", "classes", "claimed"),
    [
        ("cats_dogs", PETS, ["cats", "dogs"], 0.96),
        ("hymenoptera", INSECTS, ["ants", "bees"], 0.94),
        ("houses", PETS, 4, 0.95),
    ],
)
def test_two_mobilenets_tell_photographs_apart(photographs, recipe, classes, claimed, tmp_path):
    recipe = load_recipe(RECIPES / recipe).replace("/head/output/classes", classes)

    run = train(recipe, Path(ASSETS, "images", photographs), folders=[Path(ASSETS, "weights")], out=tmp_path)

    assert run.metrics["test"]["accuracy"] >= claimed - 0.03
