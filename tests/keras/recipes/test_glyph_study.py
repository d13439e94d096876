"""The study of where to cut a network of Latin letters, smaller: `recipes/studies/GLYPHS.md` has the whole of it."""

import importlib.util
from pathlib import Path

import pytest

import fusion
from fusion.backbones.applications import REGISTERED
from fusion.report.curves import curves
from fusion.scores.probing import Probing
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
def source(glyphs, tmp_path_factory):
    """The folder of the network of Latin letters."""
    folder = tmp_path_factory.mktemp("glyphs")
    glyphs.train_source(folder)
    return folder


@pytest.fixture(scope="module")
def run_folder(glyphs, source):
    study = glyphs.study_of("greek", seeds=2, at=CUTS)
    fusion.run_study(study, glyphs.target_data("greek"), out=source / "run", folders=[source])
    return source / "run"


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
def test_the_probe_prefers_the_last_layer_where_training_prefers_an_inner_one(glyphs, source, tmp_path):
    study, data = glyphs.study_of("greek", seeds=1), glyphs.target_data("greek")

    found = fusion.score_taps(
        study, data, options=Probing(permutations=19), test=True, folders=[source], store=tmp_path
    )

    assert [tap.tap for tap in found.taps] == [f"eye/{layer}" for layer in glyphs.LAYERS]
    last, before = found.taps[-1], found.taps[:-1]
    assert found.best is last
    assert last.p == 0.05
    assert all(last.logme > tap.logme and last.test > tap.test for tap in before)


@pytest.mark.slow
def test_its_layers_are_drawn_for_each_kind(run_folder):
    drawn = curves(read_arms(run_folder))

    assert [each.name for each in drawn] == ["frozen", "random"]
    assert [place.tap for place, _ in drawn[0].points] == [f"eye/{layer}" for layer in CUTS]
