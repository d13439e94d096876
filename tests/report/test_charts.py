import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from fusion.report.charts import run_charts, write_charts
from fusion.report.curves import curves, layers
from fusion.report.depths import score_charts
from fusion.report.forest import forest
from fusion.report.marks import scale, ticks
from fusion.report.pareto import Priced, pareto, priced
from fusion.report.scored import Scores, measured
from fusion.study.arms import ArmFacts, CutPlace, read_arms
from fusion.study.claims import compare
from fusion.study.records import write_record
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


def test_more_curves_than_colours_are_told_apart_by_dashes(write_run):
    kinds = ("frozen", "finetuned", "random", "control", "surgical", "lp_ft")
    gaps = {f"{kind}@block{n}": n / 10 for kind in kinds for n in (1, 2)}
    folder = write_run(base=0.0, **gaps)
    facts = {
        arm: ArmFacts({}, {"eye": CutPlace(f"eye/{arm[-6:]}", int(arm[-1]) / 3)}, arm[:-7]) for arm in gaps
    }

    chart = layers(compare(load_results(folder)), curves(facts))

    styles = re.findall(
        r'<polyline [^>]*style="fill:none;stroke:var\(--(\w+)\);stroke-width:2([^"]*)"', chart
    )
    assert len(styles) == len(set(styles)) == 6


def test_controls_are_drawn_beside_curves(cut):
    chart = layers(*cut)

    assert chart.count("<circle") == 2
    assert ">control</text>" in chart
    assert chart.count("<polygon") == 2


def test_names_of_lines_stand_at_their_ends_and_not_on_each_other(write_run):
    kinds = ("frozen", "finetuned", "random", "control", "surgical", "lp_ft")
    gaps = {f"{kind}@block{n}": -0.2 for kind in kinds for n in (1, 2)}
    folder = write_run(base=0.0, scratch=-0.2, **gaps)
    facts = {
        arm: ArmFacts({}, {"eye": CutPlace(f"eye/{arm[-6:]}", int(arm[-1]) / 3)}, arm[:-7]) for arm in gaps
    }

    chart = layers(compare(load_results(folder)), curves(facts))

    ends = [
        float(re.search(rf'y="([.\d]+)" text-anchor="start"[^>]*>{name}</text>', chart)[1])
        for name in (*kinds, "scratch", r"base \(reference\)")
    ]
    assert min(np.diff(sorted(ends))) > 14
    assert max(ends) < 300


def test_without_curves_there_is_no_plot_of_layers(cut):
    assert layers(cut[0], ()) == ""


def test_a_forest_has_a_row_for_each_other_arm(cut):
    chart = forest(cut[0])

    assert chart.count("<circle") == 2
    assert re.search(r"all/cut=block1: -0\.\d+, .*; worse", chart)


@pytest.fixture
def broken(write_run):
    """A run of which one trial failed, of an arm that would else be the best."""
    cuts = {"base": ("block3", 0.9), "all/cut=block1": ("block1", 0.3), "all/cut=block2": ("block2", 0.6)}
    gaps = {"base": 0.0, "all/cut=block1": 0.1, "all/cut=block2": 0.2}
    folder = write_run(cuts=cuts, **gaps)
    (record,) = (each for each in load_results(folder).records if (each.arm, each.seed) == (list(gaps)[2], 3))
    lost = replace(record, status="failed", value=None, metrics={}, error="ValueError: no")
    write_record(lost, folder)
    return folder


def test_means_over_fewer_seeds_stand_beside_no_others(broken):
    found, drawn = compare(load_results(broken)), curves(read_arms(broken))

    assert [each.arm for each in found.whole_arms] == ["base", "all/cut=block1"]
    assert [each.name for each in priced(found)] == ["base", "all/cut=block1"]
    assert measured(found, drawn).keys() == {"eye/block3", "eye/block1"}


def test_one_arm_has_no_costs_to_weigh(write_run):
    assert run_charts(write_run(base=0.0)) == {}


def test_names_of_what_is_worth_its_cost_do_not_overlap():
    several = [Priced(f"eye/a_layer_of_a_long_name_{n}", 0.5 + n / 1000, 10**6 * (n + 1)) for n in range(40)]

    chart = pareto(several, "accuracy")

    assert chart.count("<circle") == 40
    named = re.findall(r'<text x="([.\d]+)" y="([.\d]+)" text-anchor="(end|start)">eye/a_layer', chart)
    assert 1 < len(named) < 40
    assert "a_layer_of_a_long_name_39</text>" in chart
    for side in ("end", "start"):
        lows = sorted(float(y) for _, y, anchor in named if anchor == side)
        assert min(np.diff(lows), default=99) >= 13


def test_taps_are_drawn_by_depth_and_cost_and_likeness_and_share(tmp_path):
    rows = [("one", 0.5, 0.7), ("one", 1.0, 0.9), ("two", 1.0, 0.8)]
    taps = tuple(
        {
            "tap": f"{name}/b{depth}",
            "backbone": name,
            "depth": depth,
            "ridge": ridge,
            "flops": int(9e6 * depth),
        }
        for name, depth, ridge in rows
    )
    alike = ((1.0, 0.5, 0.2), (0.5, 1.0, -0.1), (0.2, -0.1, 1.0))
    charts = score_charts(Scores(taps, alike, {"one/b0.5": 0.3, "one/b1.0": -0.1}), "accuracy")

    names = write_charts(charts, tmp_path)

    assert set(charts) == {"layers", "pareto", "likeness", "shares"}
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    assert charts["layers"].count("<circle") == 3
    assert "best: b1.0" in charts["layers"]
    for path in tmp_path.glob("*.png"):
        seen = np.asarray(Image.open(path).convert("L"))
        assert seen.shape[1] == 1520
        assert (seen < 128).mean() > 0.001
        assert seen[:, :2].min() == 255


def test_one_tap_without_shares_has_only_its_likeness():
    one = {"tap": "one/b", "backbone": "one", "depth": 1.0, "ridge": 0.7, "flops": 1}

    assert set(score_charts(Scores((one,), ((1.0,),)), "skill")) == {"likeness"}


def test_a_run_is_drawn_by_layer_and_cost(write_run, tmp_path):
    cuts = {"base": ("block3", 0.9), "all/cut=block1": ("block1", 0.3)}
    folder = write_run(cuts=cuts, **{"base": 0.0, "all/cut=block1": -0.2, "control": -0.3})

    assert write_charts(run_charts(folder), tmp_path / "charts") == (
        "layers.svg", "layers.png", "pareto.svg", "pareto.png",
    )  # fmt: skip


@pytest.mark.parametrize("numbers", [[3.0], [0.0, 0.0], [-1e-7, 1e-7], [1e9, 2e9]])
def test_every_scale_has_ticks_inside_it(numbers):
    across = scale(numbers, 0, 100)

    assert 2 <= len(ticks(across)) <= 11
    assert all(-1e-6 <= across(tick) <= 100 + 1e-6 for tick in ticks(across))


def test_names_of_layers_are_no_markup_in_charts_of_scores():
    taps = tuple(
        {"tap": f"eye/conv&relu<{n}>", "backbone": "eye", "depth": n / 2, "ridge": n / 3, "flops": n}
        for n in (1, 2)
    )
    shares = {each["tap"]: 0.1 for each in taps}

    charts = score_charts(Scores(taps, ((1.0, 0.5), (0.5, 1.0)), shares), "accuracy")

    assert len(charts) == 4
    for chart in charts.values():
        assert any("eye/conv&relu<2>" in (each.text or "") for each in ElementTree.fromstring(chart).iter())
