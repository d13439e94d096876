import pytest

from fusion.errors import LayerNotFoundError
from fusion.skeleton.cuts import Discarded, InsideBlock, discarded, inside_block, kept, resolve
from fusion.skeleton.layers import Layer, Skeleton


def row(name, kind, parents, shape, **counts):
    container, dot, _ = name.rpartition(".")
    return Layer(name, kind, tuple(parents.split()), shape, container=container if dot else "", **counts)


@pytest.fixture
def residual():
    """A stem with a pooling, a residual block, a nested downsampling and a last layer."""
    rows = (
        row("input_layer", "InputLayer", "", (32, 32, 3)),
        row("stem_pad", "ZeroPadding2D", "input_layer", (34, 34, 3)),
        row("stem_conv", "Conv2D", "stem_pad", (16, 16, 8), params=216, flops=100),
        row("stem_pool", "MaxPooling2D", "stem_conv", (8, 8, 8)),
        row("a_conv", "Conv2D", "stem_pool", (8, 8, 8), params=576, flops=200),
        row("a_bn", "BatchNormalization", "a_conv", (8, 8, 8), params=32, statistics=16, flops=10),
        row("a_add", "Add", "stem_pool a_bn", (8, 8, 8), flops=5),
        row("a_out", "ReLU", "a_add", (8, 8, 8), flops=5),
        row("down.norm", "LayerNormalization", "a_out", (8, 8, 8), params=16),
        row("down.conv", "Conv2D", "down.norm", (4, 4, 16), params=512, flops=300),
        row("top", "ReLU", "down.conv", (4, 4, 16), flops=7),
    )
    return Skeleton("Residual", (32, 32, 3), rows, "top", "3.15.1")


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        ("a_out", "a_out"),
        ("a_conv", "a_conv"),
        ("last", "top"),
        ("stage:1", "stem_pool"),
        ("stage:2", "a_out"),
        ("stage:3", "top"),
        ("stride:4", "a_out"),
        ("stride:8", "top"),
        ("after:stem_pool", "a_conv"),
        ("after:down", "top"),
        ("down", "down.conv"),
        ("down.norm", "down.norm"),
    ],
)
def test_a_name_or_an_alias_means_one_row(residual, cut, expected):
    assert resolve(residual, cut) == expected


def test_a_layer_called_like_an_alias_is_the_layer():
    rows = (
        row("x", "InputLayer", "", (8, 8, 3)),
        row("last", "ReLU", "x", (8, 8, 3)),
        row("y", "ReLU", "last", (8, 8, 3)),
    )

    assert resolve(Skeleton("odd", (8, 8, 3), rows, "y", ""), "last") == "last"


def test_a_nested_model_in_a_nested_model_means_its_output():
    rows = (
        row("x", "InputLayer", "", (8, 8, 3)),
        row("a.b.c", "ReLU", "x", (8, 8, 3)),
        row("y", "ReLU", "a.b.c", (8, 8, 3)),
    )
    skeleton = Skeleton("deep", (8, 8, 3), rows, "y", "")

    assert resolve(skeleton, "a") == resolve(skeleton, "a.b") == "a.b.c"


def test_a_mistyped_name_is_answered_with_the_nearest_its_shape_and_the_stage_ends(residual):
    with pytest.raises(LayerNotFoundError, match="has no layer 'a_ot'") as caught:
        resolve(residual, "a_ot", owner="res")

    assert str(caught.value) == (
        "'res' (Residual) has no layer 'a_ot'. Did you mean 'a_out' (8x8x8)?\n"
        "Stage ends: stem_pool, a_out, top. All: fusion layers Residual"
    )


def test_without_an_owner_the_source_stands_alone(residual):
    with pytest.raises(LayerNotFoundError, match=r"^Residual has no layer 'zebra'\.\nStage ends: "):
        resolve(residual, "zebra")


def test_where_there_are_no_stages_the_natural_cuts_are_listed():
    rows = (row("x", "InputLayer", "", (None, None, 3)), row("conv", "Conv2D", "x", (None, None, 4)))

    with pytest.raises(LayerNotFoundError, match=r"Did you mean 'conv' \(\?x\?x4\)\?\nNatural cuts: conv\."):
        resolve(Skeleton("open", (None, None, 3), rows, "conv", ""), "con")


def test_a_stage_that_is_not_there_is_refused(residual):
    with pytest.raises(LayerNotFoundError, match=r"Residual has no stage '4'\. Its stages: 1, 2, 3\."):
        resolve(residual, "stage:4")


def test_a_stride_that_is_not_there_is_refused(residual):
    with pytest.raises(LayerNotFoundError, match=r"no stage end with stride '16'\. Its strides: 4, 8\."):
        resolve(residual, "stride:16")


def test_after_an_unknown_layer_is_refused(residual):
    with pytest.raises(LayerNotFoundError, match=r"no layer 'a_ad'\. Did you mean 'a_add'"):
        resolve(residual, "after:a_ad")


def test_after_the_last_layer_there_is_nothing(residual):
    with pytest.raises(LayerNotFoundError, match=r"has no layer after 'top': it is the last\. Write 'last'"):
        resolve(residual, "after:top")


@pytest.mark.parametrize("cut", ["stage:", "stride:", "after:", "depth:3", ""])
def test_an_alias_that_is_none_is_an_unknown_layer(residual, cut):
    with pytest.raises(LayerNotFoundError, match=f"has no layer {cut!r}"):
        resolve(residual, cut)


def test_the_input_is_no_cut(residual):
    with pytest.raises(LayerNotFoundError, match="cannot be cut at 'input_layer': that is its input"):
        resolve(residual, "input_layer")


def test_a_cut_keeps_its_ancestors_and_itself(residual):
    assert kept(residual, ["a_bn"]) == {"input_layer", "stem_pad", "stem_conv", "stem_pool", "a_conv", "a_bn"}


def test_several_cuts_keep_what_any_of_them_needs(residual):
    assert kept(residual, ["a_bn", "stage:2"]) == kept(residual, ["a_out"])


def test_what_a_cut_throws_away_is_counted(residual):
    assert discarded(residual, ["a_out"]) == Discarded(layers=3, params=528, flops=307)
    assert discarded(residual, ["last"]) == Discarded(layers=0, params=0, flops=0)


def test_a_cut_inside_a_block_is_told_with_its_whole_block_neighbours(residual):
    assert inside_block(residual, "a_conv") == InsideBlock("a_conv", before="stem_pool", after="a_out")


def test_a_cut_everything_passes_through_is_not_inside_a_block(residual):
    assert inside_block(residual, "a_add") is None
    assert inside_block(residual, "stage:2") is None


def test_the_end_of_a_stage_that_something_goes_around_is_no_advice():
    # As in NASNet, where every cell reads the two before it.
    rows = (
        row("x", "InputLayer", "", (16, 16, 3)),
        row("stem", "Conv2D", "x", (16, 16, 8)),
        row("a", "Conv2D", "stem", (8, 8, 8)),
        row("cell", "Add", "stem a", (8, 8, 8)),
        row("b", "Conv2D", "cell", (4, 4, 8)),
        row("c", "Conv2D", "a", (4, 4, 8)),
        row("top", "Add", "b c", (4, 4, 8)),
    )
    skeleton = Skeleton("cells", (16, 16, 3), rows, "top", "")

    assert resolve(skeleton, "stage:2") == "cell"
    assert inside_block(skeleton, "cell") == InsideBlock("cell", before="stem", after="top")


def test_a_cut_before_the_first_block_end_has_none_before_it():
    rows = (
        row("x", "InputLayer", "", (8, 8, 3)),
        row("a", "Conv2D", "x", (8, 8, 3)),
        row("add", "Add", "x a", (8, 8, 3)),
    )

    assert inside_block(Skeleton("short", (8, 8, 3), rows, "add", ""), "a") == InsideBlock(
        "a", before="", after="add"
    )
