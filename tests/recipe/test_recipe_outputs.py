"""Late fusion comes last, read by a bare head; auxiliary outputs read branches or nodes that are joined to others."""

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
    del voted["head"]["auxiliary"]

    assert found(voted) == {
        "/training/phases/0/train/1": "The head has no weights here: it reads 'all', which is late and has the output "
        "layers. Write 'fusion'."
    }


def test_what_reads_late_fusion_is_not_judged_where_a_node_cannot_be_read(voted, full):
    voted["blocks"]["top"], voted["head"]["blocks"] = full["blocks"]["top"], ["top"]
    voted["fusion"]["more"] = {"op": "conct", "from": ["all", "left"]}

    assert list(found(voted)) == ["/fusion/more/op"]


@pytest.fixture
def helped(full):
    full["head"]["auxiliary"] = {"left": 0.3, "pair": 1}
    return full


def test_auxiliary_outputs_read_branches_and_fusion_nodes(helped):
    helped["training"]["phases"][0]["monitor"] = "val_loss.pair"

    assert found(helped) == {}
    assert to_data(from_data(helped))["head"]["auxiliary"] == {"left": 0.3, "pair": 1.0}


def test_a_head_without_auxiliary_outputs_does_not_write_them(full):
    assert "auxiliary" not in to_data(from_data(full))["head"]


@pytest.mark.parametrize(
    ("auxiliary", "place", "text"),
    [
        (
            {"lefd": 0.3},
            "lefd",
            "There is no branch or fusion node 'lefd'. Did you mean 'left'? Declared: left, right",
        ),
        ({"left": 0}, "left", "Expected more than 0.0, got 0."),
        ({"left": -0.3}, "left", "Expected more than 0.0, got -0.3."),
        ({"left": "much"}, "left", "Expected a number, got 'much'."),
        (
            {"all": 0.3},
            "all",
            "The head reads 'all' itself, so an auxiliary output there would learn what the main one",
        ),
    ],
)
def test_an_auxiliary_output_that_cannot_be_is_refused(full, auxiliary, place, text):
    full["head"]["auxiliary"] = auxiliary

    told = found(full)

    assert list(told) == [f"/head/auxiliary/{place}"]
    assert told[f"/head/auxiliary/{place}"].startswith(text)


def test_the_only_branch_has_no_auxiliary_output(full):
    full["branches"] = {"left": full["branches"]["left"]}
    full["head"]["auxiliary"] = {"left": 0.3}
    del full["fusion"]

    assert found(full)["/head/auxiliary/left"].startswith("The head reads 'left' itself")


def test_the_loss_of_an_auxiliary_output_that_is_not_there_is_not_monitored(helped):
    helped["training"]["phases"][0]["monitor"] = "val_loss.third"

    told = found(helped)["/training/phases/0/monitor"]
    assert told.startswith("A classification does not report 'val_loss.third'.")
    assert "loss.pair" in told


def test_beside_late_fusion_the_head_is_its_auxiliary_outputs(voted):
    voted["head"]["auxiliary"] = {"third": 0.3}
    voted["training"]["phases"][0]["train"] = ["head", "fusion"]

    assert found(voted) == {}


def test_a_phase_does_not_train_auxiliary_outputs_alone(voted):
    voted["head"]["auxiliary"] = {"third": 0.3}
    voted["training"]["phases"][0]["train"] = ["head"]

    assert found(voted) == {
        "/training/phases/0/train": "The head has auxiliary outputs alone, which predict nothing: it reads 'all', "
        "which is late and has the output layers. Write 'fusion' too."
    }


def test_a_branch_that_only_a_stitch_reads_has_no_auxiliary_output(full):
    full["branches"]["third"] = {"from": "left", "backbone": "own", "enter": "block1_pool"}
    full["fusion"]["pair"]["from"] = ["right", "table"]
    full["fusion"]["all"]["from"] = ["pair", "third"]
    full["branches"]["left"].pop("blocks")
    full["head"]["auxiliary"] = {"left": 0.3}

    assert found(full)["/head/auxiliary/left"] == (
        "Branch 'left' gives a map, which another branch reads, and no vector. Name that one, or join 'left' in the "
        "fusion as well."
    )


def test_what_stands_in_for_a_selector_that_cannot_be_read_is_not_judged(voted):
    del voted["head"]["auxiliary"]
    voted["training"]["phases"][0]["train"] = ["fusion", {"part": "fusion", "learning_rate": -1}]

    assert list(found(voted)) == ["/training/phases/0/train/1/learning_rate"]
