import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from fusion.errors import StudyError
from fusion.study.racing import Stop
from fusion.study.results import Results
from fusion.study.tracking import log_to_mlflow


class Tracker:
    """As much of MLflow as is used, with what it was told."""

    def __init__(self):
        self.runs = []
        self.experiment = None

    def set_experiment(self, name):
        self.experiment = name

    def search_runs(self, *, experiment_names, output_format):
        assert (experiment_names, output_format) == ([self.experiment], "list")
        return [SimpleNamespace(data=SimpleNamespace(tags=run["tags"])) for run in self.runs]

    def start_run(self, *, run_name, tags):
        assert self.runs == [] or "status" in self.runs[-1], "a run is open"
        self.runs.append({"name": run_name, "tags": dict(tags), "metrics": []})
        return self

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if "status" not in self.runs[-1]:
            self.end_run("FAILED" if kind else "FINISHED")

    def set_tag(self, name, text):
        self.runs[-1]["tags"][name] = text

    def log_params(self, params):
        self.runs[-1]["params"] = params

    def log_metrics(self, metrics, step=None):
        self.runs[-1]["metrics"].append((step, metrics))

    def end_run(self, status="FINISHED"):
        self.runs[-1]["status"] = status


@pytest.fixture
def tracker(monkeypatch):
    tracker = Tracker()
    monkeypatch.setitem(sys.modules, "mlflow", tracker)
    return tracker


@pytest.fixture
def results(study, record_of, listed_of):
    records = (
        record_of(1, "base", 0, losses=(0.9, 0.4), params=7, seconds=2.5),
        record_of(2, "wide", 0, status="failed", value=None, metrics={}, error="ValueError: no"),
    )
    return Results(study, tuple(map(listed_of, records)), records)


def test_a_trial_is_a_run_with_what_is_known_of_it(tracker, results):
    assert log_to_mlflow(results) == 2

    done, failed = tracker.runs
    assert tracker.experiment == results.study.name
    assert done["name"] == "base, seed 0"
    assert done["params"]["params"] == 7
    assert done["metrics"] == [
        (None, {"test_loss": 0.4, "test_accuracy": 0.5, "seconds": 2.5}),
        (1, {"epoch_loss": 0.9}),
        (2, {"epoch_loss": 0.4}),
    ]
    assert (done["status"], failed["status"]) == ("FINISHED", "FAILED")
    assert failed["tags"]["fusion.error"] == "ValueError: no"


def test_an_arm_that_a_race_stopped_is_marked(tracker, results):
    log_to_mlflow(replace(results, stopped={"wide": Stop(3, "base")}))

    assert [run["tags"].get("fusion.stopped") for run in tracker.runs] == [None, "after 3 seeds"]


def test_what_is_there_is_not_logged_again(tracker, results):
    log_to_mlflow(results)

    assert log_to_mlflow(results) == 0
    assert len(tracker.runs) == 2


def test_a_run_that_was_broken_off_is_closed_and_logged_anew(tracker, results, monkeypatch):
    def lost(metrics, step=None):
        if step == 2:
            raise ConnectionError("The server is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(tracker, "log_metrics", lost)
        with pytest.raises(ConnectionError, match=r"^The server is gone\.$"):
            log_to_mlflow(results)

    assert [run["status"] for run in tracker.runs] == ["FAILED"]
    assert log_to_mlflow(results) == 2
    assert log_to_mlflow(results) == 0


def test_mlflow_that_is_missing_is_named(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)

    with pytest.raises(StudyError, match="needs MLflow: pip install mlflow"):
        log_to_mlflow(results)
