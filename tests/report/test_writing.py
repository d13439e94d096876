import csv
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from fusion.errors import StudyError
from fusion.report.writing import write_report
from fusion.study.records import read_record, write_record
from fusion.study.results import load_results

CUTS = {"base": ("block3", 0.9), "all/cut=block1": ("block1", 0.3), "all/cut=block2": ("block2", 0.6)}
GAPS = {"base": 0.0, "all/cut=block1": -0.2, "all/cut=block2": 0.1}
TAPS = [{"tap": f"eye/block{n}", "depth": n / 3, "width": 8, "ridge": n / 4, "p": None} for n in (1, 2, 3)]


@pytest.fixture
def scored(write_run):
    folder = write_run(cuts=CUTS, **GAPS)
    alike = [[1.0, 0.5, 0.2], [0.5, 1.0, 0.4], [0.2, 0.4, 1.0]]
    (folder / "scores.json").write_text(json.dumps({"taps": TAPS, "similarity": alike}))
    (folder / "fusions.json").write_text(json.dumps({"shares": {"eye/block1": 0.1, "eye/block2": -0.02}}))
    return folder


def heads(page):
    return re.findall("<h2>(.*?)</h2>", page)


def test_a_report_has_its_parts_in_order_and_needs_nothing_else(scored, tmp_path):
    files = write_report(scored, tmp_path / "out")
    page = files[0].read_text()

    assert heads(page) == [
        "What may be claimed",
        "Arms",
        "By layer",
        "Differences",
        "Other test examples",
        "What accuracy costs",
        "Scores",
        "Architecture",
        "Provenance",
    ]
    assert not re.search(r"<script|<link|<img|src=|url\(|@import", page)
    assert "default-src 'none'" in page
    assert {path.name for path in files} >= {"report.md", "arms.csv", "trials.csv", "results.json"}
    charts = [path for path in files if path.suffix == ".svg"]
    assert {path.stem for path in charts} == {"layers", "forest", "pareto", "scores", "likeness", "shares"}
    for path in charts:
        assert "--ink" in path.read_text()
        ElementTree.fromstring(path.read_text())


def test_the_same_run_gives_the_same_report(scored, tmp_path):
    first, again = (write_report(scored, tmp_path / name) for name in ("a", "b"))

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_a_study_with_one_arm_has_a_report_too(write_run, tmp_path):
    page = write_report(write_run(base=0.0), tmp_path / "out")[0].read_text()

    assert "Only the reference &#x27;base&#x27; is left, over 8 seeds" in page


def test_what_is_refused_stands_first_and_nothing_is_called_better(write_run, tmp_path):
    folder = write_run(seeds=3, base=0.0, good=0.2)

    page = write_report(folder, tmp_path / "out")[0].read_text()

    assert '<p class="verdict refused">Nothing is claimed: 1 gate refuses it (seeds).</p>' in page
    assert "must not be read as a result" in page
    assert "<td>better" not in page
    assert "may be the best" not in page
    assert "<td>not claimed</td>" in page


def test_a_run_without_scores_or_depth_has_no_such_parts(write_run, tmp_path):
    files = write_report(write_run(base=0.0, good=0.2), tmp_path / "out")

    found = heads(files[0].read_text())
    assert "By layer" not in found
    assert "Scores" not in found
    assert {path.stem for path in files if path.suffix == ".svg"} == {"forest", "pareto"}
    assert "was not kept in this run" in files[0].read_text()


def test_a_report_tells_how_many_trials_trained_with_others(write_run, tmp_path):
    folder = write_run(base=0.0, good=0.2)
    first = read_record(folder, "runbase0")
    write_record(replace(first, together=3), folder)

    page = write_report(folder, tmp_path / "out")[0].read_text()

    assert "1 trial trained with others at once: a share each of the time" in page


def test_one_seed_is_a_report_of_means(write_run, tmp_path):
    files = write_report(write_run(seeds=1, base=0.0, good=0.2), tmp_path / "out")

    assert "Differences" not in heads(files[0].read_text())
    assert "0.7" in files[0].read_text()


def test_numbers_are_written_whole_for_programs(scored, tmp_path):
    write_report(scored, tmp_path)

    rows = list(csv.DictReader((tmp_path / "arms.csv").read_text().splitlines()))
    found = json.loads((tmp_path / "results.json").read_text())
    assert rows[2]["arm"] == "all/cut=block2"
    assert float(rows[2]["difference"]) == found["differences"][1]["mean"]
    assert rows[0]["claim"] == "reference"


def test_names_of_arms_are_no_markup(write_run, tmp_path):
    page = write_report(write_run(base=0.0, **{"<b>|x": 0.2}), tmp_path / "out")[0].read_text()

    assert "<b>" not in page
    assert "&lt;b&gt;|x" in page
    assert r"&lt;b>\|x" in (tmp_path / "out" / "report.md").read_text()


@pytest.mark.parametrize("text", ["{", '{"taps": [{"ridge": 1}]}', '{"taps": 3}'])
def test_damaged_scores_are_named(write_run, tmp_path, text):
    folder = write_run(base=0.0, good=0.2)
    (folder / "scores.json").write_text(text)

    with pytest.raises(StudyError, match=r"The scores in .* cannot be read"):
        write_report(folder, tmp_path / "out")


def test_damaged_arms_are_named(write_run, tmp_path):
    folder = write_run(base=0.0, good=0.2)
    (folder / "arms.json").write_text('{"base": {}}')

    with pytest.raises(StudyError, match=r"arms.json is damaged"):
        write_report(folder, tmp_path / "out")


def test_a_report_is_of_a_folder(write_run, tmp_path):
    with pytest.raises(StudyError, match="the folder of a run, got Results"):
        write_report(load_results(write_run(base=0.0)), tmp_path / "out")


def test_of_a_study_of_cuts_the_recommended_arm_is_pictured_and_of_others_the_whole_network(
    write_run, tmp_path
):
    gaps = {"base": 0.0, "frozen@block1": 0.2, "frozen@block2": 0.0}
    folder = write_run(cuts={arm: (arm[-6:], int(arm[-1]) / 3) for arm in list(gaps)[1:]}, **gaps)
    arms = folder / "arms.json"

    shown = []
    for kind in ("", "frozen"):
        facts = json.loads(arms.read_text())
        arms.write_text(json.dumps({arm: each | {"kind": kind} for arm, each in facts.items()}))
        shown.append(write_report(folder, tmp_path / f"out{kind}")[0].read_text())

    assert "The recipe of frozen@block2" in shown[0]
    assert "The recipe of frozen@block1" in shown[1]
