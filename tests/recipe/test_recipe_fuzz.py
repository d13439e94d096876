"""One thing of a full recipe made wrong at a time: it is accepted or refused at its place, and nothing else is."""

import copy
import json

import pytest

from fusion.errors import RecipeError
from fusion.recipe.parsing import parse
from fusion.recipe.reading import examine, read
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import pointer

VALUES = (None, [], {}, "", -1, 10**400, 1.5, True, "x" * 1000, [[]], ["a", "a"], {"": 1}, {"<a>": None})


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


def test_a_value_that_is_wrong_is_refused_at_its_place_and_nothing_follows_from_it(full):
    for place, wrong in variants(full):
        found = examine(wrong)

        where = pointer(place)
        elsewhere = [problem for problem in found.problems if not related(problem.place, where)]
        # A section that is sound in itself, or an object at least, may still lack the names that others use.
        lacks_names = len(place) == 1 and isinstance(wrong.get(place[0]), dict)
        assert not elsewhere or lacks_names or not read(wrong, Recipe)[1], (where, elsewhere)
        assert all(len(line) < 400 for problem in found.problems for line in problem.text.split("\n"))
        assert len(set(found.problems)) == len(found.problems)


def test_every_part_of_a_full_recipe_can_be_wrong(full):
    refused = {pointer(place) for place, wrong in variants(full) if examine(wrong).problems}

    free = {place for place in map(pointer, places(full)) if place.startswith("/x-free")}
    assert refused == set(map(pointer, places(full))) - free


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 5000, "NaN", "Infinity", "-Infinity"])
def test_a_number_no_recipe_can_hold_is_refused(full, number):
    text = json.dumps(full).replace('"epochs": 2', f'"epochs": {number}')

    with pytest.raises(RecipeError, match="is no number a recipe can hold; write a finite one"):
        parse(text, source="x.json")
