"""Where a backbone can be entered, on small tables with each trait that the rules are about."""

import pytest

from fusion.errors import LayerNotFoundError
from fusion.skeleton.cuts import Discarded, discarded, kept
from fusion.skeleton.entrances import entrance, entrances
from fusion.skeleton.layers import Layer, Skeleton


def table(*rows):
    layers = [Layer("x", "InputLayer", (), (32, 32, 3))]
    for name, kind, parents in rows:
        container, dot, _ = name.rpartition(".")
        layers.append(
            Layer(
                name,
                kind,
                tuple(parents.split()),
                (32, 32, 8),
                params=10,
                flops=100,
                container=container if dot else "",
            )
        )
    return Skeleton("table", (32, 32, 3), tuple(layers), layers[-1].name, "3.15.1")


@pytest.fixture
def branched():
    return table(
        ("stem", "Conv2D", "x"),
        ("left", "Conv2D", "stem"),
        ("right", "Conv2D", "stem"),
        ("join", "Concatenate", "left right"),
        ("top", "Conv2D", "join"),
        ("end", "ReLU", "top"),
    )


@pytest.fixture
def nested():
    return table(
        ("stem", "Conv2D", "x"),
        ("block.a", "Conv2D", "stem"),
        ("block.b", "Conv2D", "block.a"),
        ("top", "Conv2D", "block.b"),
    )


def test_every_path_to_the_cut_passes_through_an_entrance(branched):
    assert entrances(branched, ["end"]) == ("stem", "join", "top")
    assert entrances(branched, ["left"]) == ("stem",)


def test_an_entrance_lies_before_every_cut(branched):
    assert entrances(branched, ["left", "end"]) == ("stem",)
    assert entrances(branched, ["join", "end"]) == ("stem",)


def test_an_alias_means_the_layer_it_resolves_to(branched):
    assert entrance(branched, "after:right", ["end"]) == "join"


def test_a_nested_model_is_entered_at_its_output_only(nested):
    assert entrances(nested, ["top"]) == ("stem", "block.b")
    assert entrance(nested, "block", ["top"]) == "block.b"
    with pytest.raises(LayerNotFoundError, match="inside the nested model 'block', which runs as a whole"):
        entrance(nested, "block.a", ["top"])


@pytest.mark.parametrize(
    ("enter", "cut", "text"),
    [
        ("left", "end", "a path to the cut at 'end' goes around it. The nearest .* cut: stem, join."),
        ("left", "right", "the cut at 'right' does not need it. The nearest .* cut: stem."),
        ("end", "join", "the cut at 'join' does not need it. The nearest .* cut: stem."),
        ("end", "end", "it is cut there, and nothing would be left. The nearest .* cut: top."),
        ("stem", "stem", "nothing would be left. No layer is passed on every way to the cut; cut later."),
        ("x", "end", 'that is its input. Give the branch an "input".'),
        ("lft", "end", "has no layer 'lft'. Did you mean 'left'"),
    ],
)
def test_what_is_no_entrance_is_refused_with_the_nearest_that_are(branched, enter, cut, text):
    with pytest.raises(LayerNotFoundError, match=text):
        entrance(branched, enter, [cut], owner="net")


def test_what_is_entered_keeps_what_comes_after_and_up_to_the_cut(branched):
    assert kept(branched, ["top"], "stem") == {"left", "right", "join", "top"}
    assert discarded(branched, ["top"], "stem") == Discarded(layers=3, params=20, flops=200)
