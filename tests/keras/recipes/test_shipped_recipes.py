"""Every recipe that is shipped is read, written, checked, costed and drawn; its picture is the one in `diagrams/`."""

import json
import runpy
from pathlib import Path

import pytest

import fusion
from fusion.checking import draw
from fusion.graph.costs import costs
from fusion.recipe.reading import from_json, load_recipe
from fusion.recipe.writing import to_json

ROOT = Path(__file__).parents[3]
RECIPES = sorted((ROOT / "recipes").glob("*.json"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_says_the_same_when_it_is_written_again(path):
    recipe = load_recipe(path)

    assert from_json(to_json(recipe)) == recipe


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_can_be_built_as_far_as_is_known_before(path):
    graph = fusion.resolve(path)

    assert costs(graph).params > 0
    assert graph.phases
    assert graph.remarks == ()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_picture_of_a_shipped_recipe_is_the_one_in_diagrams(path):
    graph = fusion.resolve(path)

    drawn = draw(graph, phase=len(graph.phases) - 1).svg()

    # fusion draw recipes/NAME.json -o diagrams/NAME.svg --phase LAST
    assert drawn == (ROOT / "diagrams" / f"{path.stem}.svg").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("style", ["light", "paper", "slide"])
@pytest.mark.parametrize("level", ["branch", "stage", "layer"])
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_nothing_overlaps_and_no_words_are_cut_in_any_picture_of_a_shipped_recipe(path, level, style, checks):
    graph = fusion.resolve(path)
    expand = "none" if (level, style) == ("layer", "slide") else ()

    drawing = draw(graph, phase=len(graph.phases) - 1, level=level, style=style, expand=expand).drawing
    # Lines that lead on to the next row are looked at with the pages.
    for name in checks if style == "light" else ("boxes", "texts", "texts and lines"):
        checks[name](drawing)


def test_diagrams_holds_no_picture_of_a_recipe_that_is_gone():
    assert {path.stem for path in (ROOT / "diagrams").glob("*.svg")} == {path.stem for path in RECIPES}


def test_the_recipe_in_python_is_the_one_in_json():
    written = runpy.run_path(str(ROOT / "recipes" / "quickstart.py"))

    assert written["recipe"] == load_recipe(ROOT / "recipes" / "quickstart.json")


def test_the_recipe_in_python_takes_no_more_lines_than_the_one_in_json():
    written = (ROOT / "recipes" / "quickstart.py").read_text(encoding="utf-8")
    said = written.partition("\n)\n\n")[2].partition("\nif __name__")[0]

    in_json = (ROOT / "recipes" / "quickstart.json").read_text(encoding="utf-8")

    assert "Recipe(" in said
    assert len(said.splitlines()) <= len(in_json.splitlines())


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_is_written_in_the_order_of_the_format(path):
    keys = list(json.loads(path.read_text(encoding="utf-8")))

    assert keys == [key for key in fusion.Recipe.model_fields if key in keys]
