import copy
from collections.abc import Callable
from typing import Any

import pytest

from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe

FULL = {
    "recipe": 1,
    "$schema": "recipe.schema.json",
    "name": "everything",
    "notes": "Every key of the format once.",
    "inputs": {
        "photo": {"kind": "image", "shape": [64, 48, 3], "range": [0, 1]},
        "facts": {"kind": "tabular", "columns": ["rooms", "area"]},
    },
    "backbones": {
        "vgg": {
            "arch": "VGG16",
            "weights": "imagenet",
            "preprocess": "caffe",
            "options": {"alpha": 0.5, "depth": 1, "mode": "x", "minimalistic": True},
        },
        "res": {"arch": "ResNet50", "weights": {"file": "a.weights.h5", "sha256": "0a" * 32}},
        "own": {"arch": "TinyVGG", "weights": None},
    },
    "branches": {
        "left": {
            "input": "photo",
            "resize": [32, 32],
            "backbone": "vgg",
            "cut": "block2_pool",
            "pool": "avg+max",
            "blocks": ["embed"],
        },
        "right": {"input": "photo", "backbone": "res", "cut": ["conv2", "conv3"], "blocks": ["embed"]},
        "third": {"input": "photo", "backbone": "own"},
        "table": {"input": "facts", "blocks": ["mlp"]},
    },
    "fusion": {
        "pair": {"op": "add", "from": ["left", "right"]},
        "all": {"op": "concat", "from": ["pair", "third", "table"]},
    },
    "blocks": {
        "embed": [{"dense": 8, "activation": "relu", "l2": 0.1}],
        "mlp": [{"dense": 4}, {"layer_norm": True}],
        "top": [{"dense": 4}, {"batch_norm": True}, {"dropout": 0.5}],
    },
    "head": {"blocks": ["top"], "output": {"task": "classification", "classes": ["ant", "bee", "fly"]}},
    "training": {
        "augment": {
            "photo": [
                {"flip": "horizontal"},
                {"rotation": 0.05},
                {"zoom": 0.1},
                {"translation": 0.1},
                {"contrast": 0.2},
                {"brightness": 0.2},
            ]
        },
        "phases": [
            {"name": "head first", "train": ["head", "block:mlp"], "epochs": 1},
            {
                "name": "fine-tune",
                "train": ["head", {"part": "vgg[block2_conv1..]", "learning_rate": 1e-05}],
                "epochs": 2,
                "optimizer": {
                    "name": "sgd",
                    "learning_rate": 0.1,
                    "momentum": 0.9,
                    "nesterov": True,
                    "weight_decay": 0.1,
                    "clipnorm": 1.0,
                    "schedule": "cosine",
                    "warmup": 0.1,
                },
                "batchnorm": "train",
                "monitor": "val_accuracy",
                "keep": "last",
                "early_stopping": {"patience": 2, "min_delta": 0.1},
            },
        ],
        "batch_size": 8,
        "seed": 3,
    },
    "x-free": {"anything": [1, {"goes": None}]},
}
JOINED = FULL | {
    "backbones": FULL["backbones"] | {"deep": {"arch": "TinyVGG", "weights": None}},
    "branches": FULL["branches"]
    | {
        "right": {"input": "photo", "backbone": "res", "pool": "avg+max", "features": 64, "normalise": "l2"},
        "third": {"input": "photo", "backbone": "own", "pool": "none"},
        "half": {"from": "third", "resize": [64, 64], "backbone": "deep", "enter": "conv2", "cut": "conv3"},
    },
    "fusion": {
        "pair": {"op": "add", "from": ["left", "right"], "project": 8},
        "looked": {"op": "cross_attention", "from": ["pair", "third"], "heads": 2},
        "alike": {"op": "compare", "from": ["pair", "looked"], "terms": ["cosine", "product"]},
        "gates": {"op": "gated", "from": ["alike", "pair"], "units": 8},
        "ranks": {"op": "low_rank", "from": ["gates", "pair"], "units": 8, "rank": 2},
        "pairs": {"op": "bilinear", "from": ["ranks", "gates"], "units": 8, "budget": 999},
        "products": {"op": "tensor", "from": ["ranks", "pairs"], "units": 8, "budget": 999},
        "tokens": {"op": "attention", "from": ["products", "ranks"], "heads": 2},
        "film": {"op": "film", "from": ["tokens", "table"]},
        "all": {"op": "weighted_sum", "from": ["film", "tokens", "half"]},
    },
    "head": {"blocks": ["top"], "output": {"task": "binary", "logits": True}},
}
"""The same with every op that gives a vector, and what only they and their branches have."""
VOTED = FULL | {
    "fusion": {
        "pair": {"op": "add", "from": ["left", "right"]},
        "all": {"op": "late", "from": ["pair", "third", "table"], "weights": [0.5, 0.3, 0.2]},
    },
    "blocks": {name: FULL["blocks"][name] for name in ("embed", "mlp")},
    "head": {"output": FULL["head"]["output"], "auxiliary": {"pair": 0.3}},
    "training": {"phases": [{"name": "one", "train": ["fusion", "block:mlp"], "epochs": 1}]},
}
"""The same with late fusion, which leaves no place for blocks of the head, and with an auxiliary output."""


@pytest.fixture(scope="module", params=["full", pytest.param("joined", marks=pytest.mark.slow), "voted"])
def either(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Data of recipes that have every key of the format between them."""
    return copy.deepcopy({"full": FULL, "joined": JOINED, "voted": VOTED}[request.param])


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    """The same as `full`, for tests of one module that leave it as it is."""
    return copy.deepcopy(FULL)


@pytest.fixture
def full() -> dict[str, Any]:
    """The data of a recipe that has every key of the format."""
    return copy.deepcopy(FULL)


@pytest.fixture
def voted() -> dict[str, Any]:
    """The data of a recipe whose branches each predict, and are averaged."""
    return copy.deepcopy(VOTED)


@pytest.fixture
def recipe(full) -> Recipe:
    return from_data(full)


@pytest.fixture
def holder() -> Callable[[Any, str], tuple[Any, Any]]:
    """Finds what holds the value at a JSON Pointer, and under which key or index."""

    def find(data: Any, place: str) -> tuple[Any, Any]:
        *above, last = place.split("/")[1:]
        for part in above:
            data = data[int(part)] if isinstance(data, list) else data[part]
        return data, int(last) if isinstance(data, list) else last

    return find


@pytest.fixture
def changed(full, holder) -> Callable[..., Any]:
    """Returns the data of the full recipe with other values at some places: pointers and values in turn."""

    def change(*places_and_values: Any) -> Any:
        for place, value in zip(places_and_values[::2], places_and_values[1::2], strict=True):
            inside, key = holder(full, place)
            inside[key] = value
        return full

    return change
