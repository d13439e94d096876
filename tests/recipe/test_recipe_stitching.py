"""Branches that read the map of another: what a recipe alone tells of them."""

import copy

import pytest

from fusion.errors import RecipeError
from fusion.recipe.branches import Branch
from fusion.recipe.reading import examine, from_data, from_json
from fusion.recipe.stitching import ends, in_turn
from fusion.recipe.writing import to_json

STITCHED = {
    "recipe": 1,
    "name": "stitched",
    "inputs": {"photo": {"kind": "image", "shape": [32, 32, 3]}},
    "backbones": {"eye": {"arch": "A", "weights": None}, "mind": {"arch": "B", "weights": None}},
    "branches": {
        "back": {"from": "front", "backbone": "mind", "enter": "b", "cut": "c"},
        "front": {"input": "photo", "backbone": "eye", "cut": "a", "pool": "none"},
    },
    "head": {"output": {"task": "binary"}},
    "training": {"phases": [{"name": "one", "train": ["head", "stitch:mind"], "epochs": 1}]},
}


@pytest.fixture
def stitched():
    return copy.deepcopy(STITCHED)


def found(data):
    return {problem.place: problem.text for problem in examine(data).problems}


def test_what_only_a_stitch_reads_need_not_be_joined(stitched):
    recipe = from_data(stitched)

    assert ends(recipe) == ("back",)
    assert in_turn(recipe.branches) == ("front", "back")


def test_a_stitched_recipe_is_written_as_it_was_read(stitched):
    written = to_json(from_data(stitched))

    assert '"from": "front"' in written
    assert from_json(written) == from_data(stitched)


def test_in_python_a_branch_is_of_another():
    assert Branch(of="front", backbone="mind", enter="b") == Branch(
        **{"from": "front"}, backbone="mind", enter="b"
    )


@pytest.mark.parametrize(
    ("branch", "place", "text"),
    [
        ({"input": "photo"}, "input", "\"from\" names 'front' already"),
        ({"input": "photo", "from": None}, "from", 'What is entered, "enter", reads the map of a branch.'),
        ({"from": None}, "from", "Missing key 'from'."),
        ({"from": None, "enter": None}, "input", "Missing key 'input'."),
        ({"enter": None}, "enter", "Missing key 'enter'."),
        ({"backbone": None}, "backbone", "Missing key 'backbone'."),
        ({"from": 3}, "from", "Expected a text, got 3."),
        ({"from": "frnt"}, "from", "There is no branch 'frnt'. Did you mean 'front'? Declared: back, front."),
        ({"from": "photo"}, "from", '\'photo\' is an input. Write "input", without "enter".'),
        ({"from": "back"}, "from", "Branches read each other in a circle: back -> back."),
    ],
)
def test_what_is_wrong_with_a_stitched_branch_is_told_once_and_there(stitched, branch, place, text):
    back = stitched["branches"]["back"] | branch
    stitched["branches"]["back"] = {key: value for key, value in back.items() if value is not None}

    problems = found(stitched)

    assert list(problems) == [f"/branches/back/{place}"]
    assert text in problems[f"/branches/back/{place}"]


def test_an_input_that_names_a_branch_is_told_what_to_write(stitched):
    stitched["branches"]["back"] = {"input": "front", "backbone": "mind"}
    stitched["fusion"] = {"op": "concat", "from": ["front", "back"]}
    stitched["training"]["phases"][0]["train"] = ["head"]

    assert found(stitched) == {
        "/branches/back/input": '\'front\' is a branch. Write "from", and "enter" for where its map goes.'
    }


def test_a_circle_is_told_at_each_of_its_branches(stitched):
    stitched["branches"]["front"] = {"from": "back", "backbone": "eye", "enter": "a", "cut": "a"}
    stitched["branches"]["end"] = {"from": "back", "backbone": "eye", "enter": "a"}

    problems = found(stitched)

    assert problems["/branches/back/from"] == "Branches read each other in a circle: back -> front -> back."
    assert problems["/branches/front/from"] == "Branches read each other in a circle: front -> back -> front."
    assert "/branches/end/from" not in problems


def test_of_several_cuts_none_is_chosen(stitched):
    stitched["branches"]["front"]["cut"] = ["a", "b"]

    assert found(stitched)["/branches/back/from"].startswith(
        "Branch 'front' is cut at 2 layers, and a stitch reads one map."
    )


def test_a_vector_cannot_be_stitched(stitched):
    stitched["inputs"]["facts"] = {"kind": "tabular", "columns": ["a"]}
    stitched["branches"]["front"] = {"input": "facts"}
    del stitched["inputs"]["photo"], stitched["backbones"]["eye"]

    assert found(stitched) == {
        "/branches/back/from": "Branch 'front' has no backbone and so no map; a stitch reads the map of one."
    }


@pytest.mark.parametrize(
    ("key", "value"), [("pool", "max"), ("features", 8), ("normalise", "l2"), ("blocks", ["top"])]
)
def test_what_is_done_to_a_map_that_only_a_stitch_reads_is_refused(stitched, key, value):
    stitched["branches"]["front"] |= {"pool": "avg", key: value}
    stitched["blocks"] = {"top": [{"dense": 2}]}

    problems = found(stitched)

    assert problems[f"/branches/front/{key}"].startswith("Only a stitch reads branch 'front', and it reads")


def test_a_branch_that_is_joined_too_is_pooled_as_it_says(stitched):
    stitched["branches"]["front"]["pool"] = "max"
    stitched["fusion"] = {"op": "concat", "from": ["front", "back"]}

    assert found(stitched) == {}
    assert ends(from_data(stitched)) == ("back", "front")


def test_two_ends_must_be_joined_and_no_end_left_out(stitched):
    stitched["branches"]["other"] = {"input": "photo", "backbone": "eye"}
    two = found(stitched)
    stitched["fusion"] = {"op": "concat", "from": ["front", "other"]}

    assert two == {"/fusion": "There are 2 branches; say how they are joined."}
    assert list(found(stitched)) == ["/branches/back"]


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ("stitch:mnd", "No stitch leads into 'mnd'. Did you mean 'mind'? Backbones entered: mind."),
        ("stitch:eye", "No stitch leads into 'eye'. Backbones entered: mind."),
        ("stitch:back", "'back' is a branch; its stitch leads into 'mind': write 'stitch:mind'."),
        (
            "back",
            "'back' is a branch, and backbones and blocks train; its backbone is 'mind', its stitch 'stitch:mind'.",
        ),
    ],
)
def test_a_stitch_is_selected_by_the_backbone_it_leads_into(stitched, selector, text):
    stitched["training"]["phases"][0]["train"][1] = selector

    assert found(stitched) == {"/training/phases/0/train/1": text}


def test_python_is_told_as_files_are():
    with pytest.raises(RecipeError, match=r"/enter   Missing key 'enter'\."):
        Branch(of="front", backbone="mind")
