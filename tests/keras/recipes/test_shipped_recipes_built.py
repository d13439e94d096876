"""Every recipe that is shipped is built; its weights are left random, so that nothing needs to be downloaded."""

from pathlib import Path

import pytest

from fusion.checking import resolve
from fusion.graph.costs import costs
from fusion.model.building import build
from fusion.recipe.reading import load_recipe

RECIPES = sorted((Path(__file__).parents[3] / "recipes").glob("*.json"))


@pytest.mark.slow
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_is_built_with_the_weights_that_were_counted(path):
    recipe = load_recipe(path)
    for name in recipe.backbones:
        recipe = recipe.replace(f"/backbones/{name}/weights", None)

    model = build(recipe)

    assert model.count_params() == costs(resolve(recipe)).params
    assert model.output_shape == (None, recipe.head.output.width)
