"""A study of recipes that read a table, so that nothing needs Keras."""

import pytest

from fusion.recipe.recipe import Recipe
from fusion.study.declaration import Study
from fusion.study.records import Listed, Record


@pytest.fixture
def recipe():
    return Recipe(
        name="price",
        inputs={"facts": {"kind": "tabular", "columns": ["area", "rooms"]}},
        branches={"all": {"input": "facts", "blocks": ["mlp"]}},
        blocks={"mlp": [{"dense": 8, "activation": "relu"}]},
        head={"output": {"task": "binary"}},
        training={"phases": [{"name": "all", "train": ["head", "block:mlp"], "epochs": 3}]},
    )


@pytest.fixture
def study(recipe):
    return Study(name="widths", recipe=recipe, axes={"/blocks/mlp/0/dense": [4, 8, 16]}, seeds=3)


@pytest.fixture
def record_of():
    def make(number, arm="base", seed=0, **fields):
        given = {"status": "done", "value": 0.5, "metrics": {"test": {"loss": 0.4, "accuracy": 0.5}}} | fields
        return Record(key=f"{number:032x}", arm=arm, seed=seed, **given)

    return make


@pytest.fixture
def listed_of():
    return lambda record: Listed(record.key, record.arm, record.seed)
