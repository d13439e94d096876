"""Trials run one after the other or several at once, on this machine or a cluster, each recorded as it ends."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fusion.errors import StudyError
from fusion.execution.clusters import Cluster, run_on_cluster
from fusion.execution.tasks import Task, Together, Work, attempted, attempted_together
from fusion.execution.workers import begin_worker
from fusion.study.records import Record, read_record, renamed, write_record


def run_tasks(
    tasks: Sequence[Task],
    work: Work | Together,
    *,
    out: Path,
    workers: int | None = None,
    max_seconds: float | None = None,
    cluster: Cluster | None = None,
) -> Iterator[Record]:
    """Runs the tasks that have no record yet, and yields the records of all, each as soon as it is there.

    What fails is recorded with its error, and the rest goes on; a failed task runs again the next time. With several
    workers each is a process of its own (joblib's `loky`, or the backend that `joblib.parallel_config` names), and records
    come in the order in which they end. Where they run makes no difference to what they come to.

    Args:
        tasks: What runs.
        work: Makes a record of a task; nothing it returns may depend on another task. Or how several run as one, whose
            records are there when all of them have ended.
        out: Folder of the run.
        workers: How many run at once; 1 on this machine and as many as a cluster has room for, if it is not said.
        max_seconds: After how long no further task begins; those that run come to their end.
        cluster: The machines they run on, instead of this one.

    Raises:
        StudyError: If a record is damaged, the number of workers is none, a worker on this machine was killed, or a
            cluster cannot be used.
        FileError: If a record cannot be written.
    """
    if workers is not None and workers < 1:
        raise StudyError(f"A study needs 1 worker or more, got workers={workers}.")
    waiting = []
    for task in tasks:
        there = read_record(out, task.key)
        if there is not None and there.status == "done":
            yield renamed(there, task.arm)
        else:
            waiting.append(task)
    if not waiting:
        return
    end = None if max_seconds is None else time.monotonic() + max_seconds

    def begun(at_once: int) -> Iterator[Sequence[Task]]:
        bunches = (
            work.bunch(waiting, at_once) if isinstance(work, Together) else [(task,) for task in waiting]
        )
        return _until(end, bunches)

    if cluster is not None:
        for record in run_on_cluster(begun, work, cluster, workers=workers):
            write_record(record, out)
            yield record
        return
    if workers in {None, 1}:
        for bunch in begun(1):
            yield from recorded(bunch, work, out)
    else:
        yield from _at_once(begun(workers or 1), work, out, workers)


def recorded(bunch: Sequence[Task], work: Work | Together, out: Path) -> Sequence[Record]:
    """Returns what each task of a bunch came to, after writing it down; what goes wrong in it becomes a record too.

    Raises:
        FileError: If a record cannot be written.
    """
    if isinstance(work, Together):
        records = attempted_together(bunch, work)
    else:
        records = [attempted(task, work) for task in bunch]
    for record in records:
        write_record(record, out)
    return records


def _at_once(
    bunches: Iterable[Sequence[Task]], work: Work | Together, out: Path, workers: int | None
) -> Iterator[Record]:
    # Only who runs several at once waits for it.
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # Before it is given work, whose arrival loads TensorFlow.
    first: dict[str, Any] = {"initializer": begin_worker, "initargs": (os.getpid(),)}
    at_once = Parallel(n_jobs=workers, pre_dispatch=workers, return_as="generator_unordered", **first)
    try:
        for records in at_once(delayed(recorded)(bunch, work, out) for bunch in bunches):
            yield from records
    except TerminatedWorkerError as error:
        raise StudyError(
            "A worker was killed, most often because the machine ran out of memory. Run the study again with fewer "
            f"workers than {workers}: what is done stays done."
        ) from error


def _until(end: float | None, those: Iterable[Any]) -> Iterator[Any]:
    for each in those:
        if end is not None and time.monotonic() >= end:
            return
        yield each
