"""A study of recipes that read a table, its records, and the folder of one that ran; nothing needs Keras."""

import json

import pytest

from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import to_json
from fusion.study.arms import ARMS
from fusion.study.declaration import Study
from fusion.study.records import STUDY, Listed, Record, write_list, write_record

RECIPE = Recipe(
    name="price",
    inputs={"facts": {"kind": "tabular", "columns": ["area", "rooms"]}},
    branches={"all": {"input": "facts", "blocks": ["mlp"]}},
    blocks={"mlp": [{"dense": 8, "activation": "relu"}]},
    head={"output": {"task": "binary"}},
    training={"phases": [{"name": "all", "train": ["head", "block:mlp"], "epochs": 3}]},
)


@pytest.fixture
def recipe():
    return RECIPE


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


@pytest.fixture
def write_run(tmp_path):
    def write(name="run", *, seeds=8, cuts=None, **gaps):
        folder = tmp_path / name
        records = [
            Record(
                key=f"{name}{arm}{seed}",
                arm=arm,
                seed=seed,
                status="done",
                value=0.5 + gap + 0.01 * ((seed * (number + 2)) % 5),
                metrics={"test": {"loss": 0.4, "accuracy": 0.5}},
                epochs=3,
                losses=(1.0, 0.2, 0.2, 0.2),
                converged=True,
                flops=1000 + number,
                params=10,
                data=f"{seed}",
                examples="all",
                sizes={"train": 20, "test": 10},
                correct="1" * 5 + "0" * 5,
                versions={"keras": "3"},
            )
            for seed in range(seeds)
            for number, (arm, gap) in enumerate(gaps.items())
        ]
        for record in records:
            write_record(record, folder)
        write_list([Listed(each.key, each.arm, each.seed) for each in records], folder)
        study = Study(name="widths", recipe=RECIPE, seeds=seeds)
        (folder / STUDY).write_text(to_json(study))
        if cuts:
            facts = {
                arm: {
                    "recipe": {"branches": {"all": {"cut": cut}}},
                    "cuts": {"all": {"tap": f"eye/{cut}", "depth": depth}},
                }
                for arm, (cut, depth) in cuts.items()
            }
            (folder / ARMS).write_text(json.dumps(facts))
        return folder

    return write
