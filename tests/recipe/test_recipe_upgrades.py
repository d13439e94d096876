import json

import pytest

from fusion.errors import RecipeError
from fusion.recipe.reading import from_json, load_recipe
from fusion.recipe.recipe import FORMAT
from fusion.recipe.upgrades import UPGRADES, upgraded
from fusion.recipe.writing import to_json

OLD = {
    -1: lambda old: {**old, "recipe": 0, "heads": old.get("heads", 1)},
    0: lambda old: {"recipe": 1, "name": old["title"], "heads": old["heads"]},
}


def test_the_present_version_is_left_as_it_is():
    data = {"recipe": FORMAT}

    assert upgraded(data) is data


def test_older_versions_are_brought_up_step_by_step():
    assert upgraded({"recipe": -1, "title": "a"}, OLD) == {"recipe": 1, "name": "a", "heads": 1}


def test_every_step_known_leads_to_the_next_version():
    assert all(version < FORMAT for version in UPGRADES)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"recipe": 2}, "The format is version 2; this package reads up to 1. Use a newer fusion."),
        ({"recipe": 10**60}, r"The format is version 1000+\.\.\.; this package reads up to 1"),
        ({"recipe": -2}, "There is no version -2 of the format that can be read; there is -1, 0, 1."),
        ({"recipe": True}, '"recipe": 1, the version of its format; got True'),
        ({"recipe": "1"}, "\"recipe\": 1, the version of its format; got '1'"),
        ({}, '"recipe": 1, the version of its format; got None'),
        ([1], r'"recipe": 1, the version of its format; got \[1\]'),
    ],
)
def test_a_version_that_cannot_be_read_is_refused_by_name(data, text):
    with pytest.raises(RecipeError, match=text):
        upgraded(data, OLD)


def test_a_file_of_a_made_up_older_format_is_read_checked_and_written_in_the_present_one(
    tmp_path, monkeypatch
):
    old = {
        "recipe": 0,
        "title": "price",
        "inputs": {"facts": {"kind": "table", "columns": ["area"]}},
        "branches": {"all": {"input": "facts"}},
        "head": {"task": "regression"},
    }
    monkeypatch.setitem(UPGRADES, 0, of_format_0)
    (tmp_path / "old.json").write_text(json.dumps(old))

    recipe = load_recipe(tmp_path / "old.json")

    assert (recipe.name, recipe.inputs["facts"].kind, recipe.head.output.task) == (
        "price",
        "tabular",
        "regression",
    )
    assert json.loads(to_json(recipe))["recipe"] == FORMAT
    assert from_json(to_json(recipe)) == recipe
    (tmp_path / "old.json").write_text(json.dumps(old | {"branches": {"all": {"input": "fact"}}}))
    with pytest.raises(
        RecipeError, match=r"/branches/all/input   There is no input 'fact'. Did you mean 'facts'\?"
    ):
        load_recipe(tmp_path / "old.json")


def of_format_0(old):
    """Format 0, which never was: a title, tables of another name, and a head that is its output."""
    tables = {"table": "tabular"}
    inputs = {
        name: {**each, "kind": tables.get(each["kind"], each["kind"])} for name, each in old["inputs"].items()
    }
    kept = {key: value for key, value in old.items() if key != "title"}
    return {**kept, "recipe": 1, "name": old["title"], "inputs": inputs, "head": {"output": old["head"]}}
