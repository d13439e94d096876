import pytest

from fusion.errors import StudyError
from fusion.recipe.selectors import parse_selector
from fusion.recipe.short import fuse
from fusion.study.declaration import Study
from fusion.study.picking import STANDS, head_only, picked_recipe, picked_study
from fusion.study.tapping import TapPoint

FIRST, SECOND = (TapPoint("tinyvgg", f"block{number}_pool", 0.5, 0, 0) for number in (1, 2))
OTHER = TapPoint("tinyresnet", "conv1", 0.1, 0, 0)


@pytest.fixture
def two():
    made = fuse("TinyVGG[block3_pool]", "TinyResNet", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    inner = {"name": "inner", "train": ["head", "tinyvgg[block3_conv1..]"], "epochs": 2}
    first = {"name": "head first", "train": ["head", "fusion"], "epochs": 5}
    return made.replace("/training/phases", [first, inner])


def test_a_backbone_without_a_picked_tap_is_left_out(two):
    made = picked_recipe(two, [FIRST, SECOND], name="picked")

    assert list(made.backbones) == ["tinyvgg"]
    assert made.branches["tinyvgg_view"].cut == ("block1_pool", "block2_pool")
    assert made.fusion is None
    assert [phase.train for phase in made.training.phases] == [("head",)]


def test_taps_of_both_backbones_keep_the_fusion_and_its_training(two):
    made = picked_recipe(two, [FIRST, OTHER], name="picked")

    assert made.fusion.of == ("tinyvgg_view", "tinyresnet_view")
    assert [phase.train for phase in made.training.phases] == [("head", "fusion")]


def test_where_every_phase_trains_a_backbone_they_train_the_head_alone(two):
    inner = two.training.replaced(phases=two.training.phases[1:])

    training = head_only(two.replaced(training=inner), (), fused=True)

    assert [phase.train for phase in training.phases] == [("head",)]
    assert parse_selector(inner.phases[0].train[1]).kind == "backbone"


def test_what_trains_no_head_or_joins_by_several_ops_is_refused(two):
    with pytest.raises(StudyError, match="trains no head"):
        picked_recipe(two.replaced(training=None), [FIRST], name="picked")
    ops = {
        "first": {"op": "concat", "from": ["tinyvgg_view", "tinyresnet_view"]},
        "second": {"op": "concat", "from": ["first", "tinyvgg_view"]},
    }
    with pytest.raises(StudyError, match="joins its branches by several ops"):
        picked_recipe(two.replaced(fusion=ops), [FIRST], name="picked")


def test_the_study_compares_the_picks_with_the_best_tap(two):
    study = Study(name="taps", recipe=two, seeds=4, alpha=0.1)

    made = picked_study(study, two, {"best-tap": [FIRST], "best-two": [FIRST, OTHER]})

    assert made.recipe.branches["tinyvgg_view"].cut == "block1_pool"
    assert list(made.arms) == ["best-two", STANDS]
    assert made.arms[STANDS].recipe.branches["tinyvgg_view"].cut == "block3_pool"
    assert (made.seeds, made.alpha, made.reference) == (4, 0.1, "base")
