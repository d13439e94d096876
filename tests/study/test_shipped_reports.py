"""What the shipped reports on studies claim follows from their own numbers, and is what the texts beside them say."""

import json
from pathlib import Path

import numpy as np
import pytest

from fusion.statistics.best import best_set
from fusion.statistics.differences import differences
from fusion.statistics.outcomes import Scores

REPORTS = Path(__file__).parents[2] / "recipes" / "studies" / "reports"
CUTS = ("conv1_relu", "pool2", "conv3_relu", "pool4", "dense5_relu", "dense6_relu")

REFUSED = {name: {"convergence"} for name in ("glyphs_random", "glyphs_symbols", "hymenoptera_parts")}
"""The gates that refuse a claim, by report."""


def read(name):
    return json.loads((REPORTS / name / "results.json").read_text())


def scores_of(found):
    arms = {each["arm"]: each["values"] for each in found["arms"]}
    seeds = list(next(iter(arms.values())))
    values = np.array([[each[seed] for each in arms.values()] for seed in seeds])
    return Scores(arms=tuple(arms), blocks=tuple((int(seed), int(seed)) for seed in seeds), values=values)


def means(found):
    return {each["arm"]: each["mean"] for each in found["differences"]}


def worse(found):
    return {each["arm"] for each in found["differences"] if each["p_holm"] <= 0.05 and each["mean"] < 0}


def better(found):
    return {each["arm"] for each in found["differences"] if each["p_holm"] <= 0.05 and each["mean"] > 0}


@pytest.mark.parametrize("name", sorted(path.name for path in REPORTS.iterdir()))
def test_a_shipped_report_claims_what_follows_from_its_numbers(name):
    found = read(name)
    scores = scores_of(found)

    assert {gate["name"] for gate in found["gates"] if not gate["passed"]} == REFUSED.get(name, set())
    assert list(best_set(scores, alpha=found["alpha"]).arms) == found["best"]["arms"]
    again = differences(scores, found["reference"], overlap=found["overlap"])
    assert [each.p_holm for each in again] == pytest.approx([each["p_holm"] for each in found["differences"]])


def test_of_seven_layers_of_digits_the_first_three_transfer_to_other_digits():
    found = read("digits")
    first, later = ({f"frozen@{layer}" for layer in layers} for layers in (CUTS[:3], CUTS[3:]))

    assert later <= worse(found)
    assert not first & (worse(found) | better(found))
    assert {"scratch", *first} <= set(found["best"]["arms"])
    assert not later & set(found["best"]["arms"])


def test_letters_transfer_best_up_to_the_fifth_layer_of_seven():
    found = read("glyphs_greek")

    assert found["best"]["arms"] == ["frozen@dense5_relu"]
    assert {f"frozen@{layer}" for layer in CUTS} <= better(found)
    kept = [means(found)[f"frozen@{layer}"] for layer in CUTS]
    assert kept[:5] == sorted(kept[:5])
    assert kept[5] < kept[2]


def test_layers_that_learnt_nothing_lose_the_more_the_more_are_kept():
    lost = [means(read("glyphs_random"))[f"random@{layer}"] for layer in CUTS]

    assert lost == sorted(lost, reverse=True)
    assert lost[2] < 0


def test_letters_transfer_more_to_near_signs_than_to_far_ones_where_deep_layers_are_kept():
    near, far = (means(read(f"glyphs_{name}")) for name in ("greek", "symbols"))

    assert near["frozen@dense5_relu"] - far["frozen@dense5_relu"] > 0.04
    assert near["frozen@dense6_relu"] - far["frozen@dense6_relu"] > 0.02
    assert abs(near["frozen@pool4"] - far["frozen@pool4"]) < 0.01
