from functools import partial

import pytest

from fusion import checking
from fusion.errors import StudyError
from fusion.probe.picking import STANDS, head_only, picked_recipe, picked_study
from fusion.probe.tapping import TapPoint
from fusion.recipe.reading import from_data
from fusion.recipe.selectors import parse_selector
from fusion.recipe.short import fuse
from fusion.recipe.writing import to_data
from fusion.skeleton.layers import Layer, Skeleton
from fusion.study.declaration import Study

FIRST, SECOND = (TapPoint("tinyvgg", f"block{number}_pool", 0.5, 0, 0) for number in (1, 2))
OTHER = TapPoint("tinyresnet", "conv1", 0.1, 0, 0)
FLAT = TapPoint("tinyvgg", "vector", 1.0, 0, 0, flat=True)
LATE = {"op": "late", "from": ["tinyresnet_view", "tinyvgg_view"]}


class Tables:
    """A catalogue of one net under every name, written here so that no Keras is needed."""

    def skeleton(self, backbone, shape):
        names = ("conv1", "block1_pool", "block2_pool", "block3_conv1", "block3_pool")
        before = ("input", *names)
        rows = [
            Layer(name, "Conv2D", (parent,), (8, 8, 4), 40)
            for name, parent in zip(names, before, strict=False)
        ]
        vector = Layer("vector", "GlobalAveragePooling2D", (names[-1],), (4,))
        rows = (Layer("input", "InputLayer", (), shape), *rows, vector)
        return Skeleton(backbone.arch, shape, rows, "vector", "3.15.1")

    def preprocess(self, backbone):
        return "none"

    def needs_preparation(self, backbone, image, shape):
        return False


check = partial(checking.check, catalogue=Tables())


@pytest.fixture
def two():
    made = fuse(
        "TinyVGG[block3_pool]", "TinyResNet[conv1]", output=["cat", "dog"], weights=None, shape=(32, 32, 3)
    )
    inner = {"name": "inner", "train": ["head", "tinyvgg[block3_conv1..]"], "epochs": 2}
    first = {"name": "head first", "train": ["head", "fusion"], "epochs": 5}
    gated = {"op": "gated", "from": ["tinyvgg_view", "tinyresnet_view"], "units": 4}
    return made.replace("/training/phases", [first, inner]).replace("/fusion", gated)


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

    made = head_only(two.replaced(training=inner), two.branches, name="head only")

    assert [phase.train for phase in made.training.phases] == [("head",)]
    assert parse_selector(inner.phases[0].train[1]).kind == "backbone"


def test_what_trains_no_head_or_reads_the_map_of_another_branch_is_refused(two):
    with pytest.raises(StudyError, match="trains no head"):
        picked_recipe(two.replaced(training=None), [FIRST], name="picked")
    back = two.branches["tinyresnet_view"].replaced(
        input=None, of="tinyvgg_view", enter="stage:1", cut="last"
    )
    stitched = two.replaced(branches={**two.branches, "tinyresnet_view": back})
    with pytest.raises(StudyError, match="reads another's map"):
        picked_recipe(stitched, [FIRST], name="picked")


def test_ops_that_join_ops_are_kept_as_far_as_they_join_several(two):
    ops = {
        "first": {"op": "gated", "from": ["tinyvgg_view", "tinyresnet_view"], "units": 4},
        "second": {"op": "concat", "from": ["first", "tinyvgg_view"]},
    }
    nested = two.replaced(fusion=ops)

    one, both = (picked_recipe(nested, taps, name="picked") for taps in ([FIRST], [FIRST, OTHER]))

    assert one.fusion is None
    assert list(both.fusion) == ["first", "second"]
    assert check(one) == check(both) == ()


def test_the_study_compares_the_picks_with_the_best_tap(two):
    study = Study(name="taps", recipe=two, seeds=4, alpha=0.1)

    made = picked_study(study, two, {"best-tap": [FIRST], "best-two": [FIRST, OTHER]})

    assert made.recipe.branches["tinyvgg_view"].cut == "block1_pool"
    assert list(made.arms) == ["best-two", STANDS]
    assert made.arms[STANDS].recipe.branches["tinyvgg_view"].cut == "block3_pool"
    assert (made.seeds, made.alpha, made.reference) == (4, 0.1, "base")


def changed(recipe, phases, **fields):
    """A recipe with some of its JSON exchanged at once, and what trains in its phases."""
    data = to_data(recipe) | fields
    written = [{"name": f"phase {place}", "train": parts, "epochs": 1} for place, parts in enumerate(phases)]
    return from_data(data | {"training": {"phases": written}})


def test_the_head_takes_the_place_of_late_fusion_where_one_branch_is_left(two):
    slow = {"part": "fusion", "learning_rate": 1e-4}
    recipe = changed(two, [["fusion"], [slow, "tinyvgg[block3_conv1..]"]], fusion=LATE)
    inner = changed(two, [[slow, "tinyvgg[block3_conv1..]"]], fusion=LATE)

    made = picked_recipe(recipe, [FIRST], name="picked")
    (part,) = picked_recipe(inner, [FIRST], name="picked").training.phases[0].train

    assert [phase.train for phase in made.training.phases] == [("head",)]
    assert check(made) == ()
    assert (part.part, part.learning_rate) == ("head", 1e-4)


def test_the_head_stands_once_and_no_output_stays_at_random(two):
    views = {name: {"input": "photo", "backbone": name} for name in ("tinyvgg", "tinyresnet")}
    views = {f"{name}_view": view for name, view in views.items()}
    views["tinyvgg_view"]["blocks"] = ["embed"]
    head = to_data(two.head) | {"auxiliary": {"tinyvgg_view": 0.3}}
    fields = {"fusion": LATE, "branches": views, "blocks": {"embed": [{"dense": 4}]}, "head": head}
    recipe = changed(two, [["head", "fusion", "fusion:fusion", "block:embed"]], **fields)

    made = picked_recipe(recipe, [FIRST], name="picked")

    assert made.training.phases[0].train == ("head", "block:embed")
    assert check(made) == ()
    with pytest.raises(StudyError, match=r'trains no head.*"fusion"'):
        picked_recipe(changed(two, [["block:embed"]], **fields), [FIRST], name="picked")


def test_late_fusion_that_stays_trains_without_a_head_and_is_weighed_anew(two):
    inputs = to_data(two)["inputs"] | {"facts": {"kind": "tabular", "columns": ["area"]}}
    branches = to_data(two)["branches"] | {"facts_view": {"input": "facts"}}
    weighed = {
        "op": "late",
        "from": ["tinyresnet_view", "facts_view", "tinyvgg_view"],
        "weights": [0.2, 0.2, 0.6],
    }
    head = to_data(two.head) | {"auxiliary": {"tinyresnet_view": 0.3}}
    phases = [["head", "fusion"], ["head", "tinyvgg[block3_conv1..]"]]
    recipe = changed(two, phases, inputs=inputs, branches=branches, fusion=weighed, head=head)

    study = picked_study(Study(name="taps", recipe=recipe), recipe, {"best-tap": [FIRST]})

    own = study.arms[STANDS].recipe
    assert check(study.recipe) == check(own) == ()
    assert study.recipe.fusion.of == ("facts_view", "tinyvgg_view")
    assert study.recipe.fusion.weights == pytest.approx((0.25, 0.75))
    assert [phase.train for phase in study.recipe.training.phases] == [("fusion",)]
    assert [phase.train for phase in own.training.phases] == [("head", "fusion")]


def test_all_that_is_said_of_what_was_left_out_goes_with_it_and_the_rest_checks(two):
    data = to_data(two)
    photo = data["inputs"]["photo"] | {"optional": {"missing": "zeros", "dropout": 0.1}}
    views = data["branches"]
    phase = {"name": "all", "train": ["head", "tinyvgg"], "epochs": 1, "monitor": "val_loss.tinyresnet_view"}
    recipe = from_data(
        data
        | {
            "inputs": {"photo": photo, "other": data["inputs"]["photo"]},
            "branches": {
                "tinyvgg_view": views["tinyvgg_view"] | {"features": 16},
                "tinyresnet_view": views["tinyresnet_view"] | {"input": "other", "cut": "conv1"},
            },
            "head": data["head"] | {"auxiliary": {"tinyvgg_view": 0.3, "tinyresnet_view": 0.3}},
            "training": {"augment": {"other": [{"flip": "horizontal"}]}, "views": 2, "phases": [phase]},
        }
    )

    made = picked_recipe(recipe, [FLAT], name="picked")

    assert check(recipe) == check(made) == ()
    assert (list(made.inputs), made.inputs["photo"].optional) == (["photo"], None)
    assert (made.training.augment, made.training.views, made.head.auxiliary) == ({}, None, {})
    assert made.training.phases[0].monitor == "val_loss"
    assert (made.branches["tinyvgg_view"].pool, made.branches["tinyvgg_view"].features) == ("none", None)


def test_maps_are_pooled_by_their_mean_where_a_vector_is_wanted(two):
    head = [["head"]]
    branches = to_data(two)["branches"]
    whole = {name: branch | {"pool": "none"} for name, branch in branches.items()}
    asks = {"op": "cross_attention", "from": ["tinyvgg_view", "tinyresnet_view"]}
    flat = changed(two, head, branches=branches | {"tinyvgg_view": whole["tinyvgg_view"] | {"cut": "vector"}})
    maps = changed(two, head, branches=whole, fusion=asks)
    picks = {"flat": (flat, [FIRST]), "alone": (maps, [FIRST]), "maps": (maps, [FIRST, OTHER])}

    made = {name: picked_recipe(recipe, taps, name=name) for name, (recipe, taps) in picks.items()}

    assert [each.branches["tinyvgg_view"].pool for each in made.values()] == ["avg", "avg", "none"]
    assert [problem for each in made.values() for problem in check(each)] == []


def test_vectors_and_maps_of_one_backbone_are_refused_together(two):
    with pytest.raises(StudyError, match=r"cannot be cut at block1_pool, vector: vector gives a vector"):
        picked_recipe(two, [FIRST, FLAT], name="picked")
