"""The study of where to cut a network of Latin letters, smaller: `recipes/studies/GLYPHS.md` has the whole of it."""

import importlib.util
from pathlib import Path

import pytest

import fusion
from fusion.backbones.applications import REGISTERED
from fusion.report.curves import curves
from fusion.study.arms import read_arms

CUTS = ("pool2", "dense5_relu")


@pytest.fixture(scope="module")
def glyphs():
    path = Path(__file__).parents[3] / "recipes" / "studies" / "glyphs.py"
    spec = importlib.util.spec_from_file_location("glyphs_study", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    # What stays registered would be an architecture in every test after these.
    del REGISTERED["SevenLayers"]


@pytest.fixture(scope="module")
def run_folder(glyphs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("glyphs")
    glyphs.train_source(folder, per_class=60, epochs=8)
    study = glyphs.study_of("greek", seeds=2, at=CUTS)
    fusion.run_study(study, glyphs.target_data("greek"), out=folder / "run", folders=[folder])
    return folder / "run"


@pytest.fixture(scope="module")
def means(run_folder):
    """Mean test accuracy by arm."""
    found = {}
    for record in fusion.load_results(run_folder).done:
        found.setdefault(record.arm, []).append(record.value)
    assert {len(values) for values in found.values()} == {2}
    return {arm: sum(values) / 2 for arm, values in found.items()}


@pytest.mark.slow
def test_transferred_layers_gain_with_depth_and_random_ones_lose(means):
    transferred, random = ([means[f"{kind}@{layer}"] for layer in CUTS] for kind in ("frozen", "random"))

    assert transferred[1] > transferred[0] > means["scratch"]
    assert random[1] < random[0]
    assert random[1] < means["scratch"] < transferred[1] - 0.1


@pytest.mark.slow
def test_its_layers_are_drawn_for_each_kind(run_folder):
    drawn = curves(read_arms(run_folder))

    assert [each.name for each in drawn] == ["frozen", "random"]
    assert [place.tap for place, _ in drawn[0].points] == [f"eye/{layer}" for layer in CUTS]
