import csv
import json
import sys

import numpy as np
import pytest

from fusion.errors import StudyError
from fusion.files import replacing
from fusion.recipe.writing import to_data, to_json
from fusion.statistics.outcomes import pair
from fusion.study.arms import ARMS
from fusion.study.records import STUDY, read_list, write_list, write_record
from fusion.study.results import Results, load_results, outcomes, rows, to_csv
from fusion.study.searches import cv_results
from fusion.study.union import united


@pytest.fixture
def results(study, record_of, listed_of):
    records = [
        record_of(10 * seed + number, arm, seed, value=0.5 + number / 10 + seed / 100, correct="101")
        for seed in range(3)
        for number, arm in enumerate(("base", "wide"))
    ]
    return Results(study, tuple(map(listed_of, records)), tuple(records))


def test_results_are_read_while_a_study_runs(results, tmp_path):
    with replacing(tmp_path / STUDY) as part:
        part.write_text(to_json(results.study))
    write_list(results.trials, tmp_path)
    for record in results.records[:4]:
        write_record(record, tmp_path)

    found = load_results(tmp_path)

    assert found.records == results.records[:4]
    assert found.waiting == 2
    assert found.study == results.study


def test_a_regression_of_which_nothing_is_done_compares_by_its_error(results, recipe, tmp_path):
    number = recipe.replace("/head/output", {"task": "regression"})
    with replacing(tmp_path / STUDY) as part:
        part.write_text(to_json(results.study.replaced(recipe=number)))
    (tmp_path / ARMS).write_text(json.dumps({"base": {"recipe": to_data(number), "cuts": {}}}))
    write_list(results.trials, tmp_path)

    found = load_results(tmp_path)

    assert (found.metric, found.better) == ("mae", "lower")
    assert united(found, found, names=("a", "b")).metric == "mae"


def test_a_folder_without_a_study_and_a_damaged_list_are_told_apart(tmp_path):
    with pytest.raises(StudyError, match="There is no study in"):
        load_results(tmp_path)
    (tmp_path / "trials.json").write_text("[1")
    with pytest.raises(StudyError, match=r"trials.json is damaged"):
        read_list(tmp_path)


def test_outcomes_are_paired_by_seed(results):
    scores = pair(outcomes(results))

    assert scores.arms == ("base", "wide")
    assert np.allclose(scores.values, [[0.5, 0.6], [0.51, 0.61], [0.52, 0.62]])
    assert outcomes(results)[0].correct == (True, False, True)


def test_failed_trials_are_rows_and_no_outcomes(results, record_of):
    failed = record_of(99, "base", 7, status="failed", value=None, metrics={}, error="ValueError: no")
    more = Results(results.study, results.trials, (*results.records, failed))

    assert len(outcomes(more)) == 6
    assert rows(more.records)[-1]["error"] == "ValueError: no"
    assert more.failed == (failed,)


def test_scikit_learn_finds_what_it_expects(results):
    found = cv_results(results)

    assert found["params"] == [{"arm": "base"}, {"arm": "wide"}]
    assert np.allclose(found["split2_test_score"], [0.52, 0.62])
    assert np.allclose(found["mean_test_score"], [0.51, 0.61])
    assert found["rank_test_score"].tolist() == [2, 1]


def test_the_keys_are_those_of_a_search_of_scikit_learn_and_make_a_frame(results):
    search = pytest.importorskip("sklearn.model_selection", reason="scikit-learn is not installed")
    from sklearn.linear_model import Ridge

    theirs = search.GridSearchCV(Ridge(), {"alpha": [1, 2]}, cv=3).fit([[1], [2], [3]] * 3, [1, 2, 3] * 3)
    found = cv_results(results)

    assert {*found, "param_alpha"} == {*theirs.cv_results_, "param_arm"}
    assert {len(each) for each in found.values()} == {2}
    kinds = {name: np.asarray(theirs.cv_results_[name]).dtype for name in found if "_t" in name}
    assert {name: found[name].dtype for name in kinds} == kinds
    frame = pytest.importorskip("pandas", reason="pandas is not installed").DataFrame(found)
    assert frame.sort_values("rank_test_score")["param_arm"].tolist() == ["wide", "base"]


def test_what_arms_have_where_they_differ_are_params_of_a_search(results, recipe):
    axes = {"/blocks/mlp/0/dense": [4, 32], "/training/batch_size": [16, 32]}
    study = results.study.replaced(axes=axes, arms={"wide": {"change": {"/training/views": 3}}})
    wide = recipe.replace("/blocks/mlp", [{"dropout": 0.5}])
    recipes = {"base": to_data(recipe), "wide": to_data(wide)}

    found = cv_results(Results(study, results.trials, results.records, recipes=recipes))

    units = recipe.blocks["mlp"][0].units
    assert found["params"] == [
        {"arm": "base", "/blocks/mlp/0/dense": units, "/training/batch_size": 32, "/training/views": None},
        {"arm": "wide", "/training/batch_size": 32, "/training/views": None},
    ]
    assert found["param_/blocks/mlp/0/dense"].tolist() == [units, None]
    assert found["param_/blocks/mlp/0/dense"].mask.tolist() == [False, True]


def test_of_a_loss_less_is_better(results):
    found = cv_results(Results(results.study.replaced(metric="loss"), results.trials, results.records))

    assert np.allclose(found["mean_test_score"], [-0.51, -0.61])
    assert found["rank_test_score"].tolist() == [1, 2]


def test_a_missing_trial_is_no_number_and_ranks_last(results):
    found = cv_results(Results(results.study, results.trials, results.records[:-1]))

    assert np.isnan(found["split2_test_score"][1])
    assert found["rank_test_score"].tolist() == [1, 2]


def test_csv_has_a_row_for_each_trial_and_runs_nothing(results, record_of):
    text = to_csv([*results.records, record_of(50, "=cmd|x", 0)])

    table = list(csv.DictReader(text.splitlines()))
    assert len(table) == 7
    assert table[1]["test_accuracy"] == "0.5"
    assert table[-1]["arm"] == "'=cmd|x"


def test_a_frame_has_a_row_for_each_trial(results):
    pytest.importorskip("pandas", reason="pandas is not installed")

    frame = results.frame()

    assert frame.groupby("arm")["value"].mean().round(3).to_dict() == {"base": 0.51, "wide": 0.61}
    json.loads(frame.to_json())


def test_without_pandas_it_is_said_what_gives_rows(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(
        StudyError, match=r"pip install pandas.*fusion\.study\.results\.rows\(results\.records\)"
    ):
        results.frame()
