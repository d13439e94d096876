"""Outputs of each kind from a file to a prediction: several labels, several numbers, yes or no."""

import json

import numpy as np
import pytest

CASES = {
    "multilabel": (
        {"task": "multilabel", "classes": ["warm", "wet"]},
        {"columns": ["warm", "wet"]},
        ("accuracy", "auc"),
        2,
    ),
    "regression": (
        {"task": "regression", "units": 2, "standardise": True},
        {"columns": ["price", "rent"]},
        ("mae",),
        2,
    ),
    "binary": ({"task": "binary", "logits": True}, {"column": "kind"}, ("accuracy", "auc"), 1),
}
EVIDENT = {"multilabel": "warm", "regression": None, "binary": "yes"}


@pytest.fixture
def written(tmp_path):
    """A table whose columns a and b say everything, and a recipe that reads them."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 160))
    rows = [
        f"{x:.3f},{y:.3f},{int(x > 0)},{int(y > 0)},{100_000 + 20_000 * x:.0f},{800 + 90 * y:.0f},{'yes' if x > 0 else 'no'}"
        for x, y in zip(a, b, strict=True)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,warm,wet,price,rent,kind", *rows]))

    def write(output, target):
        recipe = {
            "recipe": 1,
            "name": "facts",
            "inputs": {"facts": {"kind": "tabular", "columns": ["a", "b"]}},
            "branches": {"all": {"input": "facts", "blocks": ["mlp"]}},
            "blocks": {"mlp": [{"dense": 8, "activation": "relu"}]},
            "head": {"output": output},
            "training": {
                "batch_size": 16,
                "phases": [
                    {
                        "name": "all",
                        "train": ["block:mlp", "head"],
                        "epochs": 20,
                        "optimizer": {"learning_rate": 0.03},
                    }
                ],
            },
        }
        data = {
            "dataset": 1,
            "table": "t.csv",
            "inputs": {"facts": {"columns": ["a", "b"]}},
            "target": target,
        }
        (tmp_path / "r.json").write_text(json.dumps(recipe))
        (tmp_path / "d.json").write_text(json.dumps(data))
        return tmp_path / "r.json", tmp_path / "d.json"

    return write


@pytest.mark.parametrize("task", CASES)
def test_a_task_is_trained_evaluated_and_predicted(run, written, task, tmp_path):
    output, target, metrics, units = CASES[task]
    recipe, data = written(output, target)

    assert run("train", recipe, "--data", data, "-o", tmp_path / "run")[0] == 0
    judged = json.loads(run("evaluate", tmp_path / "run", "--data", data, "--json")[1])
    (found,) = json.loads(run("predict", tmp_path / "run", "a=2", "b=-2", "--json")[1])

    assert {*metrics} < {*judged}
    assert all(judged[name] > 0.8 for name in metrics if name != "mae")
    assert judged.get("mae", 0) < 2_500
    assert len(found["scores"]) == units
    assert found["label"] == EVIDENT[task]
    if task == "regression":
        assert found["scores"] == pytest.approx([140_000, 620], rel=0.1)
    else:
        assert found["scores"][0] > 0.9
