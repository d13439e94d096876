"""Files and values checked as a whole, with tables of backbones made by hand."""

import json
from functools import partial

import pytest

from fusion import checking
from fusion.errors import InputSizeError, Problem, RecipeError, listing
from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.reduction import only
from fusion.skeleton.layers import Layer, Skeleton
from fusion.unfreezing import unfreeze

WIDTHS = (64, 128, 256, 512, 512)


class Tables:
    """VGG16 and InceptionV3, as far as these tests read of them."""

    def skeleton(self, backbone, shape):
        rows = [Layer("input_layer", "InputLayer", (), shape)]
        if backbone.arch == "VGG16":
            for number, width in enumerate(WIDTHS, start=1):
                size = (shape[0] // 2**number, shape[1] // 2**number)
                grid = (2 * size[0], 2 * size[1])
                rows.append(Layer(f"block{number}_conv1", "Conv2D", (rows[-1].name,), (*grid, width), 10))
                rows.append(Layer(f"block{number}_pool", "MaxPooling2D", (rows[-1].name,), (*size, width)))
        else:
            if min(shape[:2]) < 75:
                raise InputSizeError(f"InceptionV3 needs at least 75x75x3, got {'x'.join(map(str, shape))}.")
            for number in range(11):
                rows.append(Layer(f"conv2d_{number}", "Conv2D", (rows[-1].name,), (8, 8, 8), 10))
                rows.append(Layer(f"mixed{number}", "Concatenate", (rows[-1].name,), (8, 8, 8)))
        return Skeleton(backbone.arch, shape, tuple(rows), rows[-1].name, "3.15.1")

    def preprocess(self, backbone):
        return "none"

    def needs_preparation(self, backbone, image, shape):
        return True


check = partial(checking.check, catalogue=Tables())
resolve = partial(checking.resolve, catalogue=Tables())


@pytest.fixture
def data():
    return {
        "recipe": 1,
        "name": "texture_and_shape",
        "inputs": {"photo": {"kind": "image", "shape": [299, 299, 3]}},
        "backbones": {
            "vgg": {"arch": "VGG16", "weights": "imagenet"},
            "inc": {"arch": "InceptionV3", "weights": "imagenet"},
        },
        "branches": {
            "texture": {"input": "photo", "resize": [224, 224], "backbone": "vgg", "cut": "block4_pool"},
            "shape": {"input": "photo", "backbone": "inc", "cut": "mixed7", "pool": "avg"},
        },
        "fusion": {"op": "concat", "from": ["texture", "shape"]},
        "blocks": {"top": [{"dense": 256, "activation": "relu"}, {"dropout": 0.3}]},
        "head": {"blocks": ["top"], "output": {"task": "classification", "classes": 5}},
        "training": {
            "phases": [
                {"name": "head first", "train": ["head"], "epochs": 5},
                {
                    "name": "fine-tune",
                    "train": ["head", "vgg[block4_conv1..]", "inc[mixed6..]"],
                    "epochs": 10,
                },
            ]
        },
    }


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes a recipe to two.json in the folder the test runs in."""
    monkeypatch.chdir(tmp_path)

    def write(data):
        text = data if isinstance(data, str) else json.dumps(data)
        (tmp_path / "two.json").write_text(text)
        return "two.json"

    return write


def test_a_sound_recipe_is_resolved_from_a_file_and_as_a_value(data, written):
    recipe = from_data(data)

    assert resolve(written(data)).recipe == resolve(recipe).recipe == recipe
    assert check(recipe) == check("two.json") == ()


def test_problems_of_every_level_stand_in_one_list_each_with_its_place(data, written):
    data["branches"]["texture"]["cut"] = "block4_pol"
    data["branches"]["shape"]["poool"] = data["branches"]["shape"].pop("pool")
    data["training"]["phases"][1]["train"][2] = "inc[mixed9..]"

    with pytest.raises(RecipeError, match=r"two\.json: 3 problems") as caught:
        resolve(written(data))

    assert str(caught.value) == (
        "two.json: 3 problems\n"
        "  /branches/texture/cut        'vgg' (VGG16) has no layer 'block4_pol'. Did you mean 'block4_pool' "
        "(14x14x512)?\n"
        "                               Stage ends: block1_pool, block2_pool, block3_pool, block4_pool, block5_pool. "
        "All: fusion layers VGG16\n"
        "  /branches/shape/poool        Unknown key 'poool'. Did you mean 'pool'?\n"
        "  /training/phases/1/train/2   'inc[mixed9..]' lies after the cut 'mixed7', so the model does not have it."
    )
    assert check("two.json") == caught.value.problems
    assert str(caught.value) == listing("two.json", check("two.json"))


def test_misspelt_names_and_layers_and_widths_are_told_together(data, written):
    data["backbones"]["inc"]["wieghts"] = data["backbones"]["inc"].pop("weights")
    data["branches"]["third"] = {"input": "photo", "backbone": "vgg", "cut": "block1_pol", "resize": [64, 64]}
    data["fusion"] = {"op": "add", "from": ["texture", "shape", "thrid"]}
    data["training"]["phases"][0]["train"] = ["haed", "vgg[block9_conv1..]"]

    assert [problem.place for problem in check(written(data))] == [
        "/backbones/inc/wieghts",
        "/branches/third/cut",
        "/fusion/from/2",
        "/training/phases/0/train/0",
        "/training/phases/0/train/1",
    ]


def test_a_recipe_in_python_is_checked_like_a_file(data, written):
    data["branches"]["texture"]["cut"] = "block4_pol"
    data["training"]["phases"][0]["train"] = ["haed"]
    recipe = Recipe(**data)

    assert check(recipe) == check(written(data))
    with pytest.raises(
        RecipeError,
        match=r"^texture_and_shape: 2 problems\n  /branches/texture/cut .*\n.*\n  /training/phases/0",
    ):
        resolve(recipe)


def test_what_serves_nothing_is_told_of_values_too(data):
    data["blocks"]["spare"] = [{"dense": 1}]

    assert check(Recipe(**data)) == (
        Problem("/blocks/spare", "'spare' is used by nothing; use it or take it out."),
    )


@pytest.mark.parametrize("use", [check, resolve, unfreeze, lambda given: only(given, ["all"])])
def test_what_is_no_recipe_is_refused_in_words_wherever_it_is_given(use):
    with pytest.raises(
        RecipeError, match=r"^A recipe is a fusion\.Recipe or the path of a file, got dict\. .*\*\*data"
    ):
        use({"recipe": 1})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"recipe": 2}', '{"recipe": 1}', '{"a": 1, "a": 2}', "NaN"])
def test_a_file_that_is_no_recipe_is_a_problem_of_the_file(written, text):
    name = written(text)

    assert check(name)
    with pytest.raises(RecipeError, match=r"^two\.json: \d problem"):
        resolve(name)


def test_a_file_that_is_not_there_is_a_problem_of_its_name(tmp_path):
    with pytest.raises(
        RecipeError, match=r"none\.json: 1 problem\n  \(whole file\)   The file cannot be read: No such"
    ):
        resolve(tmp_path / "none.json")


def test_an_image_too_small_for_its_backbone_is_told_where_its_size_stands(data, written):
    data["inputs"]["photo"]["shape"] = [64, 64, 3]

    assert check(written(data)) == (
        Problem("/inputs/photo/shape", "InceptionV3 needs at least 75x75x3, got 64x64x3."),
    )


def test_what_follows_from_a_mistyped_key_is_no_problem(data, written):
    data["backbones"]["inc"] = {"arch": "VGG16", "weights": None}
    data["branches"]["shape"] |= {"cut": "block4_pool", "pool": "max"}
    data["branches"]["texture"]["pool"] = "max"
    data["branches"]["shape"]["cutt"] = data["branches"]["shape"].pop("cut")
    data["branches"]["texture"]["cut"] = "block2_pool"
    data["fusion"]["op"] = "add"
    data["training"]["phases"][1]["train"] = ["head", "vgg[block1_conv1..]", "inc[block5_conv1..]"]

    assert [problem.place for problem in check(written(data))] == ["/branches/shape/cutt"]
