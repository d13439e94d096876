"""Small recipes that every test of built models starts from."""

import pytest

from fusion.recipe.recipe import Recipe


def tiny(arch: str = "TinyVGG", **options: object) -> dict[str, object]:
    return {"arch": arch, "weights": None, "options": {"width": 4, **options}}


IMAGE = {"kind": "image", "shape": (32, 32, 3)}


@pytest.fixture(scope="session")
def two_backbones() -> Recipe:
    return Recipe(
        name="two",
        inputs={"photo": IMAGE},
        backbones={"plain": tiny(), "residual": tiny("TinyResNet")},
        blocks={"top": [{"dense": 8, "activation": "relu"}, {"dropout": 0.5}]},
        branches={
            "texture": {
                "input": "photo",
                "backbone": "plain",
                "cut": ["block1_pool", "block2_pool"],
                "pool": "avg+max",
            },
            "shape": {
                "input": "photo",
                "resize": (24, 24),
                "backbone": "residual",
                "cut": "stage2_block1_out",
            },
        },
        fusion={"op": "concat", "of": ["texture", "shape"]},
        head={"blocks": ["top"], "output": {"task": "classification", "classes": 3}},
    )


@pytest.fixture(scope="session")
def siamese() -> Recipe:
    return Recipe(
        name="siamese",
        inputs={"left": IMAGE, "right": {"kind": "image", "shape": (24, 40, 3)}},
        backbones={"twin": tiny()},
        blocks={"embed": [{"dense": 8}, {"layer_norm": True}]},
        branches={
            "l": {"input": "left", "backbone": "twin", "cut": "block2_pool", "blocks": ["embed"]},
            "r": {"input": "right", "backbone": "twin", "cut": "block2_pool", "blocks": ["embed"]},
        },
        fusion={"op": "multiply", "of": ["l", "r"]},
        head={"output": {"task": "binary"}},
    )


@pytest.fixture(scope="session")
def photo_and_table() -> Recipe:
    return Recipe(
        name="photo and table",
        inputs={"photo": IMAGE, "facts": {"kind": "tabular", "columns": ["rooms", "area"]}},
        backbones={"left": tiny(), "right": tiny()},
        blocks={"mlp": [{"dense": 16, "activation": "gelu"}, {"batch_norm": True}]},
        branches={
            "a": {"input": "photo", "backbone": "left", "pool": "flatten"},
            "b": {"input": "photo", "backbone": "right", "pool": "max"},
            "c": {"input": "facts", "blocks": ["mlp"]},
        },
        fusion={
            "photos": {"op": "maximum", "of": ["b", "c"]},
            "all": {"op": "concat", "of": ["a", "photos"]},
        },
        head={"output": {"task": "regression", "units": 2}},
    )


@pytest.fixture(scope="session")
def stitched() -> Recipe:
    return Recipe(
        name="stitched",
        inputs={"photo": IMAGE},
        backbones={"plain": tiny(), "residual": tiny("TinyResNet"), "third": tiny()},
        branches={
            "front": {"input": "photo", "backbone": "plain", "cut": "block2_pool"},
            "middle": {
                "of": "front",
                "backbone": "residual",
                "enter": "stage1_block1_out",
                "cut": "stage3_block1_out",
            },
            "back": {
                "of": "middle",
                "backbone": "third",
                "enter": "block2_conv1",
                "cut": ["block2_relu2", "last"],
            },
        },
        fusion={"op": "concat", "of": ["front", "back"]},
        head={"output": {"task": "classification", "classes": 3}},
    )


@pytest.fixture(scope="session", params=["two_backbones", "siamese", "photo_and_table", "stitched"])
def any_recipe(request: pytest.FixtureRequest) -> Recipe:
    return request.getfixturevalue(request.param)
