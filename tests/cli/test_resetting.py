"""What is said of a phase that begins with fresh weights."""

import json

import pytest

from fusion.features import planning
from fusion.frontier.rates import Rates

RECIPE = {
    "recipe": 1,
    "name": "price",
    "inputs": {"facts": {"kind": "tabular", "columns": ["area", "rooms"]}},
    "branches": {"all": {"input": "facts", "blocks": ["mlp"]}},
    "blocks": {"mlp": [{"dense": 8, "activation": "relu"}]},
    "head": {"output": {"task": "binary"}},
    "training": {
        "phases": [
            {"name": "once", "train": ["head", "block:mlp"], "epochs": 3},
            {"name": "again", "train": ["head"], "epochs": 3, "reset": ["head"]},
        ]
    },
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "price.json"
    path.write_text(json.dumps(RECIPE))
    return path


def test_check_says_what_begins_with_fresh_weights(run, file):
    _, out, _ = run("check", file)

    once, again = out.splitlines()[1:3]
    assert "fresh" not in once
    assert again.endswith("adam 0.001, head begin with fresh weights")


def test_plan_says_what_begins_with_fresh_weights(run, file, monkeypatch):
    monkeypatch.setattr(planning, "machine_rates", Rates)

    _, out, _ = run("plan", file, "--examples", 100)

    assert "again: trains head (9 weights), after head got fresh weights" in out


def test_a_picture_of_the_phase_says_what_begins_afresh(run, file, tmp_path):
    run("draw", file, "-o", tmp_path / "price.svg", "--phase", 2)

    assert "phase 2 of 2: again, head begun afresh" in (tmp_path / "price.svg").read_text()


def test_a_mistyped_selector_is_told_near_ones(run, file):
    file.write_text(json.dumps(RECIPE).replace('"reset": ["head"]', '"reset": ["block:mpl", "fusion"]'))

    code, _, err = run("check", file)

    assert code == 1
    assert "/training/phases/1/reset/0   There is no block 'mpl'. Did you mean 'mlp'?" in err
    assert "/training/phases/1/reset/1   There is no fusion to reset." in err
