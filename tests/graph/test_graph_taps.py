"""What a branch may tap of a small classifier: a convolution, a mean of it, and probabilities."""

import pytest

from fusion.graph.making import examine_graph
from fusion.recipe.reading import examine
from fusion.skeleton.layers import Layer, Skeleton


class Classifier:
    """A catalogue of one net that ends in classes."""

    def skeleton(self, backbone, shape):
        rows = (
            Layer("x", "InputLayer", (), shape),
            Layer("conv", "Conv2D", ("x",), (*shape[:2], 8), 224),
            Layer("conv2", "Conv2D", ("conv",), (*shape[:2], 8), 584),
            Layer("mean", "GlobalAveragePooling2D", ("conv2",), (8,)),
            Layer("drop", "Dropout", ("mean",), (8,)),
            Layer("predictions", "Dense", ("drop",), (10,), 90, activation="softmax"),
            Layer("logits", "Dense", ("drop",), (10,), 90, activation="linear"),
            Layer("classes", "Softmax", ("logits",), (10,)),
        )
        return Skeleton(backbone.arch, shape, rows, "classes", "3.15.1")

    def preprocess(self, backbone):
        return "none"

    def needs_preparation(self, backbone, image, shape):
        return False


@pytest.fixture
def tapped(one):
    """Makes the graph of a recipe whose one branch has some fields more, and the problems found."""

    def make(**fields):
        one["branches"]["all"] |= fields
        if "blocks" in fields:
            one["blocks"] = {"embed": [{"dense": 3}]}
        graph, problems = examine_graph(examine(one).recipe, Classifier())
        assert len(set(problems)) == len(problems)
        return graph, {problem.place: problem.text for problem in problems}

    return make


def test_a_vector_is_tapped_as_it_is(tapped):
    graph, problems = tapped(cut="mean", pool="none", normalise="l2", blocks=["embed"])

    assert problems == {}
    assert graph["all.pool"].shape == (8,)
    assert graph["all.embed"].shape == (3,)


def test_several_vectors_are_joined(tapped):
    graph, _ = tapped(cut=["mean", "logits"], pool="none")

    assert graph["all.taps"].shape == (18,)


def test_a_vector_cannot_be_pooled(tapped):
    assert tapped(cut="mean")[1] == {
        "/branches/all/pool": '\'mean\' gives a vector of 8, and there is nothing to pool. Write "pool": "none".'
    }


@pytest.mark.parametrize("cut", ["predictions", "classes"])
def test_probabilities_of_classes_are_no_features(tapped, cut):
    assert tapped(cut=cut, pool="none")[1] == {
        "/branches/all/cut": f"{cut!r} is a softmax over 10 classes: its values add up to one, and what tells images "
        "apart is all but lost in them. Cut at 'mean' (8) or earlier."
    }


def test_a_map_of_one_place_has_no_exponent_to_learn(tapped, one):
    assert tapped(cut="conv", pool="gem_learned")[1] == {}

    one["inputs"]["photo"]["shape"] = [1, 1, 3]
    assert tapped(cut="conv", pool="gem_learned")[1] == {
        "/branches/all/pool": "The map of 'conv' has a single place, whose mean no exponent changes, so there is none to "
        'learn. Write "pool": "avg".'
    }


def test_a_map_goes_through_no_block(tapped):
    assert tapped(cut="conv", pool="none", blocks=["embed"])[1] == {
        "/branches/all/blocks": "Blocks read vectors, and 'conv' gives a map. Pool it, or leave the blocks away."
    }


def test_maps_of_several_cuts_are_not_joined(tapped):
    assert tapped(cut=["conv", "conv2"], pool="none")[1] == {
        "/branches/all/cut": "Maps of several cuts are not joined. Cut at one layer, or pool them."
    }
