import pytest

from fusion.errors import Problem


def test_a_mistyped_cut_is_told_with_the_nearest_and_its_shape(problems_of, two):
    two["branches"]["left"]["cut"] = "pol2"
    two["branches"]["right"]["cut"] = ["a_out", "b_ot"]

    assert problems_of(two) == {
        "/branches/left/cut": "'net' (Chain) has no layer 'pol2'. Did you mean 'pool2' (8x8x16)?\n"
        "Stage ends: pool1, pool2, pool3. All: fusion layers Chain",
        "/branches/right/cut/1": "'res' (Residual) has no layer 'b_ot'. Did you mean 'b_out' (8x8x16)?\n"
        "Stage ends: a_out, b_out. All: fusion layers Residual",
    }


@pytest.mark.parametrize(("cut", "tap"), [("last", "pool3"), ("stage:2", "pool2"), ("stride:2", "pool1")])
def test_an_alias_is_resolved_to_a_layer(graph_of, one, cut, tap):
    one["branches"]["all"]["cut"] = cut

    assert graph_of(one).trunks["net"].taps == (tap,)


def test_one_layer_by_two_names_is_refused(problems_of, one):
    one["branches"]["all"]["cut"] = ["pool2", "stage:2"]

    assert problems_of(one) == {"/branches/all/cut/1": "'stage:2' and 'pool2' are the same layer, 'pool2'."}


@pytest.mark.parametrize("cut", ["predictions", "fc1"])
def test_a_cut_at_a_classifier_is_told_that_it_is_none_of_the_backbone(problems_of, one, cut):
    one["branches"]["all"]["cut"] = cut

    assert problems_of(one)["/branches/all/cut"].startswith(
        f"{cut!r} belongs to the ImageNet classifier, whose 1000 classes are no features; a backbone ends before it."
    )


def test_the_input_of_a_backbone_is_no_cut(problems_of, one):
    one["branches"]["all"]["cut"] = "x"

    assert "'net' (Chain) cannot be cut at 'x': that is its input" in problems_of(one)["/branches/all/cut"]


def test_an_image_that_is_too_small_is_told_where_its_size_stands(problems_of, two):
    two["branches"]["left"]["resize"] = [4, 4]

    assert problems_of(two) == {"/branches/left/resize": "Chain needs at least 8x8x3, got (4, 4, 3)."}

    two["inputs"]["photo"]["shape"] = [4, 4, 3]
    two["branches"]["left"]["resize"] = [16, 16]
    assert problems_of(two) == {"/inputs/photo/shape": "Residual needs at least 8x8x3, got (4, 4, 3)."}


def test_imagenet_weights_read_three_channels(problems_of, one):
    one["inputs"]["photo"]["shape"] = [32, 32, 4]
    one["backbones"]["net"]["weights"] = "imagenet"

    assert problems_of(one) == {
        "/inputs/photo/shape": "The ImageNet weights of Chain read 3 channels, and input 'photo' has 4. "
        'Write 1 or 3 channels, or "weights": null.'
    }


def test_a_grey_image_is_read_as_one_of_three_channels_by_weights_of_colour(graph_of, one):
    one["inputs"]["photo"]["shape"] = [32, 32, 1]
    one["backbones"]["net"]["weights"] = "imagenet"

    graph = graph_of(one)

    assert graph["net.prepare"].shape == graph.trunks["net"].shape == (32, 32, 3)
    assert graph.weights["net/conv1"].params == 9 * 3 * 8 + 8
    assert [problem.place for problem in graph.remarks] == ["/inputs/photo/shape"]
    assert "'net' reads 3 channels; the one of 'photo' is repeated" in graph.remarks[0].text


def test_fresh_weights_read_one_channel_as_it_is(graph_of, one):
    one["inputs"]["photo"]["shape"] = [32, 32, 1]

    graph = graph_of(one)

    assert "net.prepare" not in [node.name for node in graph.nodes]
    assert graph.weights["net/conv1"].params == 9 * 8 + 8
    assert graph.remarks == ()


def test_a_grey_image_too_small_is_told_its_own_size(problems_of, one):
    one["inputs"]["photo"]["shape"] = [4, 4, 1]

    assert problems_of(one) == {"/inputs/photo/shape": "Chain needs at least 8x8x3, got (4, 4, 1)."}


def test_an_architecture_nobody_knows_is_one_problem_however_often_it_is_used(problems_of, one):
    one["backbones"]["net"]["arch"] = "Chian"
    one["branches"]["small"] = {"input": "photo", "backbone": "net", "resize": [16, 16]}
    one["fusion"] = {"op": "add", "from": ["all", "small"]}

    assert problems_of(one) == {"/backbones/net": "There is no architecture 'Chian'."}


def test_images_of_another_range_are_prepared(graph_of, one):
    one["inputs"]["photo"]["range"] = [0, 1]

    assert [node.name for node in graph_of(one).nodes][:3] == ["photo", "net.prepare", "net"]


@pytest.mark.parametrize(("declared", "meant"), [("auto", "none"), ("caffe", "caffe")])
def test_a_trunk_says_what_its_weights_want_of_images(graph_of, one, declared, meant):
    one["backbones"]["net"]["preprocess"] = declared

    assert graph_of(one).trunks["net"].preprocess == meant


def test_a_cut_inside_a_block_is_remarked_with_the_whole_block_cuts(graph_of, two):
    two["branches"]["right"]["cut"] = "a_conv"

    assert graph_of(two).remarks == (
        Problem(
            "/branches/right/cut",
            "'a_conv' is inside a block: what goes around it is dropped. Whole-block cuts: stem and a_out.",
        ),
    )


def test_a_map_of_one_pixel_is_remarked(graph_of, one):
    one["inputs"]["photo"]["shape"] = [8, 8, 3]
    one["branches"]["all"]["cut"] = "pool3"

    assert graph_of(one).remarks == (
        Problem(
            "/branches/all/cut",
            "The map of 'pool3' has one pixel; a larger input leaves something to pool.",
        ),
    )


def test_a_cut_between_blocks_is_nothing_to_remark(graph_of, two):
    assert graph_of(two).remarks == ()


def test_a_wrong_cut_hides_nothing_of_the_other_branches(problems_of, two, phased):
    two["branches"]["left"]["cut"] = "pol2"
    two["branches"]["low"] = {"input": "photo", "backbone": "net", "cut": "pool1", "blocks": ["embed"]}
    two["branches"]["right"]["blocks"] = ["embed"]
    two["blocks"]["embed"] = [{"dense": 2}]
    two["fusion"]["from"].append("low")
    phased(two, ["head", "net[cnv1..]", "res[b_ot..]"])

    assert set(problems_of(two)) == {
        "/branches/left/cut",
        "/blocks/embed",
        "/training/phases/0/train/1",
        "/training/phases/0/train/2",
    }


def test_nothing_lies_after_a_cut_that_nobody_knows(problems_of, two, phased):
    two["branches"]["left"]["cut"] = "pol3"
    two["branches"]["low"] = {"input": "photo", "backbone": "net", "cut": "pool1", "resize": [16, 16]}
    two["fusion"]["from"].append("low")
    phased(two, ["head", "net[conv3..]"])

    assert list(problems_of(two)) == ["/branches/left/cut"]
