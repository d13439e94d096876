import re

import pytest

from fusion.report.curves import curves, layers
from fusion.report.forest import forest
from fusion.report.marks import scale, ticks
from fusion.report.pareto import pareto
from fusion.study.arms import ArmFacts, CutPlace, read_arms
from fusion.study.claims import compare
from fusion.study.results import load_results


@pytest.fixture
def cut(write_run):
    gaps = {"base": 0.0, "all/cut=block1": -0.2, "control": -0.3}
    folder = write_run(cuts={"base": ("block3", 0.9), "all/cut=block1": ("block1", 0.3)}, **gaps)
    return compare(load_results(folder)), curves(read_arms(folder))


def test_arms_that_differ_in_one_cut_are_a_curve_from_the_first_layer_to_the_last():
    def fact(cut, depth, size=8):
        recipe = {"branches": {"one": {"cut": cut}}, "size": size}
        return ArmFacts(recipe, {"one": CutPlace(f"eye/{cut}", depth)})

    facts = {
        "base": fact("b3", 0.9),
        "one/cut=b1": fact("b1", 0.2),
        "one/cut=b1, size=9": fact("b1", 0.2, 9),
        "one/cut=b2, size=9": fact("b2", 0.4, 9),
        "alone": fact("b1", 0.2, 10),
    }

    found = curves(facts)

    assert [(each.name, [arm for _, arm in each.points]) for each in found] == [
        ("one", ["one/cut=b1", "base"]),
        ("size=9", ["one/cut=b1, size=9", "one/cut=b2, size=9"]),
    ]


def test_controls_are_drawn_beside_curves(cut):
    chart = layers(*cut)

    assert chart.count("<circle") == 2
    assert ">control</text>" in chart
    assert chart.count("<polygon") == 2


def test_without_curves_there_is_no_plot_of_layers(cut):
    assert layers(cut[0], ()) == ""


def test_a_forest_has_a_row_for_each_other_arm(cut):
    chart = forest(cut[0])

    assert chart.count("<circle") == 2
    assert re.search(r"all/cut=block1: -0\.\d+, .*; worse", chart)


def test_one_arm_has_no_costs_to_weigh(write_run):
    assert pareto(compare(load_results(write_run(base=0.0)))) == ""


@pytest.mark.parametrize("numbers", [[3.0], [0.0, 0.0], [-1e-7, 1e-7], [1e9, 2e9]])
def test_every_scale_has_ticks_inside_it(numbers):
    across = scale(numbers, 0, 100)

    assert 2 <= len(ticks(across)) <= 11
    assert all(-1e-6 <= across(tick) <= 100 + 1e-6 for tick in ticks(across))
