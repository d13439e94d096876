"""Late fusion comes last: only a head without blocks reads it, and its weights are the fusion's."""

import pytest

from fusion.recipe.reading import examine, from_data
from fusion.recipe.weighing import Late
from fusion.recipe.writing import to_data


def found(data):
    return {problem.place: problem.text for problem in examine(data).problems}


@pytest.mark.parametrize("weights", [None, "learned", [0.2, 0.3, 0.5]])
def test_predictions_are_averaged_alike_by_learned_weights_or_by_given_ones(voted, weights):
    voted["fusion"]["all"]["weights"] = weights

    again = to_data(from_data(voted))["fusion"]["all"]

    assert again.get("weights") == weights
    assert found(voted) == {}


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ("learnt", "Weights are positive numbers, one a source, or \"learned\", got 'learnt'."),
        ([1, 0, 0], 'Weights are positive numbers, one a source, or "learned", got [1, 0, 0].'),
        ([True, 0.5, 0.5], 'Weights are positive numbers, one a source, or "learned", got [True, 0.5, 0.5].'),
        ([0.5, 0.5], "There are 3 sources and 2 weights; write one for each."),
        (
            [3, 4, 1],
            "The weights add up to 8, not to 1; in these proportions they are about [0.375, 0.5, 0.125].",
        ),
    ],
)
def test_weights_are_one_positive_number_a_source_and_add_up_to_one(voted, weights, text):
    voted["fusion"]["all"]["weights"] = weights

    assert found(voted) == {"/fusion/all/weights": text}


def test_weights_in_thirds_add_up_to_one():
    assert Late(of=("a", "b", "c"), weights=(0.3333333, 0.3333333, 0.3333333)).shares[0] == 0.3333333


def test_no_node_reads_predictions(voted):
    voted["fusion"]["more"] = {"op": "concat", "from": ["all", "left"]}

    assert found(voted) == {
        "/fusion/more/from/0": "'all' is late: it gives predictions, which only the head reads, and 'more' joins "
        "vectors. Name pair, third, table here, or write another op than \"late\" in 'all'."
    }


def test_the_head_has_no_blocks_after_predictions(voted, full):
    voted["blocks"]["top"], voted["head"]["blocks"] = full["blocks"]["top"], ["top"]

    assert found(voted) == {
        "/head/blocks": "The head reads 'all', which is late and gives predictions, so nothing comes after it but "
        'the output. Move top into the "blocks" of branches, each with one of its own.'
    }


def test_a_head_without_weights_is_no_selector(voted):
    voted["training"]["phases"][0]["train"] = ["fusion", {"part": "head", "learning_rate": 0.1}]

    assert found(voted) == {
        "/training/phases/0/train/1": "The head has no weights here: it reads 'all', which is late and has the output "
        "layers. Write 'fusion'."
    }


def test_what_reads_late_fusion_is_not_judged_where_a_node_cannot_be_read(voted, full):
    voted["blocks"]["top"], voted["head"]["blocks"] = full["blocks"]["top"], ["top"]
    voted["fusion"]["more"] = {"op": "conct", "from": ["all", "left"]}

    assert list(found(voted)) == ["/fusion/more/op"]
