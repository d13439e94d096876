"""Graphs of every topology, over two small backbones whose tables are written here, so that no Keras is needed."""

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import pytest

from fusion.checking import draw
from fusion.drawing.display import Drawing
from fusion.graph.making import make_graph
from fusion.graph.nodes import FusionGraph
from fusion.recipe.backbones import Backbone
from fusion.recipe.inputs import Image
from fusion.recipe.recipe import Recipe
from fusion.skeleton.layers import Layer, Shape, Skeleton

HOSTILE = (
    "<script>alert(\"1\")</script> & 'q' ]]> \u05e9\u05dc\u05d5\u05dd \U0001f98a \x00\x07\u202e "
    + "long " * 60
)


class Tables:
    """A catalogue with a plain and a residual network of four stages."""

    def skeleton(self, backbone: Backbone, shape: Shape) -> Skeleton:
        rows, size, before = [Layer("input", "InputLayer", (), shape)], shape[0], "input"
        for stage in range(1, 5):
            width = 8 * 2**stage
            for step in (1, 2, 3):
                name, map_shape = f"block{stage}_conv{step}", (size, size, width)
                window = {"activation": "linear", "kernel": (3, 3)}
                rows.append(
                    Layer(name, "Conv2D", (before,), map_shape, 9 * width, 0, 18 * width * size, **window)
                )
                rows.append(
                    Layer(
                        f"block{stage}_bn{step}",
                        "BatchNormalization",
                        (name,),
                        map_shape,
                        4 * width,
                        2 * width,
                    )
                )
                after = f"block{stage}_bn{step}"
                if backbone.arch == "Residual" and step > 1:
                    rows.append(Layer(f"block{stage}_add{step}", "Add", (before, after), map_shape))
                    after = f"block{stage}_add{step}"
                before = after
            size //= 2
            rows.append(
                Layer(f"block{stage}_pool", "MaxPooling2D", (before,), (size, size, width), kernel=(2, 2))
            )
            before = f"block{stage}_pool"
        return Skeleton(backbone.arch, shape, tuple(rows), before, "3.15.1")

    def preprocess(self, backbone: Backbone) -> str:
        return {"Plain": "caffe", "Residual": "torch"}[backbone.arch]

    def needs_preparation(self, backbone: Backbone, image: Image, shape: Shape) -> bool:
        return bool(backbone.arch and image.shape and shape)


def image(size: int) -> dict[str, Any]:
    return {"kind": "image", "shape": (size, size, 3)}


def backbone(arch: str = "Plain") -> dict[str, Any]:
    return {"arch": arch, "weights": None}


def phases(*trained: list[str]) -> dict[str, Any]:
    return {"phases": [{"name": f"step {n}", "train": train, "epochs": 1} for n, train in enumerate(trained)]}


def recipe(**parts: Any) -> Recipe:
    head = {"output": {"task": "classification", "classes": 5}}
    return Recipe(**({"name": "a recipe", "inputs": {"photo": image(64)}, "head": head} | parts))


TWO = recipe(
    backbones={"left": backbone(), "right": backbone("Residual")},
    branches={
        "texture": {"input": "photo", "resize": (32, 32), "backbone": "left", "cut": "block3_pool"},
        "shape": {
            "input": "photo",
            "backbone": "right",
            "cut": ["block2_pool", "block4_conv1"],
            "pool": "max",
        },
    },
    fusion={"op": "concat", "from": ["texture", "shape"]},
    blocks={"top": [{"dense": 64, "activation": "relu"}, {"dropout": 0.3}]},
    head={"blocks": ["top"], "output": {"task": "classification", "classes": 5}},
    training=phases(["head"], ["head", "left[block3_conv1..]", "right[block2_conv2..]"]),
)
SIAMESE = recipe(
    inputs={"left": image(64), "right": image(64)},
    backbones={"eye": backbone()},
    branches={
        side: {"input": side, "backbone": "eye", "cut": "block3_conv3", "blocks": ["embed"]}
        for side in ("left", "right")
    },
    blocks={"embed": [{"dense": 32}, {"batch_norm": True}]},
    fusion={"op": "multiply", "from": ["left", "right"]},
    head={"output": {"task": "binary"}},
    training=phases(["head", "block:embed"]),
)
TABLE = recipe(
    inputs={"photo": image(64), "facts": {"kind": "tabular", "columns": ["rooms", "area"]}},
    backbones={"eye": backbone()},
    branches={
        "picture": {"input": "photo", "backbone": "eye", "cut": "block2_pool", "pool": "avg+max"},
        "numbers": {"input": "facts", "blocks": ["mlp"]},
        "raw": {"input": "facts"},
    },
    blocks={"mlp": [{"dense": 16, "activation": "relu"}, {"layer_norm": True}, {"dropout": 0.1}]},
    fusion={"op": "concat", "from": ["numbers", "picture", "raw"]},
    head={"output": {"task": "regression"}},
)
SIX = recipe(
    backbones={f"b{n}": backbone("Residual" if n % 2 else "Plain") for n in range(6)},
    branches={f"v{n}": {"input": "photo", "backbone": f"b{n}", "blocks": [f"p{n}"]} for n in range(6)},
    blocks={f"p{n}": [{"dense": 8}] for n in range(6)},
    fusion={
        "early": {"op": "add", "from": ["v0", "v3"]},
        "late": {"op": "average", "from": ["v5", "v4", "v1"]},
        "mix": {"op": "maximum", "from": ["early", "v2"]},
        "all": {"op": "concat", "from": ["late", "mix", "early"]},
    },
    head={"output": {"task": "multilabel", "classes": 3}},
    training=phases(["head", "b0", "b1[block3_pool..]"]),
)
FOUR = recipe(
    inputs={side: image(64) for side in ("north", "east", "south", "west")},
    backbones={"eye": backbone("Residual"), "other": backbone()},
    branches={
        "n": {
            "input": "north",
            "backbone": "eye",
            "cut": ["block1_pool", "block2_pool", "block3_pool", "last"],
        },
        "e": {"input": "east", "backbone": "eye", "cut": "block2_pool"},
        "s": {"input": "south", "backbone": "eye", "cut": "block2_pool", "pool": "flatten"},
        "w": {"input": "west", "backbone": "other", "cut": "block1_bn1"},
        "ee": {"input": "east", "backbone": "other", "cut": "last"},
    },
    fusion={"op": "concat", "from": ["w", "n", "ee", "e", "s"]},
    head={"output": {"task": "binary"}},
    training=phases(["eye", "other[block1_conv1..block1_conv1]"]),
)
SIZES = recipe(
    backbones={"eye": backbone()},
    branches={
        "big": {"input": "photo", "backbone": "eye", "cut": "block3_pool"},
        "small": {"input": "photo", "resize": (32, 32), "backbone": "eye", "cut": "block3_pool"},
    },
    fusion={"op": "add", "from": ["small", "big"]},
    head={"output": {"task": "binary"}},
    training=phases(["eye"]),
)
BLOCK = recipe(
    backbones={"a": backbone(), "b": backbone("Residual")},
    branches={
        "one": {"input": "photo", "backbone": "a", "cut": "block4_pool", "blocks": ["same", "then"]},
        "two": {"input": "photo", "backbone": "b", "cut": "block4_pool", "blocks": ["then", "same"]},
    },
    blocks={"same": [{"dense": 128}], "then": [{"dense": 128}]},
    fusion={"op": "add", "from": ["one", "two"]},
    head={"output": {"task": "binary"}},
)
MIXED = recipe(
    backbones={"eye": backbone()},
    branches={"only": {"input": "photo", "backbone": "eye", "cut": "block1_bn2"}},
    blocks={"top": [{"dense": 8}]},
    head={"blocks": ["top"], "output": {"task": "binary"}},
    training={
        "phases": [
            {"name": "some", "train": ["eye[block1_conv1..block1_conv1]"], "epochs": 1, "batchnorm": "train"},
            {"name": "middle", "train": ["eye[block1_bn1..block1_bn1]"], "epochs": 1, "batchnorm": "train"},
        ]
    },
)
NAMES = recipe(
    name=HOSTILE,
    inputs={"i" * 64: image(64)},
    backbones={"b" * 64: backbone() | {"weights": {"file": HOSTILE.replace("\x00", "")}}},
    branches={
        "v" * 64: {"input": "i" * 64, "backbone": "b" * 64, "cut": "block2_pool", "blocks": ["t" * 64]}
    },
    blocks={"t" * 64: [{"dense": 8}]},
    head={"output": {"task": "classification", "classes": ["<a>", "&b"]}},
    training={"phases": [{"name": HOSTILE, "train": ["head"], "epochs": 1}]},
)
VECTOR = recipe(
    inputs={"facts": {"kind": "tabular", "columns": ["a"]}},
    branches={"only": {"input": "facts"}},
    head={"output": {"task": "regression", "units": 3}},
)
OPS = recipe(
    inputs={"photo": image(64), "facts": {"kind": "tabular", "columns": ["a", "b"]}},
    backbones={"plain": {"arch": "Plain", "weights": None}, "res": {"arch": "Residual", "weights": None}},
    branches={
        "mean": {
            "input": "photo",
            "backbone": "plain",
            "cut": "block2_pool",
            "pool": "gem",
            "normalise": "l2",
        },
        "grid": {"input": "photo", "backbone": "res", "cut": "block3_pool", "features": 256},
        "places": {"input": "photo", "backbone": "res", "cut": "block4_pool", "pool": "none"},
        "table": {"input": "facts"},
    },
    fusion={
        "looked": {"op": "cross_attention", "from": ["table", "places"], "project": 32},
        "gates": {"op": "gated", "from": ["mean", "grid", "looked"], "units": 24},
        "alike": {
            "op": "compare",
            "from": ["gates", "mean"],
            "project": 8,
            "terms": ["abs_diff", "product", "cosine"],
        },
        "summed": {"op": "weighted_sum", "from": ["looked", "grid"], "project": 16},
        "filmed": {"op": "film", "from": ["alike", "summed"]},
        "ranks": {"op": "low_rank", "from": ["filmed", "gates"], "units": 16, "rank": 2},
        "products": {"op": "tensor", "from": ["ranks", "summed"], "units": 16},
        "pairs": {"op": "bilinear", "from": ["products", "summed"], "units": 16},
        "tokens": {"op": "attention", "from": ["pairs", "products", "ranks"]},
        "all": {"op": "concat", "from": ["tokens", "gates"], "project": 16},
    },
    head={"output": {"task": "binary", "logits": True}},
    training={"phases": [{"name": "one", "train": ["head", "fusion:gates"], "epochs": 1}]},
)
VOTES = recipe(
    backbones={"left": backbone(), "right": backbone("Residual")},
    branches={
        "texture": {"input": "photo", "backbone": "left", "cut": "block2_pool", "blocks": ["top"]},
        "shape": {"input": "photo", "backbone": "right", "cut": "block4_pool"},
        "grain": {"input": "photo", "backbone": "left", "cut": "block1_pool"},
    },
    blocks={"top": [{"dense": 16, "activation": "relu"}]},
    fusion={
        "near": {"op": "concat", "from": ["texture", "grain"]},
        "vote": {"op": "late", "from": ["near", "shape"], "weights": "learned"},
    },
    head={
        "output": {"task": "classification", "classes": 5},
        "auxiliary": {"grain": 0.3, "near": 0.5, "texture": 1},
    },
    training=phases(["fusion", "head"], ["block:top"]),
)
STITCHED = recipe(
    backbones={"one": backbone(), "two": backbone("Residual"), "three": backbone()},
    branches={
        "front": {"input": "photo", "backbone": "one", "cut": "block2_pool"},
        "middle": {
            "of": "front",
            "backbone": "two",
            "enter": "block3_bn1",
            "cut": "block3_pool",
            "pool": "none",
        },
        "back": {
            "of": "middle",
            "backbone": "three",
            "enter": "block1_pool",
            "cut": ["block2_conv2", "last"],
        },
    },
    fusion={"op": "concat", "of": ["front", "back"]},
    training=phases(["head", "stitch:two", "three[block3_conv1..]"], ["two"]),
)
HALVES = recipe(
    inputs={side: image(64) for side in ("left", "right", "middle")},
    backbones={"one": backbone(), "two": backbone("Residual")},
    branches={
        **{
            side: {"input": side, "backbone": "one", "cut": "block2_pool", "pool": "none"}
            for side in ("left", "right", "middle")
        },
        **{
            f"{side}_end": {"of": side, "backbone": "two", "enter": "block3_pool", "blocks": ["embed"]}
            for side in ("left", "right", "middle")
        },
    },
    blocks={"embed": [{"dense": 32}]},
    fusion={"op": "concat", "of": ["left_end", "right_end", "middle_end"]},
    training=phases(["head", "stitch:two"]),
)
RECIPES = {
    "two": TWO,
    "siamese": SIAMESE,
    "table": TABLE,
    "six": SIX,
    "four": FOUR,
    "sizes": SIZES,
    "block": BLOCK,
    "mixed": MIXED,
    "names": NAMES,
    "vector": VECTOR,
    "ops": OPS,
    "votes": VOTES,
    "stitched": STITCHED,
    "halves": HALVES,
}
QUICK = {("two", 1), ("siamese", 0), ("table", 0), ("names", 0), ("votes", 1)}
"""The cases that are always tested; the others are slow, in number."""
CASES = [
    pytest.param(
        (name, phase), id=f"{name}-{phase}", marks=() if (name, phase) in QUICK else pytest.mark.slow
    )
    for name, each in RECIPES.items()
    for phase in range(len(each.training.phases) if each.training else 1)
]
LOOKS: dict[str, dict[str, Any]] = {
    "branch": {},
    "stage": {"level": "stage"},
    "layer": {"level": "layer"},
    "all-layers": {"level": "layer", "expand": "all"},
    "paper": {"style": "paper"},
    "paper-stage": {"style": "paper", "level": "stage"},
    "paper-layer": {"style": "paper", "level": "layer"},
}
EACH = [
    pytest.param((name, look), id=f"{name}-{look}", marks=() if number % 7 == 0 else pytest.mark.slow)
    for number, (name, look) in enumerate(product(RECIPES, LOOKS))
]
"""Every topology in every look, of which a few are always tested."""


@pytest.fixture(scope="session")
def graph_of() -> Callable[[Recipe], FusionGraph]:
    return lambda recipe: make_graph(recipe, Tables())


@pytest.fixture(scope="session")
def topologies(graph_of: Callable[[Recipe], FusionGraph]) -> dict[str, FusionGraph]:
    """Every topology by its name."""
    return {name: graph_of(each) for name, each in RECIPES.items()}


@pytest.fixture(scope="session", params=CASES)
def case(request: pytest.FixtureRequest, topologies: dict[str, FusionGraph]) -> tuple[FusionGraph, int]:
    """Every topology in every phase."""
    name, phase = request.param
    return topologies[name], phase


@pytest.fixture(scope="session", params=LOOKS.values(), ids=LOOKS)
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Every level, also with all that is kept open, and pages of other shapes."""
    look: dict[str, Any] = request.param
    return look


@pytest.fixture(scope="session", params=EACH)
def drawing(request: pytest.FixtureRequest, topologies: dict[str, FusionGraph]) -> Drawing:
    """The picture of every topology in every look, in its last phase."""
    name, look = request.param
    graph = topologies[name]
    return draw(graph, phase=max(len(graph.phases) - 1, 0), **LOOKS[look]).drawing


@pytest.fixture
def topology(topologies: dict[str, FusionGraph]) -> Callable[[str], FusionGraph]:
    return topologies.__getitem__


@pytest.fixture(scope="session")
def drawn(topologies: dict[str, FusionGraph]) -> Callable[..., Drawing]:
    """Draws a topology in its last phase, each picture once however often it is asked for."""

    @cache
    def found(name: str, **look: Any) -> Drawing:
        graph = topologies[name]
        return draw(graph, phase=max(len(graph.phases) - 1, 0), **look).drawing

    return found


EVERY = [
    pytest.param(name, marks=() if name in {name for name, _ in QUICK} else pytest.mark.slow)
    for name in RECIPES
]


@pytest.fixture(params=EVERY)
def name(request: pytest.FixtureRequest) -> str:
    """The name of every topology."""
    found: str = request.param
    return found
