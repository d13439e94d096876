"""The two-MobileNets recipe on real photographs with real weights, one seed each.

`benchmarks/photographs.py` takes three seeds and gives the table in the README; one seed is allowed 0.03 less than
what is claimed of the mean.
"""

import os
from pathlib import Path

import pytest

from fusion.recipe.reading import load_recipe
from fusion.training.runs import train

ASSETS = os.environ.get("FUSION_ASSETS", "")
RECIPE = Path(__file__).parents[3] / "recipes" / "cats_dogs_two_mobilenets.json"


@pytest.mark.slow
@pytest.mark.skipif(not ASSETS, reason="FUSION_ASSETS names no folder with weights and photographs")
@pytest.mark.parametrize(
    ("photographs", "classes", "claimed"),
    [("cats_dogs", ["cats", "dogs"], 0.96), ("hymenoptera", 2, 0.94), ("houses", 4, 0.95)],
)
def test_two_mobilenets_tell_photographs_apart(photographs, classes, claimed, tmp_path):
    recipe = load_recipe(RECIPE).replace("/head/output/classes", classes)

    run = train(recipe, Path(ASSETS, "images", photographs), folders=[Path(ASSETS, "weights")], out=tmp_path)

    assert run.metrics["test"]["accuracy"] >= claimed - 0.03
