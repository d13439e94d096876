"""Pyramid levels: as the source names them, else by how coarse a grid is."""

from dataclasses import replace

import pytest

from fusion.errors import LayerNotFoundError
from fusion.skeleton.cuts import resolve
from fusion.skeleton.files import from_json, to_json
from fusion.skeleton.layers import Layer, Skeleton

ROWS = (
    Layer("x", "InputLayer", (), (32, 32, 3)),
    Layer("a", "Conv2D", ("x",), (16, 16, 4)),
    Layer("b", "Conv2D", ("a",), (8, 8, 4)),
    Layer("b2", "Token", ("b",), (8, 8, 4), package="keras_hub"),
    Layer("c", "Conv2D", ("b2",), (4, 4, 4)),
)
TABLE = Skeleton("tiny", (32, 32, 3), ROWS, "c", "3.15.1")


@pytest.mark.parametrize(("level", "layer"), [("P1", "a"), ("P2", "b2"), ("P3", "c")])
def test_a_level_is_the_last_layer_of_its_stride(level, layer):
    assert resolve(TABLE, level) == layer == resolve(TABLE, f"stride:{2 ** int(level[1])}")


def test_a_level_that_the_source_names_is_the_one_it_means():
    table = replace(TABLE, levels=(("P2", "b"), ("stem", "a")))

    assert [resolve(table, level) for level in ("P2", "stem", "P3")] == ["b", "a", "c"]


def test_a_layer_of_that_name_comes_first():
    rows = (*ROWS, Layer("P2", "ReLU", ("c",), (4, 4, 4)))

    assert resolve(replace(TABLE, layers=rows, output="P2"), "P2") == "P2"


def test_a_level_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(
        LayerNotFoundError, match=r"tiny has no stage end with stride '32'. Its strides: 2, 4, 8\."
    ):
        resolve(TABLE, "P5")


def test_levels_packages_and_what_holds_together_are_kept_in_files():
    table = replace(TABLE, levels=(("P2", "b"),), whole=("b2",))

    assert from_json(to_json(table)) == table
