"""Which part of a small MobileNet to train for ants and bees, on real photographs with real weights."""

import os
from pathlib import Path

import pytest

import fusion

ASSETS = Path(os.environ.get("FUSION_ASSETS", "/nowhere"))
STUDY = Path(__file__).parents[3] / "recipes" / "studies" / "hymenoptera_parts.json"
needs_assets = pytest.mark.skipif(
    not ASSETS.is_dir(), reason="FUSION_ASSETS names no folder with photographs"
)


@pytest.mark.slow
@needs_assets
def test_no_part_of_a_small_mobilenet_that_is_trained_too_is_told_from_the_head_alone(tmp_path):
    photographs, weights = ASSETS / "images" / "hymenoptera", ASSETS / "weights"

    fusion.run_study(STUDY, photographs, out=tmp_path, folders=[weights], workers=2)
    found = fusion.compare(tmp_path)

    # Of 48 runs one may be said to improve still.
    assert {gate.name for gate in found.refused} <= {"convergence"}
    differences = {each.arm: each for each in found.differences}
    assert differences.pop("random").high < -0.1
    assert all(each.p_holm > 0.05 for each in differences.values())
