import json

import pytest

from fusion.errors import RecipeError, StudyError
from fusion.recipe.writing import to_data, to_json
from fusion.study.declaration import Study, load_study, open_study


def found(tmp_path, data):
    (tmp_path / "s.json").write_text(data if isinstance(data, str) else json.dumps(data))
    with pytest.raises(RecipeError) as caught:
        load_study(tmp_path / "s.json")
    return {problem.place: problem.text for problem in caught.value.problems}


def test_a_study_is_read_as_it_was_written(study, tmp_path):
    whole = study.replaced(
        arms={"wide": {"change": {"/blocks/mlp/0/dense": 64}}, "other": {"recipe": "b.json"}},
        taps={"eye": ["natural", "block*_pool"]},
        data="pets",
        metric="auc",
        seeds=(3, 5),
        alpha=0.1,
        notes="Why.",
    )
    (tmp_path / "s.json").write_text(to_json(whole))

    assert load_study(tmp_path / "s.json") == whole
    assert to_json(load_study(tmp_path / "s.json")) == to_json(whole)


def test_python_and_json_mean_the_same(recipe, tmp_path):
    data = {"study": 1, "name": "n", "recipe": to_data(recipe), "axes": {"/training/batch_size": [8, 16]}}
    (tmp_path / "s.json").write_text(json.dumps(data))

    assert load_study(tmp_path / "s.json") == Study(
        name="n", recipe=recipe, axes={"/training/batch_size": (8, 16)}
    )


def test_all_problems_are_listed_with_their_places(tmp_path):
    data = {"study": 1, "name": "n", "recipe": "a.json", "seed": 3, "alpha": 2, "axes": {"branches": ["a"]}}

    problems = found(tmp_path, data)

    assert set(problems) == {"/seed", "/alpha", "/axes/branches"}
    assert "Did you mean 'seeds'?" in problems["/seed"]


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        (0, "Seeds are how many"),
        ([], "Seeds are how many"),
        ([1, -1], "Seeds are how many"),
        ("3", "Seeds are how many"),
        ([1, 2, 1], "1 stands more than once"),
    ],
)
def test_seeds_are_a_number_or_different_numbers(tmp_path, seeds, text):
    assert text in found(tmp_path, {"study": 1, "name": "n", "recipe": "a.json", "seeds": seeds})["/seeds"]


def test_a_problem_of_a_recipe_inside_has_its_place(tmp_path, recipe):
    data = to_data(recipe)
    data["heed"] = data.pop("head")

    problems = found(tmp_path, {"study": 1, "name": "n", "recipe": data})

    assert "Did you mean 'head'?" in problems["/recipe/heed"]


def test_no_arm_takes_the_name_of_the_recipe_as_it_stands(tmp_path):
    data = {"study": 1, "name": "n", "recipe": "a.json", "arms": {"base": {"change": {"/fusion/op": "add"}}}}

    assert "'base' is the arm that is the recipe as it stands" in found(tmp_path, data)["/arms"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ([], '"study": 1'),
        ({"recipe": 1}, '"study": 1'),
        ({"study": True}, '"study": 1'),
        ({"study": 2}, "version 2; this package reads up to 1"),
    ],
)
def test_what_is_no_study_of_this_format_is_refused(tmp_path, data, text):
    assert text in found(tmp_path, data)["/study"]


def test_places_begin_with_a_stroke(tmp_path):
    arms = {"other": {"change": {"fusion/op": "add"}}}
    data = {"study": 1, "name": "n", "recipe": "a.json", "axes": {"branches/a/cut": ["x"]}, "arms": arms}

    problems = found(tmp_path, data)

    assert problems["/axes/branches~1a~1cut"] == "A place begins with '/': write '/branches/a/cut'."
    assert problems["/arms/other/change/fusion~1op"] == "A place begins with '/': write '/fusion/op'."


@pytest.mark.parametrize(
    ("declared", "given", "text"),
    [
        (None, "halves/{seed}.npz", 'write it as the "data" of study'),
        ("halves/{seed}.npz", "photographs", r"needs \{seed\} too"),
    ],
)
def test_study_and_data_agree_on_whether_each_seed_has_its_own(study, declared, given, text):
    with pytest.raises(StudyError, match=text):
        open_study(study.replaced(data=declared), given, use="run")


def test_data_of_each_seed_may_lie_elsewhere(study):
    declared = study.replaced(data="halves/{seed}.npz")

    assert open_study(declared, "there/{seed}.npz", use="run")[2] == "there/{seed}.npz"
