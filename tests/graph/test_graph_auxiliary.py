"""Auxiliary outputs in a graph: nodes of their own, trained with the head, no part of what the model costs."""

import pytest

from fusion.frontier.frontiers import frontier
from fusion.frontier.units import units
from fusion.graph.costs import costs

LEFT, RIGHT, CLASSES = 16, 16, 5


@pytest.fixture
def helped(two):
    two["head"]["auxiliary"] = {"left": 0.3, "right": 0.5}
    return two


def test_an_auxiliary_output_reads_the_vector_of_its_branch(graph_of, helped):
    graph = graph_of(helped)

    assert [node.name for node in graph.auxiliary] == ["left.auxiliary", "right.auxiliary"]
    assert [node.name for node in graph.parents("left.auxiliary")] == ["left.pool"]
    assert graph["left.auxiliary"].shape == (CLASSES,)
    assert graph.weights["left.auxiliary"].params == (LEFT + 1) * CLASSES


def test_what_a_model_costs_leaves_auxiliary_outputs_out(graph_of, two):
    alone = costs(graph_of(two))
    two["head"]["auxiliary"] = {"left": 0.3}
    helped = costs(graph_of(two))

    assert (helped.params, helped.flops, helped.parts) == (alone.params, alone.flops, alone.parts)
    assert [(part.name, part.params) for part in helped.auxiliary] == [
        ("left.auxiliary", (LEFT + 1) * CLASSES)
    ]
    assert alone.auxiliary == ()


def test_the_head_trains_auxiliary_outputs_too(graph_of, helped, phased):
    graph = graph_of(phased(helped, ["head"], ["block:top"]))

    assert list(graph.phases[0].rates) == ["top/dense", "output", "left.auxiliary", "right.auxiliary"]
    assert list(graph.phases[1].rates) == ["top/dense"]
    more = [(LEFT + 1) * CLASSES, (RIGHT + 1) * CLASSES]
    assert costs(graph).phases[0].trainable - sum(more) == 33 * 4 + 4 + 5 * CLASSES - 4


def test_an_auxiliary_output_of_numbers_to_be_standardised_puts_them_back(graph_of, helped):
    helped["head"]["output"] = {"task": "regression", "standardise": True}

    graph = graph_of(helped)

    assert [each.address for each in graph["left.auxiliary"].weights] == [
        "left.auxiliary/dense",
        "left.auxiliary/restore",
    ]


def test_an_auxiliary_output_reads_no_map(problems_of, helped):
    helped["branches"]["left"]["pool"] = "none"
    helped["fusion"] = {"op": "cross_attention", "from": ["right", "left"]}

    assert problems_of(helped)["/head/auxiliary/left"] == (
        "An auxiliary output reads a vector, and 'left' gives a map, as it is not pooled. Write a \"pool\" there."
    )


def test_a_frontier_holds_what_auxiliary_outputs_read(graph_of, two, phased):
    two["head"]["auxiliary"] = {"left": 0.3}
    two["fusion"] = {"op": "gated", "from": ["left", "right"], "units": 4}
    graph = graph_of(phased(two, ["head"]))

    found = frontier(graph, 0, epochs=100)

    # The fusion is frozen: only the auxiliary output needs the vector of a branch.
    assert [tensor.node for tensor in found.tensors] == ["left.pool", "fusion"]
    assert found.suffix == ("head.top", "output", "left.auxiliary")
    assert {"output", "left.auxiliary"} <= units(graph).keys()


def test_an_auxiliary_output_that_no_phase_trains_is_still_run_in_every_epoch(graph_of, two, phased):
    two["head"]["auxiliary"] = {"left": 0.3}

    found = frontier(graph_of(phased(two, ["block:top"])), 0, epochs=100)

    assert "left.auxiliary" in found.suffix
