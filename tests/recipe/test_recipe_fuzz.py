"""One thing of a full recipe made wrong at a time: it is accepted or refused at its place, and nothing else is."""

import copy
import json

import pytest

from fusion.errors import RecipeError
from fusion.recipe.parsing import parse
from fusion.recipe.reading import examine, read
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import pointer

VALUES = (None, [], {}, "", -1, 10**400, True, "x" * 1000, {"": 1})


def places(data, above=()):
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, child in children:
        yield (*above, key)
        yield from places(child, (*above, key))


def variants(data):
    """Yields the data with each value in turn exchanged or taken out, and the place."""
    for place in places(data):
        wrong = copy.deepcopy(data)
        inside = wrong
        for part in place[:-1]:
            inside = inside[part]
        for value in VALUES:
            inside[place[-1]] = value
            yield place, wrong
        if isinstance(inside, dict):
            del inside[place[-1]]
            yield place, wrong


def related(one, other):
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


@pytest.fixture(scope="module")
def examined(data):
    """For each variant its place, the problems found, and those of them elsewhere that have no right to be."""
    found = []
    for place, wrong in variants(data):
        problems = examine(wrong).problems
        elsewhere = [problem for problem in problems if not related(problem.place, pointer(place))]
        # A section that is sound in itself, or an object at least, may still lack the names that others use.
        lacks_names = len(place) == 1 and isinstance(wrong.get(place[0]), dict)
        stray = elsewhere and not lacks_names and read(wrong, Recipe)[1]
        found.append((pointer(place), problems, elsewhere if stray else []))
    return found


def test_nothing_but_the_value_that_is_wrong_is_refused(examined):
    assert [(where, stray) for where, _, stray in examined if stray] == []


def test_every_part_of_a_full_recipe_can_be_wrong(examined, data):
    refused = {where for where, problems, _ in examined if problems}

    free = {where for where in map(pointer, places(data)) if where.startswith("/x-free")}
    assert refused == set(map(pointer, places(data))) - free


def test_every_problem_is_told_once_and_in_short_lines(examined):
    for _, problems, _ in examined:
        assert len(set(problems)) == len(problems)
        assert all(len(line) < 400 for problem in problems for line in problem.text.split("\n"))


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 5000, "NaN", "Infinity", "-Infinity"])
def test_a_number_no_recipe_can_hold_is_refused(full, number):
    text = json.dumps(full).replace('"epochs": 2', f'"epochs": {number}')

    with pytest.raises(RecipeError, match="is no number a recipe can hold; write a finite one"):
        parse(text, source="x.json")
