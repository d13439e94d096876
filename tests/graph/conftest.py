"""Backbones made by hand: a chain, a residual net and one with parallel branches, so that graphs need no Keras."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from fusion.errors import BackboneError, InputSizeError
from fusion.graph.making import examine_graph, make_graph
from fusion.graph.nodes import FusionGraph
from fusion.recipe.backbones import Backbone
from fusion.recipe.inputs import Image
from fusion.recipe.reading import examine, from_data
from fusion.skeleton.layers import Layer, Shape, Skeleton


def conv(name: str, parent: str, size: tuple[int, int], inputs: int, outputs: int) -> Layer:
    """A 3x3 convolution with bias."""
    params = 9 * inputs * outputs + outputs
    flops = size[0] * size[1] * outputs * (2 * 9 * inputs + 1)
    return Layer(name, "Conv2D", (parent,), (*size, outputs), params, 0, flops)


def norm(name: str, parent: str, size: tuple[int, int], width: int) -> Layer:
    flops = 2 * size[0] * size[1] * width
    return Layer(name, "BatchNormalization", (parent,), (*size, width), 4 * width, 2 * width, flops)


def plain(name: str, kind: str, parents: str, size: tuple[int, int], width: int) -> Layer:
    return Layer(name, kind, tuple(parents.split()), (*size, width), flops=size[0] * size[1] * width)


def chain(shape: Shape) -> tuple[Layer, ...]:
    """Three convolutions with a pooling after each: 8, 16 and 32 channels."""
    (h, w, c), half = shape, lambda n: n // 2
    one, two, three, four = (h, w), (half(h), half(w)), (h // 4, w // 4), (h // 8, w // 8)
    return (
        Layer("x", "InputLayer", (), shape),
        conv("conv1", "x", one, c, 8),
        plain("pool1", "MaxPooling2D", "conv1", two, 8),
        conv("conv2", "pool1", two, 8, 16),
        plain("pool2", "MaxPooling2D", "conv2", three, 16),
        conv("conv3", "pool2", three, 16, 32),
        plain("pool3", "MaxPooling2D", "conv3", four, 32),
    )


def residual(shape: Shape) -> tuple[Layer, ...]:
    """A stem, a residual block with batch normalisation, and a last convolution."""
    h, w, c = shape
    grid, coarse = (h // 2, w // 2), (h // 4, w // 4)
    return (
        Layer("x", "InputLayer", (), shape),
        conv("stem", "x", grid, c, 8),
        conv("a_conv", "stem", grid, 8, 8),
        norm("a_bn", "a_conv", grid, 8),
        plain("a_add", "Add", "stem a_bn", grid, 8),
        plain("a_out", "ReLU", "a_add", grid, 8),
        conv("b_conv", "a_out", coarse, 8, 16),
        norm("b_bn", "b_conv", coarse, 16),
        plain("b_out", "ReLU", "b_bn", coarse, 16),
    )


def parallel(shape: Shape) -> tuple[Layer, ...]:
    """A stem and two modules of parallel convolutions; those beside each other are listed in turn, as Keras does."""
    h, w, c = shape
    grid = (h // 2, w // 2)
    return (
        Layer("x", "InputLayer", (), shape),
        conv("stem", "x", grid, c, 8),
        conv("left1", "stem", grid, 8, 4),
        conv("right1", "stem", grid, 8, 4),
        conv("right2", "right1", grid, 4, 4),
        plain("mixed1", "Concatenate", "left1 right2", grid, 8),
        conv("left3", "mixed1", grid, 8, 4),
        conv("right3", "mixed1", grid, 8, 4),
        plain("mixed2", "Concatenate", "left3 right3", grid, 8),
    )


def flat(shape: Shape) -> tuple[Layer, ...]:
    """A convolution, then a vector; the map in between has an open size."""
    h, w, c = shape
    return (
        Layer("x", "InputLayer", (), shape),
        conv("conv", "x", (h, w), c, 8),
        Layer("open", "Cropping2D", ("conv",), (None, None, 8)),
        Layer("vector", "GlobalAveragePooling2D", ("open",), (8,)),
    )


ARCHITECTURES = {"Chain": chain, "Residual": residual, "Parallel": parallel, "Flat": flat}


class Tables:
    """A catalogue of the nets above, which want images of 0..255 as they are."""

    def skeleton(self, backbone: Backbone, shape: Shape) -> Skeleton:
        if backbone.arch not in ARCHITECTURES:
            raise BackboneError(f"There is no architecture {backbone.arch!r}.")
        if min(shape[:2]) < 8:
            raise InputSizeError(f"{backbone.arch} needs at least 8x8x3, got {shape}.")
        rows = ARCHITECTURES[backbone.arch](shape)
        return Skeleton(backbone.arch, shape, rows, rows[-1].name, "3.15.1")

    def preprocess(self, backbone: Backbone) -> str:
        return "none" if backbone.preprocess == "auto" else backbone.preprocess

    def needs_preparation(self, backbone: Backbone, image: Image, shape: Shape) -> bool:
        return shape != image.shape or image.range != (0, 255)


ONE = {
    "recipe": 1,
    "name": "one",
    "inputs": {"photo": {"kind": "image", "shape": [32, 32, 3]}},
    "backbones": {"net": {"arch": "Chain", "weights": None}},
    "branches": {"all": {"input": "photo", "backbone": "net", "cut": "pool2"}},
    "head": {"output": {"task": "classification", "classes": 5}},
}
TWO = {
    "recipe": 1,
    "name": "two",
    "inputs": {"photo": {"kind": "image", "shape": [32, 32, 3]}},
    "backbones": {"net": {"arch": "Chain", "weights": None}, "res": {"arch": "Residual", "weights": None}},
    "branches": {
        "left": {"input": "photo", "backbone": "net", "cut": "pool2"},
        "right": {"input": "photo", "backbone": "res", "cut": "b_out"},
    },
    "fusion": {"op": "concat", "from": ["left", "right"]},
    "blocks": {"top": [{"dense": 4, "activation": "relu"}, {"dropout": 0.5}]},
    "head": {"blocks": ["top"], "output": {"task": "classification", "classes": 5}},
}


@pytest.fixture
def one() -> dict[str, Any]:
    """The data of a recipe of one branch."""
    return copy.deepcopy(ONE)


@pytest.fixture
def two() -> dict[str, Any]:
    """The data of a recipe of two branches."""
    return copy.deepcopy(TWO)


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def graph_of(tables) -> Callable[[Any], FusionGraph]:
    """Makes the graph of a recipe's data."""
    return lambda data: make_graph(from_data(data), tables)


@pytest.fixture
def problems_of(tables) -> Callable[[Any], dict[str, str]]:
    """Returns the text of every problem a graph shows, by its place; the names of the recipe are in order."""

    def find(data: Any) -> dict[str, str]:
        read = examine(data)
        assert not read.problems
        found = examine_graph(read.recipe, tables)[1]
        told = {problem.place: problem.text for problem in found}
        assert len(told) == len(found)
        return told

    return find


@pytest.fixture
def phased() -> Callable[..., Any]:
    """Adds to the data of a recipe a phase for each list of selectors."""

    def add(data: Any, *phases: list[Any], **fields: Any) -> Any:
        data["training"] = {
            "phases": [
                {"name": f"phase {number}", "train": train, "epochs": 1, **fields}
                for number, train in enumerate(phases)
            ]
        }
        return data

    return add
