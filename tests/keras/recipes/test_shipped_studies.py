"""Every study that is shipped is read and written, its taps are found, and it is planned."""

from pathlib import Path

import pytest

from fusion.checking import resolve
from fusion.probe.tapping import find_taps, tapped_recipe
from fusion.recipe.writing import to_json
from fusion.study.declaration import load_study
from fusion.study.planning import plan_study
from fusion.study.variants import variants

STUDIES = sorted((Path(__file__).parents[3] / "recipes" / "studies").glob("*.json"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_shipped_study_is_read_checked_and_planned(path, tmp_path):
    study = load_study(path)
    arms = variants(study, folder=path.parent)

    taps = find_taps(study, arms["base"])

    assert len(taps) == 12
    assert len(resolve(tapped_recipe(study.recipe, taps)).recipe.branches) == 12
    assert plan_study(study, arms, examples=300).prospect.needed <= len(study.numbers)
    (tmp_path / "again.json").write_text(to_json(study))
    assert load_study(tmp_path / "again.json") == study
