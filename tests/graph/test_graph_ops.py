"""Fusion ops on vectors of 8, 16 and 2 values and on maps: widths, weights by their published formulas, refusals."""

import copy

import pytest

from fusion.graph.costs import costs

A, B, C = 8, 16, 2
UNITS = 5
"""What the head predicts."""


@pytest.fixture
def joined(two):
    """Makes the data of a recipe whose branches `a`, `b` and `c`, or some of them, are joined by an op."""

    def make(of="ab", **fields):
        data = copy.deepcopy(two)
        data["inputs"]["facts"] = {"kind": "tabular", "columns": ["x", "y"]}
        data["branches"] = {
            "a": {"input": "photo", "backbone": "net", "cut": "pool1"},
            "b": {"input": "photo", "backbone": "res", "cut": "b_out"},
            "c": {"input": "facts"},
        }
        data["branches"] = {name: branch for name, branch in data["branches"].items() if name in of}
        used = {branch.get("backbone") for branch in data["branches"].values()}
        data["backbones"] = {name: each for name, each in data["backbones"].items() if name in used}
        if "c" not in of:
            del data["inputs"]["facts"]
        data["fusion"] = {"from": list(of), **fields}
        if fields.get("op") == "late":
            del data["blocks"], data["head"]["blocks"]
        return data

    return make


def fused(graph):
    node = graph["fusion"]
    return node.shape, sum(each.params for each in node.weights)


@pytest.mark.parametrize(
    ("fields", "width", "params"),
    [
        ({"op": "concat"}, A + B, 0),
        ({"op": "concat", "project": 4}, 8, (A + 1) * 4 + (B + 1) * 4),
        ({"op": "add", "project": 4}, 4, (A + 1) * 4 + (B + 1) * 4),
        ({"op": "weighted_sum", "project": 4}, 4, (A + 1) * 4 + (B + 1) * 4 + 2),
        ({"op": "gated", "units": 5}, 5, (A + 1 + B + 1) * 5 + (A + B + 1) * 5),
        ({"op": "gated", "units": 5, "of": "abc"}, 5, (A + 1 + B + 1 + C + 1) * 5 + 3 * (A + B + C + 1) * 5),
        ({"op": "film"}, A, 2 * (B + 1) * A),
        ({"op": "compare", "project": 4}, 8, (A + 1 + B + 1) * 4),
        ({"op": "compare", "project": 4, "terms": ["cosine"]}, 1, (A + 1 + B + 1) * 4),
        ({"op": "compare", "project": 4, "terms": ["abs_diff", "product", "cosine"]}, 9, (A + 1 + B + 1) * 4),
        ({"op": "bilinear", "units": 5}, 5, (A * B + 1) * 5),
        ({"op": "low_rank", "units": 5, "rank": 3}, 5, (A + 1 + B + 1) * 15),
        ({"op": "low_rank", "units": 5, "rank": 3, "of": "abc"}, 5, (A + 1 + B + 1 + C + 1) * 15),
        ({"op": "tensor", "units": 5}, 5, (A + 1) * (B + 1) * 5),
        ({"op": "tensor", "units": 5, "of": "abc"}, 5, (A + 1) * (B + 1) * (C + 1) * 5),
        ({"op": "attention", "project": 4}, 4, (A + 1 + B + 1) * 4 + 4 * 4 * 4 + 2 * 4),
        ({"op": "late"}, UNITS, (A + 1 + B + 1) * UNITS),
        ({"op": "late", "weights": [0.7, 0.3]}, UNITS, (A + 1 + B + 1) * UNITS),
        ({"op": "late", "weights": "learned", "of": "abc"}, UNITS, (A + 1 + B + 1 + C + 1) * UNITS + 3),
        ({"op": "late", "project": 4}, UNITS, (A + 1 + B + 1) * 4 + 2 * (4 + 1) * UNITS),
    ],
    ids=str,
)
def test_an_op_has_the_width_and_the_weights_of_its_formula(graph_of, joined, fields, width, params):
    graph = graph_of(joined(**fields))

    assert fused(graph) == ((width,), params)
    assert graph.recipe.nodes["fusion"].has_weights == bool(params)
    assert next(part for part in costs(graph).parts if part.name == "fusion").params == params


def test_cross_attention_of_a_vector_over_a_map_gives_a_vector(graph_of, joined):
    data = joined("ca", op="cross_attention", project=4)
    data["branches"]["a"]["pool"] = "none"

    assert fused(graph_of(data)) == ((4,), (C + 1 + A + 1) * 4 + 4 * 4 * 4 + 2 * 4)


def test_operations_of_an_op_are_counted_layer_by_layer(graph_of, joined):
    assert graph_of(joined(op="film"))["fusion"].flops == 2 * A * (2 * B + 1) + A + A


def test_operations_of_attention_are_those_of_its_products(graph_of, joined):
    data = joined("ba", op="cross_attention", project=4, heads=2)
    data["branches"]["a"]["pool"] = data["branches"]["b"]["pool"] = "none"
    queries, keys, width, heads = 64, 256, 4, 2

    found = graph_of(data)["fusion"].flops

    projected = 2 * (queries * (B) + keys * A) * width + (queries + keys) * width
    attention = (
        2 * 2 * (queries + keys) * width**2 + 2 * 2 * queries * keys * width + 4 * queries * keys * heads
    )
    after = queries * width + 4 * queries * width + queries * width
    assert found == projected + attention + after


def test_weights_of_an_op_have_addresses_under_its_node(graph_of, joined):
    graph = graph_of(joined(op="gated", units=5))

    assert [each.address for each in graph["fusion"].weights] == [
        "fusion/hidden_a",
        "fusion/hidden_b",
        "fusion/gate",
    ]


def test_late_fusion_has_an_output_layer_for_each_source_and_the_output_none(graph_of, joined, phased):
    graph = graph_of(phased(joined(op="late", weights="learned"), ["fusion"]))

    assert list(graph.phases[0].rates) == ["fusion/output_a", "fusion/output_b", "fusion/weigh"]
    assert (graph["output"].weights, graph["output"].flops) == ((), 4 * UNITS)
    assert [part.params for part in costs(graph).parts[2:]] == [(A + 1 + B + 1) * UNITS + 2, 0]


@pytest.mark.parametrize(("task", "units"), [("binary", 1), ("multilabel", 3), ("regression", 2)])
def test_late_fusion_predicts_what_the_head_does(graph_of, joined, task, units):
    data = joined(op="late", weights=[0.25, 0.75])
    sizes = {"binary": {}, "multilabel": {"classes": 3}, "regression": {"units": 2}}
    data["head"] = {"output": {"task": task, **sizes[task]}}

    assert fused(graph_of(data)) == ((units,), (A + 1 + B + 1) * units)


def test_a_branch_may_be_called_like_a_layer_inside_an_op(graph_of, joined):
    data = joined(op="weighted_sum", project=4)
    data["branches"] = {"stacked": data["branches"]["a"], "weigh": data["branches"]["b"]}
    data["fusion"]["from"] = ["stacked", "weigh"]

    assert fused(graph_of(data)) == ((4,), (A + 1) * 4 + (B + 1) * 4 + 2)


def test_the_selector_fusion_trains_the_weights_of_all_its_nodes(graph_of, joined, phased):
    data = joined("abc")
    data["fusion"] = {
        "first": {"op": "film", "from": ["a", "b"]},
        "last": {"op": "low_rank", "from": ["first", "c"], "units": 4},
    }

    graph = graph_of(phased(data, ["fusion"], ["fusion:last"]))

    assert list(graph.phases[0].rates) == ["first/scale", "first/shift", "last/factor_first", "last/factor_c"]
    assert list(graph.phases[1].rates) == ["last/factor_first", "last/factor_c"]
    assert graph.phases[1].is_active("last/factor_c")
    assert not graph.phases[1].is_active("first/scale")


def test_a_fusion_without_weights_cannot_be_trained(problems_of, joined, phased):
    data = phased(joined(op="concat"), ["head", "fusion:fusion"])

    assert problems_of(data) == {
        "/training/phases/0/train/1": "'fusion:fusion' matches no weights; its op has none, so leave it out."
    }


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"op": "gated"},
            'gated needs vectors of one width: a 8, b 16. Write "project": 8, or end each branch in a block with the '
            "same units, or give it units.",
        ),
        (
            {"op": "tensor", "units": 100, "budget": 9000},
            "tensor of a 8, b 16 would take 15,300 weights, and its budget is 9,000. "
            'Write "project": 8, the op low_rank, or "budget": 15300.',
        ),
        (
            {"op": "bilinear", "units": 100, "budget": 150},
            "bilinear of a 8, b 16 would take 12,900 weights, and its budget is 150. "
            'Write fewer units, the op low_rank, or "budget": 12900.',
        ),
        (
            {"op": "attention", "project": 6},
            'attention splits a width of 6 among 4 heads, which leaves a rest. Write "heads": one of 1, 2, 3, 6, or '
            'another "project".',
        ),
        (
            {"op": "cross_attention", "project": 4},
            'cross_attention looks at the places of maps, and b gives a vector. Write "pool": "none" in that branch, '
            "or name a vector first: it asks.",
        ),
    ],
)
def test_an_op_that_cannot_join_says_why_and_what_to_do(problems_of, joined, fields, text):
    assert problems_of(joined(**fields)) == {"/fusion": text}


def test_an_op_on_vectors_refuses_a_map(problems_of, joined):
    data = joined(op="concat")
    data["branches"]["b"]["pool"] = "none"

    assert problems_of(data) == {
        "/fusion": 'concat joins vectors, and b gives a map, as it is not pooled. Write a "pool" there, or use '
        "cross_attention."
    }


def test_attention_over_one_place_is_refused(problems_of, joined):
    data = joined("ca", op="cross_attention", project=4)
    data["branches"]["a"] |= {"pool": "none", "resize": [8, 8], "cut": "pool3"}

    assert problems_of(data) == {
        "/fusion": "cross_attention chooses among places, and the map of a has one. Cut earlier, or use a larger input."
    }


def test_tensor_fusion_within_its_budget_is_accepted(graph_of, joined):
    assert fused(graph_of(joined(op="tensor", units=100, budget=15300))) == ((100,), 15300)
