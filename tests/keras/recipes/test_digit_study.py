"""Where to cut a network of five digits: its claims, of the report that is shipped, and of the study run anew."""

import importlib.util
from pathlib import Path

import pytest

import fusion
from fusion.backbones.applications import REGISTERED
from fusion.study.verdicts import claim

STUDIES = Path(__file__).parents[3] / "recipes" / "studies"
CUTS = ("conv1_relu", "pool2", "conv3_relu", "pool4", "dense5_relu", "dense6_relu")


@pytest.fixture(scope="module")
def digits():
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    spec = importlib.util.spec_from_file_location("digits_study", STUDIES / "digits.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    # What stays registered would be an architecture in every test after these.
    del REGISTERED["SevenSmallLayers"]


def test_halves_share_no_class_and_splits_no_image(digits, tmp_path):
    first, second = digits.halves(3)
    digits.write_target(tmp_path / "target.npz", 3)
    data = fusion.read_data(
        tmp_path / "target.npz",
        inputs=fusion.load_study(digits.STUDY).recipe.inputs,
        output=fusion.load_study(digits.STUDY).recipe.head.output,
    )

    assert sorted([*first, *second]) == list(range(10))
    assert (len(data.train), len(data.validation), len(data.test)) == (50, 50, 750)


@pytest.fixture(scope="module")
def compared(digits, tmp_path_factory):
    """The study run anew, 80 trials."""
    folder = tmp_path_factory.mktemp("digits")
    study = digits.prepare(folder, fusion.load_study(digits.STUDY).numbers)
    fusion.run_study(study, out=folder / "run")
    return fusion.compare(folder / "run")


@pytest.mark.slow
def test_the_first_three_layers_transfer_and_every_further_one_costs(compared):
    said = {each.arm: claim(compared, each) for each in compared.differences}

    assert not compared.refused
    assert [said[f"frozen@{layer}"] for layer in CUTS[:3]] == ["not told apart"] * 3
    assert [said[f"frozen@{layer}"] for layer in CUTS[3:]] == ["worse"] * 3
    assert set(compared.best.arms) >= {"scratch", *(f"frozen@{layer}" for layer in CUTS[:3])}
    assert not set(compared.best.arms) & {f"frozen@{layer}" for layer in CUTS[3:]}
