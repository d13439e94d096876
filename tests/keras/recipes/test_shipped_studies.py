"""Every study that is shipped is read and written, its taps are found, and it is planned."""

from pathlib import Path

import keras
import pytest

from fusion.backbones.applications import REGISTERED, Application, Registered
from fusion.checking import resolve
from fusion.probe.tapping import find_taps, tapped_recipe
from fusion.recipe.writing import to_json
from fusion.study.declaration import load_study
from fusion.study.planning import plan_study
from fusion.study.variants import variants

STUDIES = sorted((Path(__file__).parents[3] / "recipes" / "studies").glob("*.json"))


@pytest.fixture(params=STUDIES, ids=lambda path: path.stem)
def path(request, monkeypatch):
    """A shipped study's file; the function that its network needs is registered."""
    for name in load_study(request.param).recipe.requires:
        made = Registered(Application(name, "tf", imagenet=False, min_size=8), six_layers, False)
        monkeypatch.setitem(REGISTERED, name, made)
    return request.param


def six_layers(input_shape):
    """Returns a network with the layers that the shipped studies cut at."""
    x = inputs = keras.Input(input_shape)
    for name in ("conv1_relu", "pool2", "conv3_relu", "pool4", "dense5_relu", "dense6_relu"):
        x = keras.layers.Conv2D(2, 1, name=name)(x)
    return keras.Model(inputs, x)


def test_a_shipped_study_is_read_checked_and_planned(path, tmp_path):
    study = load_study(path)
    arms = variants(study, folder=path.parent)

    taps = find_taps(study, arms["base"]) if study.taps else ()
    assert len(taps) == sum(map(len, study.taps.values()))
    assert not taps or len(resolve(tapped_recipe(study.recipe, taps)).recipe.branches) == len(taps)
    if study.cuts:
        kinds = [kind for kind in study.cuts.arms if kind != "scratch"]
        expected = 1 + len(study.arms) + ("scratch" in study.cuts.arms) + len(kinds) * len(study.cuts.at)
        assert len(arms) == expected
    assert plan_study(study, arms, examples=300).prospect.needed <= len(study.numbers)
    (tmp_path / "again.json").write_text(to_json(study))
    assert load_study(tmp_path / "again.json") == study
