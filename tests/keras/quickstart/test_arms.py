import pytest

from fusion.quickstart.arms import arms, from_scratch, head_only
from fusion.quickstart.comparison import recipe_file
from fusion.recipe.reading import load_recipe
from fusion.recipe.recipe import Recipe
from fusion.recipe.references import references
from fusion.recipe.writing import to_data


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe(recipe_file())


def test_the_arms_are_sound_recipes(recipe):
    found = arms(recipe)

    assert list(found) == [
        "fused",
        "plain alone",
        "residual alone",
        "fused, last layers only",
        "fused, from scratch",
    ]
    assert all(references(arm, to_data(arm)) == [] for arm in found.values())


def test_a_backbone_alone_keeps_its_branch_and_its_selectors(recipe):
    alone = arms(recipe)["plain alone"]

    assert list(alone.branches) == ["strokes"]
    assert alone.fusion is None
    assert [phase.train for phase in alone.training.phases] == [("head",), ("head", "plain[block3_conv1..]")]


def test_every_arm_trains_for_as_many_epochs(recipe):
    total = {sum(phase.epochs for phase in arm.training.phases) for arm in arms(recipe).values()}

    assert len(total) == 1


def test_the_head_alone_trains_on_the_same_cuts(recipe):
    frozen = head_only(recipe)

    assert frozen.branches == recipe.branches
    assert [phase.train for phase in frozen.training.phases] == [("head",)]


def test_from_scratch_transfers_nothing_and_trains_everything(recipe):
    scratch = from_scratch(recipe)

    assert [backbone.weights for backbone in scratch.backbones.values()] == [None, None]
    assert [phase.train for phase in scratch.training.phases] == [("head", "plain", "residual")]
    assert scratch.training.phases[0].batchnorm == "train"
