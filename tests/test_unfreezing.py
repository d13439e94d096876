"""Gradual unfreezing is phases like any others: they check, and each trains one part more than the one before."""

from itertools import pairwise

import pytest

from fusion.errors import TrainingError
from fusion.graph.making import make_graph
from fusion.skeleton.layers import Layer, Skeleton
from fusion.unfreezing import unfreeze
from tests.topologies import RECIPES, SIAMESE, SIX, TABLE, TWO, Tables, phases, recipe


def graph_of(declared):
    return make_graph(declared, Tables())


def trainable(graph, owner):
    return {
        address
        for address, each in graph.weights.items()
        if address.startswith(f"{owner}/") and each.kind != "BatchNormalization"
    }


@pytest.mark.parametrize("by", ["stage", "block"])
@pytest.mark.parametrize(
    ("declared", "owners"), [(TWO, ["left"]), (TWO, ["right"]), (SIAMESE, ["eye"]), (SIX, ["b0", "b1"])]
)
def test_each_phase_trains_a_part_more_until_all_of_the_backbones_does(declared, owners, by):
    graph = graph_of(unfreeze(graph_of(declared), *owners, by=by))

    made = graph.phases[len(declared.training.phases) :]
    trained = [{each for each in plan.rates if each.partition("/")[0] in owners} for plan in made]
    assert all(before < after for before, after in pairwise(trained))
    assert trained[-1] == set().union(*(trainable(graph, owner) for owner in owners))
    assert len(made) > 1


@pytest.mark.parametrize("by", ["stage", "block"])
@pytest.mark.parametrize("name", [name for name, each in RECIPES.items() if each.training])
def test_the_phases_of_every_topology_are_sound(name, by):
    made = unfreeze(graph_of(RECIPES[name]), by=by)

    assert len(graph_of(made).phases) > len(RECIPES[name].training.phases)


def test_rates_fall_from_part_to_part_and_what_else_trained_trains_on():
    graph = graph_of(unfreeze(graph_of(TWO), "left", epochs=3, learning_rate=0.1, decay=0.5))

    last, declared = graph.phases[-1], graph.recipe.training.phases[-1]
    assert {last.rates[f"left/block{stage}_conv1"] for stage in (3,)} == {0.05}
    assert last.rates["left/block2_conv3"] == 0.025
    assert last.rates["left/block1_conv1"] == 0.0125
    assert last.rates["output"] == last.rates["right/block4_conv1"] == 0.1
    assert (declared.epochs, declared.optimizer.learning_rate) == (3, 0.1)
    assert [plan.name for plan in graph.phases[2:]] == ["left[block2_pool..]", "left[block1_pool..]", "left"]


def test_no_more_parts_are_unfrozen_than_asked_and_all_backbones_where_none_is_named():
    found = unfreeze(graph_of(TWO), groups=1)

    assert [phase.name for phase in found.training.phases] == [
        "step 0",
        "step 1",
        "left[block2_pool..] and right[block3_pool..]",
    ]


def test_unfrozen_twice_phases_have_names_of_their_own():
    once = unfreeze(graph_of(TWO), "left", groups=1)

    twice = unfreeze(graph_of(once), "left", groups=1)

    assert [phase.name for phase in twice.training.phases[2:]] == [
        "left[block2_pool..]",
        "left[block2_pool..] 2",
    ]


def test_what_cannot_be_unfrozen_is_refused():
    graph = graph_of(TWO)

    with pytest.raises(TrainingError, match=r"no backbone 'lefd'\. Did you mean 'left'"):
        unfreeze(graph, "lefd")
    with pytest.raises(TrainingError, match=r"by stage, block, got 'stages'\. Did you mean 'stage'"):
        unfreeze(graph, by="stages")
    with pytest.raises(TrainingError, match=r"above 0 and up to 1, got decay=1\.5"):
        unfreeze(graph, decay=1.5)
    with pytest.raises(TrainingError, match="has no training to go on from"):
        unfreeze(graph_of(TABLE))
    nothing = recipe(
        inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
        branches={"raw": {"input": "facts"}},
        training=phases(["head"]),
    )
    with pytest.raises(TrainingError, match="no backbone to unfreeze"):
        unfreeze(graph_of(nothing))


def test_a_backbone_without_weights_is_refused():
    class Bare(Tables):
        def skeleton(self, backbone, shape):
            rows = (
                Layer("input", "InputLayer", (), shape),
                Layer("pool", "MaxPooling2D", ("input",), (32, 32, 3)),
            )
            return Skeleton(backbone.arch, shape, rows, "pool", "3.15.1")

    bare = SIX.replace("/training/phases", [{"name": "head", "train": ["head"], "epochs": 1}])

    with pytest.raises(TrainingError, match="Nothing of the backbone 'b0' can train"):
        unfreeze(make_graph(bare, Bare()))


@pytest.mark.parametrize("groups", [0, -2, 1.5, True])
def test_groups_are_counted_from_one(groups):
    with pytest.raises(
        TrainingError, match=f"a whole number from 1 on, or None for all, got groups={groups}"
    ):
        unfreeze(graph_of(TWO), groups=groups)


def test_backbones_are_named_one_by_one():
    with pytest.raises(TrainingError, match=r"one by one, got \['left', 'right'\].*unfreeze\(recipe, 'left'"):
        unfreeze(graph_of(TWO), ["left", "right"])
