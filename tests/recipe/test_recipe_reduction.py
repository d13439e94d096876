import pytest

from fusion.errors import RecipeError
from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.reduction import only, trains_what_predicts
from fusion.recipe.references import references
from fusion.recipe.writing import to_data, to_json

NESTED = {"pair": {"op": "gated", "from": ["a", "b"]}, "whole": {"op": "concat", "from": ["pair", "facts"]}}


def recipe(fusion, phases=(["head", "fusion"],), **changes) -> Recipe:
    """Two backbones on a photograph and a table."""
    data = {
        "recipe": 1,
        "name": "three",
        "inputs": {
            "photo": {"kind": "image", "shape": [32, 32, 3]},
            "facts": {"kind": "tabular", "columns": ["area"], "optional": {"missing": "zeros"}},
        },
        "backbones": {
            "eye": {"arch": "VGG16", "weights": None},
            "net": {"arch": "ResNet50", "weights": None},
        },
        "branches": {
            "a": {"input": "photo", "backbone": "eye"},
            "b": {"input": "photo", "backbone": "net", "blocks": ["embed"]},
            "facts": {"input": "facts"},
        },
        "fusion": fusion,
        "blocks": {"embed": [{"dense": 8}]},
        "head": {"output": {"task": "binary"}},
        "training": {
            "phases": [{"name": f"{n}", "train": train, "epochs": 1} for n, train in enumerate(phases)]
        },
    }
    return from_data(data | changes)


def trained(made):
    return [phase.train for phase in made.training.phases]


def test_what_only_others_used_goes_with_them():
    whole = recipe(
        NESTED, phases=(["head", "fusion", "block:embed"], ["net[conv5_block1_1_conv..]"], ["eye", "head"])
    )

    made = only(whole, ["a"])

    assert (list(made.inputs), list(made.backbones), list(made.branches)) == (["photo"], ["eye"], ["a"])
    assert (made.fusion, dict(made.blocks), made.name) == (None, {}, "three, a")
    assert trained(made) == [("head",), ("eye", "head")]
    assert references(made, to_data(made)) == []


def test_an_op_with_one_branch_left_is_that_branch_and_keeps_its_place():
    made = only(recipe(NESTED), ["facts", "b"])

    assert {name: op.of for name, op in made.nodes.items()} == {"whole": ("b", "facts")}
    assert list(made.branches) == ["b", "facts"]
    assert made.inputs["facts"].optional is not None


def test_a_fusion_that_is_left_without_weights_is_trained_no_more():
    whole = recipe(NESTED, phases=(["head", "fusion", "fusion:pair"],))

    assert trained(only(whole, ["a", "facts"])) == [("head",)]
    assert trained(only(whole, ["a", "b"])) == [("head", "fusion", "fusion:pair")]


def test_what_begins_anew_is_what_is_left():
    whole = recipe(NESTED)
    whole = whole.replace("/training/phases/0/reset", ["head", "eye[block5_conv1..]", "net", "fusion:pair"])
    facts = {"op": "late", "from": ["a", "b", "facts"]}
    late = recipe(facts, phases=(["fusion"],)).replace("/training/phases/0/reset", ["fusion"])

    assert only(whole, ["a"]).training.phases[0].reset == ("head", "eye[block5_conv1..]")
    assert only(late, ["a"]).training.phases[0].reset == ("head",)


def test_a_branch_that_several_ops_read_is_joined_with_itself_by_none():
    whole = recipe({**NESTED, "whole": {"op": "concat", "from": ["pair", "a", "facts"]}})

    assert only(whole, ["a"]).fusion is None
    assert only(whole, ["a", "facts"]).nodes["whole"].of == ("a", "facts")


def test_an_input_that_is_left_alone_is_not_optional():
    made = only(recipe(NESTED), ["facts"])

    assert made.inputs["facts"].optional is None
    assert dict(made.backbones) == {}


def test_shares_of_late_fusion_add_up_again_and_the_head_takes_its_place_where_one_is_left():
    late = {"op": "late", "from": ["a", "b", "facts"], "weights": [0.2, 0.2, 0.6]}
    whole = recipe(late, phases=(["fusion"],))

    assert only(whole, ["b", "facts"]).fusion.weights == pytest.approx((0.25, 0.75))
    assert trained(only(whole, ["b", "facts"])) == [("fusion",)]
    assert trained(only(whole, ["b"])) == [("head",)]


def test_where_late_fusion_of_an_op_is_left_with_that_op_both_are_trained():
    nodes = {"pair": NESTED["pair"], "vote": {"op": "late", "from": ["pair", "facts"]}}
    whole = recipe(nodes, phases=([{"part": "fusion", "learning_rate": 0.5}], ["fusion:vote"]))

    made = only(whole, ["a", "b"])

    assert [[part.part for part in phase.parts] for phase in made.training.phases] == [
        ["fusion", "head"],
        ["head"],
    ]
    assert {part.learning_rate for part in made.training.phases[0].parts} == {0.5}


def test_the_branch_whose_map_is_read_stays_and_so_does_the_stitch():
    branches = {
        "front": {"input": "photo", "backbone": "eye", "cut": "block2_pool"},
        "back": {"from": "front", "backbone": "net", "enter": "stage:2"},
        "facts": {"input": "facts"},
    }
    whole = recipe(
        {"op": "concat", "from": ["back", "facts"]},
        phases=(["head", "stitch:net", "net"],),
        branches=branches,
        blocks={},
    )

    made = only(whole, ["back"])

    assert list(made.branches) == ["front", "back"]
    assert trained(made) == [("head", "stitch:net", "net")]
    assert trained(only(whole, ["facts"])) == [("head",)]


def test_maps_that_a_vector_was_wanted_of_give_their_mean():
    looks = {"op": "cross_attention", "from": ["facts", "a"]}
    views = to_data(recipe(NESTED))["branches"] | {"a": {"input": "photo", "backbone": "eye", "pool": "none"}}
    views.pop("b")
    whole = recipe(looks, branches=views, blocks={}, backbones={"eye": {"arch": "VGG16", "weights": None}})

    assert only(whole, ["a"]).branches["a"].pool == "avg"
    assert only(whole, ["a", "facts"]).branches["a"].pool == "none"


def test_auxiliary_outputs_stay_beside_a_fusion_and_their_loss_is_monitored_no_more_without():
    head = {"output": {"task": "binary"}, "auxiliary": {"a": 0.3, "b": 0.3}}
    whole = recipe(NESTED, head=head)
    whole = whole.replace("/training/phases/0/monitor", "val_loss.a")

    assert dict(only(whole, ["a", "facts"]).head.auxiliary) == {"a": 0.3}
    assert only(whole, ["a", "facts"]).training.phases[0].monitor == "val_loss.a"
    assert (dict(only(whole, ["a"]).head.auxiliary), only(whole, ["a"]).training.phases[0].monitor) == (
        {},
        "val_loss",
    )


def test_all_branches_are_the_recipe_itself():
    whole = recipe(NESTED)

    assert only(whole, list(whole.branches), name="three") == whole


def test_what_cannot_be_reduced_is_refused_by_name():
    with pytest.raises(
        RecipeError, match=r"There is no branch 'fact'\. Did you mean 'facts'\? It has: a, b, facts\."
    ):
        only(recipe(NESTED), ["fact"])
    with pytest.raises(RecipeError, match="No branch is named to stay"):
        only(recipe(NESTED), [])
    untrained = recipe(NESTED, phases=(["net"],))
    assert not trains_what_predicts(untrained)
    with pytest.raises(RecipeError, match="No phase trains what predicts once only a is left"):
        only(untrained, ["a"])
    with pytest.raises(RecipeError, match="'other'"):
        only(untrained.replaced(fusion={"op": "concat", "from": ["a", "b", "other"]}), ["a"])


def test_a_recipe_is_reduced_by_its_path_too(tmp_path):
    (tmp_path / "r.json").write_text(to_json(recipe(NESTED)))

    assert (
        only(tmp_path / "r.json", ["a"])
        == only(str(tmp_path / "r.json"), ["a"])
        == only(recipe(NESTED), ["a"])
    )


def test_a_text_is_no_list_of_branches():
    with pytest.raises(RecipeError, match=r"a list of names, got 'facts'\. Write \['facts'\]") as caught:
        only(recipe(NESTED), "facts")
    assert len(caught.value.problems) == 1
