"""Recipes over nets made by hand, so that frontiers need no Keras, and all cuts of a small graph."""

from dataclasses import replace
from itertools import product

import pytest

from fusion.frontier.cuts import Price
from fusion.graph.making import make_graph
from fusion.recipe.reading import from_data
from fusion.skeleton.layers import Layer, Skeleton


def conv(name, parent, side, inputs, outputs):
    params = 9 * inputs * outputs + outputs
    return Layer(name, "Conv2D", (parent,), (side, side, outputs), params, 0, side**2 * outputs * 18 * inputs)


def plain(name, kind, parents, side, width):
    flops = 0 if kind in {"Dropout", "ZeroPadding2D"} else side**2 * width
    return Layer(name, kind, tuple(parents.split()), (side, side, width), flops=flops)


def norm(name, parent, side, width):
    flops = 2 * side**2 * width
    return Layer(name, "BatchNormalization", (parent,), (side, side, width), 4 * width, 2 * width, flops)


def chain(side, width):
    """Three convolutions with a pooling after each; a dropout before the last."""
    half, quarter = side // 2, side // 4
    return (
        Layer("x", "InputLayer", (), (side, side, width)),
        conv("conv1", "x", side, width, 8),
        plain("pool1", "MaxPooling2D", "conv1", half, 8),
        conv("conv2", "pool1", half, 8, 16),
        plain("pool2", "MaxPooling2D", "conv2", quarter, 16),
        plain("drop", "Dropout", "pool2", quarter, 16),
        conv("conv3", "drop", quarter, 16, 32),
        plain("pool3", "MaxPooling2D", "conv3", quarter // 2, 32),
    )


def residual(side, width):
    """A block whose shortcut is a convolution too, and whose other path ends in a small map."""
    half = side // 2
    return (
        Layer("x", "InputLayer", (), (side, side, width)),
        conv("stem", "x", side, width, 8),
        conv("short", "stem", half, 8, 16),
        conv("a", "stem", half, 8, 4),
        norm("a_bn", "a", half, 4),
        conv("b", "a_bn", half, 4, 16),
        plain("add", "Add", "short b", half, 16),
        plain("out", "ReLU", "add", half, 16),
    )


def inception(side, width):
    """Three paths side by side, each of two convolutions."""
    half = side // 2
    return (
        Layer("x", "InputLayer", (), (side, side, width)),
        conv("stem", "x", side, width, 16),
        conv("l1", "stem", half, 16, 4),
        conv("m1", "stem", half, 16, 4),
        conv("r1", "stem", half, 16, 4),
        conv("l2", "l1", half, 4, 8),
        conv("m2", "m1", half, 4, 8),
        conv("r2", "r1", half, 4, 8),
        plain("mixed", "Concatenate", "l2 m2 r2", half, 24),
    )


def dense(side, width):
    """A block in which every layer reads all before it."""
    half = side // 2
    return (
        Layer("x", "InputLayer", (), (side, side, width)),
        conv("stem", "x", half, width, 16),
        conv("one", "stem", half, 16, 8),
        plain("cat1", "Concatenate", "stem one", half, 24),
        conv("two", "cat1", half, 24, 8),
        plain("cat2", "Concatenate", "cat1 two", half, 32),
        norm("bn", "cat2", half, 32),
        conv("three", "bn", half, 32, 8),
        plain("cat3", "Concatenate", "cat2 three", half, 40),
    )


def odd(side, width):
    """Layers between two convolutions of which little is known, and a map of half precision and open size."""
    return (
        Layer("x", "InputLayer", (), (side, side, width)),
        conv("conv1", "x", side, width, 8),
        replace(plain("half", "Cast", "conv1", side, 8), dtype="float16", flops=0),
        replace(plain("open", "Crop", "half", side, 8), shape=(None, None, 8), flops=10**6),
        plain("turn", "RandomRotation", "open", side, 8),
        replace(plain("own", "Drop", "turn", side, 8), package="mine"),
        conv("conv2", "own", side, 8, 8),
    )


ARCHITECTURES = {"Chain": chain, "Residual": residual, "Inception": inception, "Dense": dense, "Odd": odd}


class Tables:
    """A catalogue of the nets above, which want images of 0..255 as they are."""

    def skeleton(self, backbone, shape):
        rows = ARCHITECTURES[backbone.arch](shape[0], shape[2])
        return Skeleton(backbone.arch, shape, rows, rows[-1].name, "3.15.1")

    def preprocess(self, backbone):
        return "none"

    def needs_preparation(self, backbone, image, shape):
        return shape != image.shape or image.range != (0, 255)


def recipe(arch="Chain", cut="last", **changes):
    """The data of a recipe of one branch and a head of a dense layer and a dropout."""
    return {
        "recipe": 1,
        "name": "one",
        "inputs": {"photo": {"kind": "image", "shape": [16, 16, 3]}},
        "backbones": {"net": {"arch": arch, "weights": None}},
        "branches": {"all": {"input": "photo", "backbone": "net", "cut": cut}},
        "blocks": {"top": [{"dense": 4, "activation": "relu"}, {"dropout": 0.5}]},
        "head": {"blocks": ["top"], "output": {"task": "binary"}},
        **changes,
    }


def phased(data, *phases, epochs=10, augment=None, **fields):
    """Gives the data of a recipe a phase for each list of selectors."""
    data["training"] = {
        "phases": [
            {"name": f"phase {number}", "train": train, "epochs": epochs, **fields}
            for number, train in enumerate(phases)
        ],
        **({"augment": augment} if augment else {}),
    }
    return data


@pytest.fixture
def graph_of():
    """Makes the graph of a recipe's data."""
    return lambda data: make_graph(from_data(data), Tables())


@pytest.fixture
def phase_graph(graph_of):
    """Makes the graph of one branch over an architecture, with a phase for each list of selectors."""

    def make(arch, *phases, cut="last", **fields):
        return graph_of(phased(recipe(arch, cut), *phases, **fields))

    return make


@pytest.fixture
def data_of():
    return recipe


@pytest.fixture
def with_phases():
    return phased


@pytest.fixture
def least_cost():
    """Returns the least cost of all ways to have what varies, each frozen tensor being read or computed."""

    def find(prices: dict[str, Price], varying):
        frozen = [name for name in prices if name not in varying]
        return min(
            _cost(prices, varying, dict(zip(frozen, choice, strict=True)))
            for choice in product((0, 1), repeat=len(frozen))
        )

    return find


def _cost(prices, varying, computed):
    runs = {*varying, *(name for name, again in computed.items() if again)}
    read = {parent for name in runs for parent in prices[name].parents} - runs
    loads = [prices[name].load for name in read]
    if None in loads:
        return float("inf")
    return sum(loads) + sum(prices[name].run for name in runs - set(varying))
