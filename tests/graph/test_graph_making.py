import pytest

from fusion.errors import RecipeError
from fusion.graph.making import examine_graph, make_graph
from fusion.graph.nodes import Weights, size
from fusion.recipe.reading import from_data


def described(graph):
    return {node.name: (node.kind, node.layer, node.shape) for node in graph.nodes}


def test_one_branch_needs_no_fusion(graph_of, one):
    graph = graph_of(one)

    assert described(graph) == {
        "photo": ("input", "photo", (32, 32, 3)),
        "net": ("trunk", "net", (8, 8, 16)),
        "all.pool": ("pool", "all.pool", (16,)),
        "output": ("output", "output", (5,)),
    }
    assert graph.ends == {"all": "all.pool"}


def test_two_branches_are_pooled_fused_and_sent_through_the_head(graph_of, two):
    graph = graph_of(two)

    assert described(graph) == {
        "photo": ("input", "photo", (32, 32, 3)),
        "net": ("trunk", "net", (8, 8, 16)),
        "res": ("trunk", "res", (8, 8, 16)),
        "left.pool": ("pool", "left.pool", (16,)),
        "right.pool": ("pool", "right.pool", (16,)),
        "fusion": ("fusion", "fusion", (32,)),
        "head.top": ("block", "top", (4,)),
        "output": ("output", "output", (5,)),
    }
    assert [node.name for node in graph.parents("fusion")] == ["left.pool", "right.pool"]


def test_the_order_of_from_is_the_order_of_the_arguments(graph_of, two):
    two["fusion"]["from"] = ["right", "left"]

    assert [node.name for node in graph_of(two).parents("fusion")] == ["right.pool", "left.pool"]


def test_an_image_that_does_not_fit_is_prepared_for_each_call(graph_of, two):
    two["branches"]["left"]["resize"] = [16, 24]

    graph = graph_of(two)

    assert graph["net.prepare"].shape == (16, 24, 3)
    assert graph["net"].shape == (4, 6, 16)
    assert graph.parents("net")[0].name == "net.prepare"
    assert graph.parents("res")[0].name == "photo"


def test_several_taps_are_pooled_each_and_joined(graph_of, one):
    one["branches"]["all"] |= {"cut": ["pool3", "pool1"], "blocks": ["embed"]}
    one["blocks"] = {"embed": [{"dense": 3}]}

    graph = graph_of(one)

    assert [node.name for node in graph.nodes] == [
        "photo",
        "net",
        "all.pool.pool3",
        "all.pool.pool1",
        "all.taps",
        "all.embed",
        "output",
    ]
    assert graph["all.taps"].shape == (32 + 8,)
    assert [node.name for node in graph.parents("all.taps")] == ["all.pool.pool3", "all.pool.pool1"]
    assert graph.digraph.edges["net", "all.pool.pool1"] == {"order": 0, "tap": "pool1", "shape": (16, 16, 8)}
    assert graph.ends == {"all": "all.embed"}


def test_a_table_is_normalised_once_for_all_that_read_it(graph_of, one):
    one["inputs"] = {"facts": {"kind": "tabular", "columns": ["a", "b", "c"]}}
    one["branches"] = {"raw": {"input": "facts"}, "deep": {"input": "facts", "blocks": ["mlp"]}}
    one["backbones"] = {}
    one["blocks"] = {"mlp": [{"dense": 4}]}
    one["fusion"] = {"op": "concat", "from": ["raw", "deep"]}

    graph = graph_of(one)

    assert described(graph)["facts.normalise"] == ("prepare", "facts.normalise", (3,))
    assert graph["facts.normalise"].weights == (Weights("facts.normalise", "Normalization", 7, 7),)
    assert [node.name for node in graph.parents("fusion")] == ["facts.normalise", "deep.mlp"]
    assert graph["fusion"].shape == (7,)


def test_a_text_is_looked_up_once_for_all_that_read_it(graph_of, one):
    one["inputs"] = {"zip": {"kind": "categorical", "column": "zip", "most": 50}}
    one["branches"] = {"raw": {"input": "zip"}, "deep": {"input": "zip", "blocks": ["embed"]}}
    one["backbones"] = {}
    one["blocks"] = {"embed": [{"dense": 4}]}
    one["fusion"] = {"op": "concat", "from": ["raw", "deep"]}

    graph = graph_of(one)

    assert described(graph)["zip"] == ("input", "zip", (1,))
    assert described(graph)["zip.prepare"] == ("prepare", "zip.prepare", (51,))
    assert graph["zip.prepare"].weights == ()
    assert [node.name for node in graph.parents("fusion")] == ["zip.prepare", "deep.embed"]
    assert graph["deep.embed"].weights == (Weights("embed/dense", "Dense", 51 * 4 + 4),)


def test_a_siamese_net_calls_one_trunk_and_one_block_twice(graph_of, one):
    one["inputs"] = {name: {"kind": "image", "shape": [32, 32, 3]} for name in ("a", "b")}
    one["branches"] = {
        side: {"input": name, "backbone": "net", "cut": "pool2", "blocks": ["embed"]}
        for side, name in (("l", "a"), ("r", "b"))
    }
    one["blocks"] = {"embed": [{"dense": 3}]}
    one["fusion"] = {"op": "add", "from": ["l", "r"]}

    graph = graph_of(one)

    assert {node.name: node.layer for node in graph.nodes} == {
        "a": "a",
        "b": "b",
        "net@a": "net",
        "net@b": "net",
        "l.pool": "l.pool",
        "r.pool": "r.pool",
        "l.embed": "embed",
        "r.embed": "embed",
        "fusion": "fusion",
        "output": "output",
    }
    assert graph.trunks["net"].calls == ("net@a", "net@b")
    assert graph.trunks["net"].shape == (32, 32, 3)
    assert [address for address in graph.weights if "embed" in address] == ["embed/dense"]


def test_one_backbone_at_two_sizes_is_one_trunk_of_open_size(graph_of, one):
    one["branches"] = {
        "near": {"input": "photo", "backbone": "net", "cut": "pool2"},
        "far": {"input": "photo", "backbone": "net", "cut": "pool1", "resize": [32, 16]},
    }
    one["fusion"] = {"op": "concat", "from": ["near", "far"]}

    graph = graph_of(one)

    trunk = graph.trunks["net"]
    assert trunk.calls == ("net@photo@32x32", "net@photo@32x16")
    assert trunk.shape == (32, None, 3)
    assert trunk.taps == ("pool1", "pool2")
    assert [table.input_shape for table in trunk.skeletons.values()] == [(32, 32, 3), (32, 16, 3)]
    assert graph["net@photo@32x16.prepare"].layer == "net.photo.32x16.prepare"
    assert graph["net@photo@32x16"].shape == (8, 4, 16)


def test_two_branches_on_one_input_share_a_call(graph_of, one):
    one["branches"]["low"] = {"input": "photo", "backbone": "net", "cut": "conv1", "pool": "max"}
    one["fusion"] = {"op": "concat", "from": ["low", "all"]}

    graph = graph_of(one)

    assert graph.trunks["net"].calls == ("net",)
    assert graph.trunks["net"].taps == ("conv1", "pool2")
    assert graph.trunks["net"].kept == {"x", "conv1", "pool1", "conv2", "pool2"}
    assert graph["fusion"].shape == (8 + 16,)


def test_one_architecture_twice_is_two_trunks(graph_of, two):
    two["backbones"]["res"]["arch"] = "Chain"
    two["branches"]["right"]["cut"] = "pool2"

    graph = graph_of(two)

    assert set(graph.trunks) == {"net", "res"}
    assert {"net/conv1", "res/conv1"} <= graph.weights.keys()


def test_fusion_nodes_may_be_nested_in_any_order(graph_of, two):
    two["branches"]["low"] = {"input": "photo", "backbone": "net", "cut": "pool1"}
    two["fusion"] = {
        "both": {"op": "concat", "from": ["sum", "low"]},
        "sum": {"op": "add", "from": ["left", "right"]},
    }

    graph = graph_of(two)

    assert graph["sum"].shape == (16,)
    assert graph["both"].shape == (24,)
    assert graph.ends["both"] == "both"
    assert [node.name for node in graph.parents("head.top")] == ["both"]


@pytest.mark.parametrize(("op", "flops"), [("add", 16), ("average", 16), ("maximum", 16), ("multiply", 16)])
def test_ops_by_component_keep_the_width(graph_of, two, op, flops):
    two["fusion"]["op"] = op

    node = graph_of(two)["fusion"]

    assert (node.shape, node.flops) == ((16,), flops)


@pytest.mark.parametrize("op", ["add", "average", "maximum", "multiply"])
def test_ops_by_component_need_equal_widths(problems_of, two, op):
    two["fusion"]["op"] = op
    two["branches"]["left"]["cut"] = "pool1"

    assert problems_of(two) == {
        "/fusion": f'{op} needs vectors of one width: left 8, right 16. Write "project": 8, '
        "or end each branch in a block with the same units."
    }


def test_unequal_widths_in_a_map_are_told_at_the_node_also_where_it_is_called_fusion(problems_of, two):
    two["branches"]["left"]["cut"] = "pool1"
    two["fusion"] = {"fusion": {"op": "add", "from": ["left", "right"]}}

    assert list(problems_of(two)) == ["/fusion/fusion"]


def test_a_block_at_two_widths_is_refused(problems_of, two):
    for branch, cut in (("left", "pool1"), ("right", "b_out")):
        two["branches"][branch] |= {"cut": cut, "blocks": ["embed"]}
    two["blocks"]["embed"] = [{"dense": 3}]

    assert problems_of(two) == {
        "/blocks/embed": "Block 'embed' is used on vectors of 8 values in 'left' and of 16 in 'right'; its weights fit "
        "one width. Give each a block of its own, or bring both to one width by a block before."
    }


def test_a_block_without_weights_at_two_widths_is_refused_too(problems_of, two):
    for branch, cut in (("left", "pool1"), ("right", "b_out")):
        two["branches"][branch] |= {"cut": cut, "blocks": ["drop"]}
    two["blocks"]["drop"] = [{"dropout": 0.5}]

    assert list(problems_of(two)) == ["/blocks/drop"]


def test_a_map_of_open_size_is_pooled_but_not_flattened(problems_of, one):
    one["backbones"]["net"]["arch"] = "Flat"
    one["branches"]["all"]["cut"] = "open"

    assert problems_of(one) == {}

    one["branches"]["all"]["pool"] = "flatten"
    assert problems_of(one) == {
        "/branches/all/pool": "The map of 'open' has an open size and cannot be flattened."
    }


def test_branches_may_be_called_like_what_they_read_and_where_they_go(graph_of, one):
    one["inputs"]["facts"] = {"kind": "tabular", "columns": ["a"]}
    one["branches"] = {
        "net": {"input": "photo", "backbone": "net", "cut": ["pool1", "pool2"], "blocks": ["photo2"]},
        "facts": {"input": "facts", "blocks": ["last"]},
        "photo": {"input": "photo", "backbone": "net", "resize": [16, 16]},
        "last": {"input": "photo", "backbone": "net", "cut": "last", "pool": "avg+max"},
    }
    one["blocks"] = {"photo2": [{"dense": 2}], "last": [{"dense": 2}]}
    one["fusion"] = {"op": "concat", "from": ["net", "facts", "photo", "last"]}

    graph = graph_of(one)

    names = [node.name for node in graph.nodes]
    assert len(set(names)) == len(names) == 15
    layers = {node.layer: node.kind for node in graph.nodes}
    assert all(node.kind == layers[node.layer] for node in graph.nodes)
    assert graph["fusion"].shape == (2 + 2 + 32 + 64,)


def test_nodes_come_in_one_order(graph_of, two):
    assert [node.name for node in graph_of(two).nodes] == [node.name for node in graph_of(two).nodes]
    assert [node.name for node in graph_of(two).nodes][-1] == "output"


def test_an_error_lists_every_problem_of_every_branch(two, tables):
    two["branches"]["left"]["cut"] = "pol2"
    two["branches"]["right"]["cut"] = "b_ot"

    with pytest.raises(
        RecipeError, match=r"^two: 2 problems\n  /branches/left/cut    'net' \(Chain\) has no layer"
    ):
        make_graph(from_data(two), tables)


def test_what_depends_on_doubtful_values_is_no_problem(two, tables):
    two["fusion"]["op"] = "add"
    two["branches"]["left"]["cut"] = "pool1"

    graph, problems = examine_graph(from_data(two), tables, doubtful={("branches", "left", "pool")})

    assert (graph, problems) == (None, [])


def test_the_size_of_a_shape_is_its_product():
    assert (size((7, 7, 2)), size((None, 3)), size(())) == (98, 3, 1)


def test_a_branch_goes_through_its_blocks_in_order(graph_of, two):
    two["branches"]["left"]["blocks"] = ["narrow", "wide"]
    two["blocks"] |= {"narrow": [{"dense": 2}], "wide": [{"dense": 9}]}

    graph = graph_of(two)

    assert [graph.parents(name)[0].name for name in ("left.narrow", "left.wide")] == [
        "left.pool",
        "left.narrow",
    ]
    assert graph.weights["wide/dense"].params == 2 * 9 + 9
    assert graph.ends["left"] == "left.wide"


def test_a_backbone_whose_options_nobody_knows_has_no_widths(two, tables):
    two["fusion"]["op"] = "add"
    two["branches"]["left"]["cut"] = "pool1"

    doubtful = {("backbones", "net", "options", "alpha")}

    assert examine_graph(from_data(two), tables, doubtful=doubtful) == (None, [])


def test_what_belongs_to_one_branch_alone_says_so(graph_of, two):
    two["branches"]["left"] |= {"cut": ["pool1", "pool2"], "blocks": ["own"]}
    two["blocks"]["own"] = [{"dense": 3}]

    nodes = graph_of(two).nodes

    assert {node.name: node.branch for node in nodes if node.branch} == {
        "left.pool.pool1": "left",
        "left.pool.pool2": "left",
        "left.taps": "left",
        "left.own": "left",
        "right.pool": "right",
    }
    assert [node.name for node in nodes if node.is_head] == ["head.top", "output"]
