"""What begins a phase with fresh weights."""

import pytest


@pytest.fixture
def pretrained(two):
    """The recipe with weights for both backbones, which nobody looks for here."""
    for backbone in two["backbones"].values():
        backbone["weights"] = "imagenet"
    return two


def reset_of(graph, phase=0):
    return [address for address in graph.weights if graph.phases[phase].is_reset(address)]


@pytest.mark.parametrize(
    ("selector", "addresses"),
    [
        ("head", ["top/dense", "output"]),
        ("net[pool1..]", ["net/conv2"]),
        ("res", ["res/stem", "res/a_conv", "res/a_bn", "res/b_conv", "res/b_bn"]),
    ],
)
def test_a_selector_picks_what_begins_afresh_with_its_statistics(
    graph_of, pretrained, phased, selector, addresses
):
    graph = graph_of(phased(pretrained, ["head", "net", "res"], reset=[selector]))

    assert reset_of(graph) == addresses


def test_what_is_reset_trains_its_batch_normalisation_and_what_is_not_leaves_it_in_inference(
    graph_of, pretrained, phased
):
    data = phased(pretrained, ["head", "res"], ["head", "res"])
    data["training"]["phases"][1]["reset"] = ["res[a_conv..a_add]"]

    before, after = (list(plan.rates) for plan in graph_of(data).phases)

    assert [each for each in after if each not in before] == ["res/a_bn"]


def test_what_begins_afresh_and_stays_random_is_refused(problems_of, pretrained, phased):
    data = phased(pretrained, ["head", "res[a_out..]"], ["head"], reset=["head"])
    data["training"]["phases"][1]["reset"] = ["head", "res[a_conv..]"]

    assert problems_of(data) == {
        "/training/phases/1/reset/1": "'res[a_conv..]' gives 'res/a_conv', with 3 more, fresh weights, and no phase from "
        "here on trains that, so it would stay random. Train it or reset less; a backbone that is random on purpose has "
        '"weights": null.'
    }


def test_what_trains_later_may_begin_afresh_while_it_is_frozen(graph_of, pretrained, phased):
    data = phased(pretrained, ["head"], ["head", "net"])
    data["training"]["phases"][0]["reset"] = ["net"]

    assert reset_of(graph_of(data)) == ["net/conv1", "net/conv2"]


def test_a_backbone_that_is_random_on_purpose_may_stay_so(graph_of, pretrained, phased):
    pretrained["backbones"]["net"]["weights"] = None

    assert reset_of(graph_of(phased(pretrained, ["head"], reset=["net"]))) == ["net/conv1", "net/conv2"]


def test_a_selector_of_no_weights_has_nothing_to_reset(problems_of, pretrained, phased):
    assert problems_of(phased(pretrained, ["head", "net"], reset=["net[pool1]"])) == {
        "/training/phases/0/reset/0": "'net[pool1]' matches no weights; name layers that have some, such as convolutions."
    }
