"""A study of where to cut, from its file to its report."""

import json

import keras
import pytest

from fusion.backbones.loading import load
from fusion.study.results import load_results


@pytest.fixture
def cut_study(recipe_file, tmp_path):
    keras.utils.set_random_seed(5)
    eye = load("TinyVGG", shape=(16, 16, 3), weights=None, options={"width": 4})
    eye.save_weights(tmp_path / "eye.weights.h5")
    weights = {"file": "eye.weights.h5"}
    recipe_file(backbones={"eye": {"arch": "TinyVGG", "weights": weights, "options": {"width": 4}}})
    study = {
        "study": 1,
        "name": "where to cut",
        "recipe": "r.json",
        "cuts": {
            "backbone": "eye",
            "at": ["block1_pool", "block2_pool"],
            "arms": ["frozen", "control", "scratch"],
        },
        "reference": "scratch",
        "seeds": 2,
    }
    (tmp_path / "s.json").write_text(json.dumps(study))
    return tmp_path / "s.json"


def test_a_study_of_cuts_is_planned_run_and_reported_by_layer(run, cut_study, photos, tmp_path):
    out = tmp_path / "run"

    assert "3 after 3" in run("study", "plan", cut_study, "--examples", 42)[1]
    status, said, err = run("study", "run", cut_study, "--data", photos, "-o", out)
    assert status == 0, err
    assert "all 12 trials ran" in said

    done = load_results(out).done
    assert {record.epochs for record in done} == {3}
    assert "holds   budget: Every trial had 3 epochs." in run("study", "compare", out)[1]
    # Under the last layer that is kept nothing but the head is left to begin anew.
    assert {record.trainable for record in done if record.arm == "frozen@block2_pool"} == {2 * 8 + 2}
    run("study", "report", out, "-o", tmp_path / "report")
    drawn = (tmp_path / "report" / "layers.svg").read_text()
    for arm in ("frozen", "control"):
        assert f">{arm}</text>" in drawn
    assert "frozen@block1_pool: " in drawn
