from pathlib import Path

import pytest

from fusion.checking import resolve
from fusion.locking import lock
from fusion.study.trials import Trial, reseeded


@pytest.fixture
def key_of(recipe):
    def make(changed=recipe, **fields):
        given = {"arm": "base", "seed": 0, "metric": "accuracy", "data": "d"} | fields
        return Trial(recipe=reseeded(changed, given["seed"]), locked=lock(resolve(changed)), **given).key

    return make


@pytest.mark.parametrize("fields", [{"seed": 1}, {"metric": "auc"}, {"data": "e"}])
def test_what_a_result_depends_on_is_in_the_key(key_of, fields):
    assert key_of(**fields) != key_of()


@pytest.mark.parametrize("fields", [{"arm": "another name"}, {"folders": (Path("elsewhere"),)}])
def test_what_a_result_does_not_depend_on_is_not(key_of, fields):
    assert key_of(**fields) == key_of()


def test_names_and_notes_of_a_recipe_do_not_count_and_values_do(key_of, recipe):
    assert key_of(recipe.replaced(name="other", notes="x")) == key_of()
    assert key_of(recipe.replace("/blocks/mlp/0/dense", 9)) != key_of()


def test_the_seed_is_in_the_recipe_that_runs(recipe):
    assert reseeded(recipe, 7).training.seed == 7


def test_free_keys_do_not_count(key_of, recipe):
    assert key_of(recipe.replaced(extras={"x-why": "a note"})) == key_of()
