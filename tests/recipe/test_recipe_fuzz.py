"""One thing of a full recipe made wrong at a time: it is accepted or refused at its place, and nothing else is."""

import json

import pytest

from fusion.errors import RecipeError
from fusion.recipe.parsing import parse
from fusion.recipe.reading import examine, read
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import pointer

VALUES = ((None, [], {}, {"": 1}), ("", -1, 10**400), (True, "x" * 1000))


@pytest.fixture(scope="module")
def examined(either, variants_of):
    """For each variant its place, the problems found, and those of them elsewhere that have no right to be."""
    found = []
    for variant in variants_of(either, VALUES):
        if variant.mistyped:
            continue
        wrong, place = variant.data, variant.place
        problems = examine(wrong).problems
        elsewhere = [problem for problem in problems if not variant.is_related(problem.place)]
        # A section that is sound in itself, or an object at least, may still lack the names that others use.
        lacks_names = len(place) == 1 and isinstance(wrong.get(place[0]), dict)
        stray = elsewhere and not lacks_names and read(wrong, Recipe)[1]
        found.append((pointer(place), problems, elsewhere if stray else []))
    return found


def test_nothing_but_the_value_that_is_wrong_is_refused(examined):
    assert [(where, stray) for where, _, stray in examined if stray] == []


def test_every_part_of_a_full_recipe_can_be_wrong(examined, either, places_of):
    refused = {where for where, problems, _ in examined if problems}

    every = set(map(pointer, places_of(either)))
    assert refused == {where for where in every if not where.startswith("/x-free")}


def test_every_problem_is_told_once_and_in_short_lines(examined):
    for _, problems, _ in examined:
        assert len(set(problems)) == len(problems)
        assert all(len(line) < 400 for problem in problems for line in problem.text.split("\n"))


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 5000, "NaN", "Infinity", "-Infinity"])
def test_a_number_no_recipe_can_hold_is_refused(full, number):
    text = json.dumps(full).replace('"epochs": 2', f'"epochs": {number}')

    with pytest.raises(RecipeError, match="is not finite, and numbers in JSON are; write a finite one"):
        parse(text, source="x.json")
