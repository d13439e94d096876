"""Small tables with each trait that the rules are about. The 40 applications are in tests/keras/backbones."""

import pytest

from fusion.skeleton.articulation import articulations, digraph, natural_cuts, stages
from fusion.skeleton.grids import grid_sizes, strides
from fusion.skeleton.layers import Layer, Skeleton


def table(*rows, size=(32, 32, 3)):
    layers = [Layer("x", "InputLayer", (), size)]
    for name, kind, parents, shape in rows:
        container, dot, _ = name.rpartition(".")
        layers.append(Layer(name, kind, tuple(parents.split()), shape, container=container if dot else ""))
    return Skeleton("table", size, tuple(layers), layers[-1].name, "3.15.1")


def ends(skeleton):
    return [(stage.stride, stage.last) for stage in stages(skeleton)]


@pytest.fixture
def branched():
    return table(
        ("stem", "Conv2D", "x", (32, 32, 8)),
        ("left", "Conv2D", "stem", (32, 32, 8)),
        ("right", "Conv2D", "stem", (32, 32, 8)),
        ("join", "Concatenate", "left right", (32, 32, 16)),
        ("act", "ReLU", "join", (32, 32, 16)),
    )


def test_the_graph_has_the_rows_and_their_reading(branched):
    graph = digraph(branched)

    assert graph.nodes["join"]["layer"].kind == "Concatenate"
    assert set(graph.edges) == {
        ("x", "stem"),
        ("stem", "left"),
        ("stem", "right"),
        ("left", "join"),
        ("right", "join"),
        ("join", "act"),
    }


def test_branches_are_no_articulations(branched):
    assert articulations(branched) == ("x", "stem", "join", "act")


def test_a_join_that_an_activation_finishes_is_no_natural_cut(branched):
    assert natural_cuts(branched) == ("stem", "act")


def test_padding_and_scaling_are_no_natural_cuts():
    skeleton = table(
        ("scale", "Rescaling", "x", (32, 32, 3)),
        ("conv", "Conv2D", "scale", (32, 32, 8)),
        ("pad", "ZeroPadding2D", "conv", (34, 34, 8)),
        ("top", "Conv2D", "pad", (16, 16, 8)),
    )

    assert natural_cuts(skeleton) == ("conv", "top")


def test_of_a_nested_model_only_the_output_is_a_natural_cut():
    skeleton = table(
        ("conv", "Conv2D", "x", (32, 32, 8)),
        ("down.first", "Conv2D", "conv", (32, 32, 8)),
        ("down.second", "Conv2D", "down.first", (16, 16, 8)),
        ("top", "Conv2D", "down.second", (16, 16, 8)),
    )

    assert natural_cuts(skeleton) == ("conv", "down.second", "top")
    assert ends(skeleton) == [(1, "conv"), (2, "top")]


def test_padding_belongs_to_the_stage_of_its_reader_and_ends_none():
    skeleton = table(
        ("conv", "Conv2D", "x", (32, 32, 8)),
        ("pad", "ZeroPadding2D", "conv", (33, 33, 8)),
        ("down", "Conv2D", "pad", (16, 16, 8)),
    )

    assert ends(skeleton) == [(1, "conv"), (2, "down")]
    assert stages(skeleton)[1].layers == ("pad", "down")


def test_the_input_and_its_scaling_open_the_first_stage():
    skeleton = table(
        ("scale", "Rescaling", "x", (32, 32, 3)),
        ("pad", "ZeroPadding2D", "scale", (34, 34, 3)),
        ("conv", "Conv2D", "pad", (16, 16, 8)),
    )

    (only,) = stages(skeleton)
    assert (only.number, only.first, only.last, only.shape) == (1, "x", "conv", (16, 16, 8))


def test_a_pooling_everything_passes_through_closes_its_stage():
    skeleton = table(
        ("conv", "Conv2D", "x", (32, 32, 8)),
        ("pool", "MaxPooling2D", "conv", (16, 16, 8)),
        ("more", "Conv2D", "pool", (16, 16, 8)),
    )

    assert ends(skeleton) == [(2, "pool"), (2, "more")]


def test_a_pooling_in_a_branch_opens_the_next_stage():
    skeleton = table(
        ("conv", "Conv2D", "x", (32, 32, 8)),
        ("pool", "MaxPooling2D", "conv", (16, 16, 8)),
        ("side", "Conv2D", "conv", (16, 16, 8)),
        ("add", "Add", "pool side", (16, 16, 8)),
    )

    assert ends(skeleton) == [(1, "conv"), (2, "add")]
    assert stages(skeleton)[1].layers == ("pool", "side", "add")


def test_without_articulations_the_deepest_join_ends_a_stage():
    # As in NASNet: every cell reads the two before it.
    skeleton = table(
        ("a", "Conv2D", "x", (16, 16, 8)),
        ("b", "Conv2D", "x", (16, 16, 8)),
        ("cell", "Concatenate", "a b", (16, 16, 16)),
        ("adapt", "Concatenate", "a b", (16, 16, 16)),
        ("c", "Conv2D", "cell", (8, 8, 8)),
        ("d", "Conv2D", "b", (8, 8, 8)),
        ("top", "Add", "c d", (8, 8, 8)),
    )
    deeper = table(
        ("a", "Conv2D", "x", (16, 16, 8)),
        ("b", "Conv2D", "x", (16, 16, 8)),
        ("mid", "Add", "a b", (16, 16, 8)),
        ("cell", "Concatenate", "mid b", (16, 16, 16)),
        ("adapt", "Concatenate", "a b", (16, 16, 16)),
        ("c", "Conv2D", "cell", (8, 8, 8)),
        ("d", "Conv2D", "adapt", (8, 8, 8)),
        ("top", "Add", "c d", (8, 8, 8)),
    )

    assert ends(skeleton) == [(2, "adapt"), (4, "top")]
    assert ends(deeper) == [(2, "cell"), (4, "top")]
    assert natural_cuts(deeper) == ("cell", "top")


@pytest.mark.parametrize("pooled", [(8,), (1, 1, 8)])
def test_a_gate_stays_with_the_map_it_pooled(pooled):
    skeleton = table(
        ("conv", "Conv2D", "x", (32, 32, 8)),
        ("squeeze", "GlobalAveragePooling2D", "conv", pooled),
        ("reshape", "Reshape", "squeeze", (1, 1, 8)),
        ("excite", "Conv2D", "reshape", (1, 1, 8)),
        ("gated", "Multiply", "conv excite", (32, 32, 8)),
    )

    assert ends(skeleton) == [(1, "gated")]
    assert set(grid_sizes(skeleton)) == {"x", "conv", "gated"}


def test_borders_that_are_not_padded_are_no_new_stage():
    skeleton = table(
        ("half", "Conv2D", "x", (111, 111, 8)),
        ("same", "Conv2D", "half", (109, 109, 8)),
        ("quarter", "Conv2D", "same", (54, 54, 8)),
        ("eighth", "Conv2D", "quarter", (26, 26, 8)),
        size=(224, 224, 3),
    )

    assert strides(skeleton) == {
        "x": 1,
        "half": 2,
        "same": 2,
        "quarter": 4,
        "eighth": 8,
    }


def test_what_is_padded_is_no_finer_grid():
    skeleton = table(
        ("pad", "ZeroPadding2D", "x", (6, 6, 3)), ("conv", "Conv2D", "pad", (4, 4, 8)), size=(4, 4, 3)
    )

    assert strides(skeleton) == {"x": 1, "pad": 1, "conv": 1}


def test_a_patch_of_four_is_one_step_of_four():
    skeleton = table(("stem", "Conv2D", "x", (8, 8, 8)))

    assert ends(skeleton) == [(4, "stem")]


def test_the_longer_side_tells_the_stride():
    skeleton = table(
        ("a", "Conv2D", "x", (2, 16, 8)),
        ("b", "Conv2D", "a", (1, 8, 8)),
        ("c", "Conv2D", "b", (1, 4, 8)),
        size=(4, 32, 3),
    )

    assert [stage.stride for stage in stages(skeleton)] == [2, 4, 8]


@pytest.mark.parametrize("size", [(None, None, 3), (None, 32, 3), (128,)])
def test_without_a_grid_of_known_size_there_are_no_stages(size):
    skeleton = table(("top", "Dense", "x", (*size[:-1], 8)), size=size)

    assert stages(skeleton) == ()


def test_every_layer_lies_in_one_stage(branched):
    members = [name for stage in stages(branched) for name in stage.layers]

    assert members == list(branched.rows)
