import json

import pytest

from fusion.errors import RecipeError
from fusion.recipe.writing import to_data, to_json
from fusion.study.drafts import open_variants
from fusion.study.variants import all_variants


@pytest.fixture
def problems(recipe, tmp_path):
    """Writes a study's file beside its recipe, and gives what is wrong with both."""
    (tmp_path / "r.json").write_text(to_json(recipe))

    def told(**fields):
        data = {"study": 1, "name": "n", "recipe": "r.json", **fields}
        (tmp_path / "s.json").write_text(json.dumps(data))
        with pytest.raises(RecipeError) as caught:
            open_variants(tmp_path / "s.json")
        assert str(caught.value).startswith(("study 'n': ", f"{tmp_path / 's.json'}: "))
        return {problem.place: problem.text for problem in caught.value.problems}

    return told


def test_a_study_and_its_file_have_the_same_arms(study, tmp_path):
    (tmp_path / "s.json").write_text(to_json(study))

    for source in (study, tmp_path / "s.json"):
        declared, found = open_variants(source)
        assert declared == study
        assert {name: each.recipe for name, each in found.arms.items()} == {
            name: each.recipe for name, each in all_variants(study).arms.items()
        }
        assert found.repeated == {"0/dense=8": "base"}


def test_what_is_wrong_with_a_file_and_with_its_arms_is_told_at_once(problems):
    found = problems(
        alpha=2,
        metric="acuracy",
        taps={"eye": ["natural"]},
        reference="bas",
        racing={"rungs": [10]},
        arms={"gone": {"recipe": "gone.json"}, "wide": {"change": {"/blocks/mpl": []}}},
    )

    assert list(found) == [
        "/alpha",
        "/arms/gone",
        "/arms/wide",
        "/metric",
        "/taps/eye",
        "/racing/rungs",
        "/reference",
    ]
    assert "No rung is below the 10 seeds" in found["/racing/rungs"]
    assert "Did you mean 'base'?" in found["/reference"]


@pytest.mark.parametrize(
    "fields",
    [
        {"seeds": 0, "racing": {"rungs": [10]}},
        {"seed": 12, "racing": {"rungs": [10]}},
        {"arms": {"one": {"chnage": {}}}, "reference": "one"},
        {"arm": {"one": {}}, "reference": "one"},
        {"axes": {"training/batch_size": [8]}, "reference": "training/batch_size=8"},
        {"cuts": {"backbone": "eye", "at": []}, "reference": "frozen@last"},
    ],
)
def test_nothing_is_told_that_follows_from_what_is_wrong_with_the_file(problems, fields):
    assert not {"/reference", "/racing/rungs"} & problems(**fields).keys()


def test_what_is_no_study_or_has_no_recipe_is_told_alone(problems, recipe):
    broken = to_data(recipe)
    del broken["head"]

    assert list(problems(study=2, alpha=2)) == ["/study"]
    assert list(problems(recipe=broken, metric="acuracy")) == ["/recipe/head"]
