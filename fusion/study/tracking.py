"""Trials as runs of MLflow, for those who keep all their experiments there."""

from typing import Any

from fusion.errors import StudyError
from fusion.study.racing import Stop
from fusion.study.records import Record
from fusion.study.results import Results
from fusion.wording import counted

KEY = "fusion.key"
"""The tag by which a trial is known again."""


def log_to_mlflow(results: Results) -> int:
    """Returns how many trials were logged; those that are there from an earlier time are left alone.

    The experiment is called as the study is. A trial is a run with its arm, seed and sizes as parameters, its metrics by
    split (`test_accuracy`) and the loss of its last phase by epoch; one that failed is a failed run with its error. Where
    they go, MLflow's own variable MLFLOW_TRACKING_URI says. What was broken off stays as a failed run, and is logged anew.

    Args:
        results: What `fusion.study.results.load_results` returned.

    Raises:
        StudyError: If MLflow is not installed.
    """
    try:
        import mlflow
    except ImportError:
        raise StudyError("To log to MLflow needs MLflow: pip install mlflow.") from None
    name = results.study.name
    mlflow.set_experiment(name)
    known = {
        run.data.tags.get(KEY) for run in mlflow.search_runs(experiment_names=[name], output_format="list")
    }
    new = [record for record in results.records if _tag(record) not in known]
    for record in new:
        _log(mlflow, record, results.stopped.get(record.arm))
    return len(new)


def _tag(record: Record) -> str:
    """Returns what tells a record from others, also from that of the same trial when it failed before."""
    return f"{record.key} {record.arm} {record.status}"


def _log(mlflow: Any, record: Record, stop: Stop | None) -> None:
    tags = {
        "fusion.error": record.error,
        "fusion.machine": record.machine,
        "fusion.stopped": f"after {counted(stop.seeds, 'seed')}" if stop else "",
    }
    kept = ("arm", "seed", "epochs", "params", "trainable", "flops", "judged_on", "selected_on")
    metrics = {
        f"{split}_{metric}": value
        for split, values in record.metrics.items()
        for metric, value in values.items()
    }
    with mlflow.start_run(
        run_name=f"{record.arm}, seed {record.seed}",
        tags={name: text for name, text in tags.items() if text},
    ):
        mlflow.log_params({name: getattr(record, name) for name in kept})
        mlflow.log_metrics({**metrics, "seconds": record.seconds})
        for epoch, loss in enumerate(record.losses, start=1):
            mlflow.log_metrics({"epoch_loss": loss}, step=epoch)
        # Last: what was broken off before is not known again, and is logged anew.
        mlflow.set_tag(KEY, _tag(record))
        mlflow.end_run("FINISHED" if record.status == "done" else "FAILED")
