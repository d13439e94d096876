import pytest

from fusion.comparing import differences
from fusion.errors import RecipeError
from fusion.recipe.recipe import Recipe

ONE = Recipe(
    name="one",
    inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    backbones={"eye": {"arch": "TinyVGG", "weights": None}},
    branches={
        "near": {"input": "photo", "backbone": "eye", "cut": "block2_pool"},
        "far": {"input": "photo", "backbone": "eye", "cut": "block3_pool"},
    },
    fusion={"op": "concat", "from": ["near", "far"]},
    blocks={"top": [{"dense": 8, "activation": "relu"}, {"dropout": 0.3}]},
    head={"blocks": ["top"], "output": {"task": "binary"}},
    training={
        "phases": [
            {"name": "head", "train": ["head"], "epochs": 2},
            {"name": "deep", "train": ["head", "eye[block3_conv1..]"], "epochs": 2},
        ]
    },
)


def texts(before, after):
    return {each.place: each.text for each in differences(before, after)}


def test_a_recipe_differs_in_nothing_from_itself_under_another_name():
    assert differences(ONE, ONE.replaced(name="two", notes="as before")) == ()


def test_another_cut_says_what_it_does_to_the_branch_and_to_the_whole():
    found = texts(ONE, ONE.replace("/branches/near/cut", "block1_pool"))

    assert found == {
        "/branches/near/cut": "cut of branch 'near': block2_pool -> block1_pool: 32 -> 16 features, -14.1 k params",
        "": "in all: 73.5 k -> 73.4 k params (-128), 20.0 MFLOP a sample as before, "
        "phase 'head' trains 785 -> 657, phase 'deep' trains 56.1 k -> 56.0 k",
    }


def test_values_of_phases_blocks_and_ops_are_named_in_words():
    found = texts(
        ONE,
        ONE.replace("/training/phases/1/optimizer/learning_rate", 0.1)
        .replace("/blocks/top/1/dropout", 0.5)
        .replace("/fusion/from", ["far", "near"]),
    )

    assert found["/training/phases/1/optimizer/learning_rate"] == (
        "learning_rate of optimizer of phase 'deep': 0.001 -> 0.1"
    )
    assert found["/blocks/top/1/dropout"] == "dropout of step 2 of block 'top': 0.3 -> 0.5"
    assert found["/fusion/from"] == "from of fusion: near + far -> far + near"


def test_what_is_added_and_removed_is_named():
    lone = ONE.replaced(
        branches={"far": ONE.branches["far"]},
        fusion=None,
        training=ONE.training.replaced(phases=ONE.training.phases[:1]),
    )

    assert texts(ONE, lone)["/branches/near"] == "branch 'near' removed"
    assert texts(lone, ONE)["/branches/near"].startswith("branch 'near' added: input ")
    assert texts(lone, ONE)["/training/phases/1"].startswith("phase 'deep' added: name deep, ")


def test_values_with_keys_are_said_in_words_and_names_as_they_are():
    inputs = {
        "facts": {"kind": "tabular", "columns": ["area"]},
        "more": {"kind": "tabular", "columns": ["rooms"]},
    }
    phase = {"name": "a\\b", "train": ["head"], "epochs": 1}
    one = Recipe(
        name="one",
        inputs=inputs,
        branches={"left": {"input": "facts"}, "right": {"input": "more"}},
        fusion={"op": "concat", "from": ["left", "right"]},
        head={"output": {"task": "binary"}},
        training={"phases": [phase]},
    )
    two = one.replace("/fusion", {"one": {"op": "concat", "from": ["left", "right"]}})
    deep = one.replace("/training/phases/0/epochs", 2)

    found = texts(one, two)
    assert found["/fusion/one"] == "fusion 'one' added: op concat, from left + right"
    assert texts(one, deep)["/training/phases/0/epochs"] == "epochs of phase 'a\\b': 1 -> 2"
    assert not any(sign in text for text in found.values() for sign in '{}"')


def test_free_keys_are_no_difference():
    assert differences(ONE, ONE.replaced(extras={"x-note/one": 1})) == ()


def test_a_recipe_with_problems_is_refused():
    with pytest.raises(RecipeError, match="block9"):
        differences(ONE, ONE.replace("/branches/near/cut", "block9_pool"))
