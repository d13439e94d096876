"""Pools whose exponent is learned, from training on stored tensors to a file that opens without this package."""

import subprocess
import sys

import numpy as np
import pytest

from fusion.checking import resolve
from fusion.graph.costs import costs
from fusion.model.addresses import weights
from fusion.model.building import build
from fusion.model.files import load
from fusion.model.selftest import self_test
from fusion.training.evaluation import predict
from fusion.training.runs import train

EXPONENTS = ("texture.pool/exponent/kernel", "shape.pool/exponent/kernel")


@pytest.fixture
def pooling(recipe):
    """Two branches that pool by learned exponents, which train with the head."""
    phase = {"name": "one", "train": ["head"], "epochs": 2, "optimizer": {"learning_rate": 0.05}}
    branches = {
        name: {**branch.model_dump(by_alias=True, exclude_unset=True), "pool": "gem_learned"}
        for name, branch in recipe.branches.items()
    }
    return recipe.replaced(branches=branches, training={"phases": [phase], "batch_size": 16})


def test_exponents_train_with_the_head_and_come_back_from_the_file(pooling, data, tmp_path):
    run = train(pooling, data, out=tmp_path / "run")
    again = load(tmp_path / "run").model

    found = weights(again)
    assert all(found[name][0, 0] != pytest.approx(np.log(3), abs=1e-3) for name in EXPONENTS)
    output = pooling.head.output
    assert predict(run.model, data.test, output) == predict(again, data.test, output)
    assert [each for each in self_test(again, resolve(pooling)) if not each.holds] == []


def test_what_a_learned_exponent_weighs_is_known_before_it_is_built(pooling):
    graph = resolve(pooling)

    assert costs(graph).params == build(pooling).count_params()
    assert {"texture.pool/exponent", "shape.pool/exponent"} <= graph.phases[0].rates.keys()
    assert {each.params for node in graph.nodes if node.kind == "pool" for each in node.weights} == {1}


def test_a_model_with_a_learned_exponent_opens_where_this_package_is_not_known(pooling, tmp_path):
    build(pooling).save(tmp_path / "m.keras")

    code = "import keras, sys; keras.saving.load_model(sys.argv[1]); assert 'fusion' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "m.keras")], check=True, capture_output=True)
