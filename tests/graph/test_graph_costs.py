"""Costs against numbers worked out by hand from the tables in conftest.py."""

import pytest

from fusion.graph.costs import PhaseCost, branch_nodes, costs, trainable
from fusion.skeleton.cuts import Discarded

CONV1 = 9 * 3 * 8 + 8
CONV2 = 9 * 8 * 16 + 16
CONV3 = 9 * 16 * 32 + 32
FLOPS1 = 32 * 32 * 8 * (2 * 27 + 1)
POOL1 = 16 * 16 * 8
FLOPS2 = 16 * 16 * 16 * (2 * 72 + 1)
POOL2 = 8 * 8 * 16
FLOPS3 = 8 * 8 * 32 * (2 * 144 + 1)
POOL3 = 4 * 4 * 32
SOFTMAX = 4
"""Operations of each unit of an activation that is no ReLU."""


def part(found, name):
    return next(each for each in found.parts if each.name == name)


def test_one_branch_costs_its_kept_layers_its_pool_and_its_output(graph_of, one):
    found = costs(graph_of(one))

    kept = 32 * 32 * (3 + 8) + POOL1 + 16 * 16 * 16 + POOL2
    output = 16 * 5 + 5
    assert found.params == CONV1 + CONV2 + output
    assert found.statistics == 0
    assert found.flops == FLOPS1 + POOL1 + FLOPS2 + POOL2 + 8 * 8 * 16 + 5 * (2 * 16 + 1 + SOFTMAX)
    assert found.activation_bytes == 4 * (kept + 16 + 5)
    assert found.discarded == Discarded(2, CONV3, FLOPS3 + POOL3)
    assert [each.name for each in found.parts] == ["all", "head"]
    assert part(found, "all").width == 16
    assert part(found, "all").params == CONV1 + CONV2
    assert part(found, "head").params == output


def test_the_parts_of_a_model_of_two_branches_add_up(graph_of, two):
    found = costs(graph_of(two))

    assert [each.name for each in found.parts] == ["left", "right", "fusion", "head"]
    assert sum(each.params for each in found.parts) == found.params
    assert sum(each.flops for each in found.parts) == found.flops
    assert sum(each.activation_bytes for each in found.parts) == found.activation_bytes
    assert (part(found, "fusion").width, part(found, "fusion").params) == (32, 0)
    assert part(found, "head").params == (32 * 4 + 4) + (4 * 5 + 5)
    assert part(found, "right").discarded == Discarded(0, 0, 0)


def test_statistics_of_batch_normalisation_are_counted(graph_of, two):
    two["blocks"]["top"].append({"batch_norm": True})

    assert costs(graph_of(two)).statistics == 2 * 8 + 2 * 16 + 2 * 4


@pytest.fixture
def siamese(one):
    one["inputs"]["other"] = {"kind": "image", "shape": [32, 32, 3]}
    one["branches"]["twin"] = {"input": "other", "backbone": "net", "cut": "pool2", "blocks": ["embed"]}
    one["branches"]["all"]["blocks"] = ["embed"]
    one["blocks"] = {"embed": [{"dense": 3}]}
    one["fusion"] = {"op": "concat", "from": ["all", "twin"]}
    return one


def test_shared_weights_count_once_and_operations_for_every_call(graph_of, siamese):
    found = costs(graph_of(siamese))

    call = FLOPS1 + POOL1 + FLOPS2 + POOL2 + 8 * 8 * 16 + 3 * (2 * 16 + 1)
    assert found.params == CONV1 + CONV2 + (16 * 3 + 3) + (6 * 5 + 5)
    assert found.flops == 2 * call + 5 * (2 * 6 + 1 + SOFTMAX)
    assert part(found, "all").params == part(found, "twin").params == CONV1 + CONV2 + 51
    assert part(found, "all").flops == part(found, "twin").flops == call


def test_discarded_weights_count_once_and_operations_in_every_call(graph_of, siamese):
    assert costs(graph_of(siamese)).discarded == Discarded(2, CONV3, 2 * (FLOPS3 + POOL3))


def test_a_branch_at_another_size_costs_what_that_size_costs(graph_of, siamese):
    siamese["inputs"]["other"]["shape"] = [16, 16, 3]

    found = costs(graph_of(siamese))

    assert part(found, "twin").discarded == Discarded(2, CONV3, (FLOPS3 + POOL3) // 4)
    assert found.discarded.flops == (FLOPS3 + POOL3) * 5 // 4
    dense = 3 * (2 * 16 + 1)
    assert part(found, "twin").flops - dense == (part(found, "all").flops - dense) // 4


def test_a_branch_costs_only_up_to_its_own_cut(graph_of, one):
    one["branches"]["low"] = {"input": "photo", "backbone": "net", "cut": "conv1"}
    one["fusion"] = {"op": "concat", "from": ["all", "low"]}

    found = costs(graph_of(one))

    assert part(found, "low").params == CONV1
    assert part(found, "low").flops == FLOPS1 + 32 * 32 * 8
    assert part(found, "low").discarded == Discarded(
        5, CONV2 + CONV3, POOL1 + FLOPS2 + POOL2 + FLOPS3 + POOL3
    )
    assert part(found, "all").params == CONV1 + CONV2
    assert found.params == CONV1 + CONV2 + (24 * 5 + 5)


def test_a_table_costs_its_normalisation(graph_of, one):
    one["inputs"] = {"facts": {"kind": "tabular", "columns": ["a", "b"]}}
    one["branches"] = {"facts": {"input": "facts"}}
    one["backbones"] = {}

    found = costs(graph_of(one))

    assert (part(found, "facts").params, part(found, "facts").flops, part(found, "facts").width) == (5, 4, 2)
    assert part(found, "facts").discarded is None
    assert (found.params, found.statistics) == (5 + 15, 5)
    assert found.discarded == Discarded(0, 0, 0)


def test_each_phase_tells_how_many_weights_it_trains(graph_of, two, phased):
    graph = graph_of(phased(two, ["head"], ["net[conv2..]"], ["res"], batchnorm="train"))

    head = (32 * 4 + 4) + (4 * 5 + 5)
    res = (9 * 3 * 8 + 8) + (9 * 8 * 8 + 8) + (9 * 8 * 16 + 16) + 2 * 8 + 2 * 16
    assert costs(graph).phases == (
        PhaseCost("phase 0", head),
        PhaseCost("phase 1", CONV2),
        PhaseCost("phase 2", res),
    )
    assert trainable(graph, ["res/a_bn"]) == 16


def test_the_nodes_of_a_branch_lead_from_its_input_to_its_vector(graph_of, two):
    assert [node.name for node in branch_nodes(graph_of(two), "right")] == ["photo", "res", "right.pool"]


def test_a_standardised_output_counts_what_puts_mean_and_deviation_back(graph_of, one):
    one["head"]["output"] = {"task": "regression", "units": 3, "standardise": True}

    graph = graph_of(one)

    assert [(each.address, each.params, each.statistics) for each in graph["output"].weights] == [
        ("output/dense", 51, 0),
        ("output/restore", 7, 7),
    ]
    assert part(costs(graph), "head").flops == 99 + 6


@pytest.mark.parametrize(
    ("output", "flops"), [({"task": "regression", "units": 3}, 99), ({"task": "binary"}, 37)]
)
def test_a_regression_has_no_activation_to_pay_for(graph_of, one, output, flops):
    one["head"]["output"] = output

    assert part(costs(graph_of(one)), "head").flops == flops
