"""Trials run one after the other or several at once, on this machine or a cluster, each recorded as it ends."""

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fusion.errors import StudyError
from fusion.study.clusters import Cluster, run_on_cluster
from fusion.study.records import Record, read_record, renamed, write_record
from fusion.study.tasks import Task, Work, attempted


def run_tasks(
    tasks: Sequence[Task],
    work: Work,
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
        work: Makes a record of a task; nothing it returns may depend on another task.
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
    begun = _in_time(waiting, max_seconds)
    if not waiting:
        return
    if cluster is not None:
        for record in run_on_cluster(begun, work, cluster, workers=workers):
            write_record(record, out)
            yield record
    elif workers in {None, 1}:
        for task in begun:
            yield recorded(task, work, out)
    else:
        yield from _at_once(begun, work, out, workers)


def recorded(task: Task, work: Work, out: Path) -> Record:
    """Returns what a task came to, after writing it down; what goes wrong in it becomes a record too.

    Raises:
        FileError: If the record cannot be written.
    """
    record = attempted(task, work)
    write_record(record, out)
    return record


def _at_once(tasks: Iterable[Task], work: Work, out: Path, workers: int | None) -> Iterator[Record]:
    # Only who runs several at once waits for it.
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    at_once = Parallel(n_jobs=workers, pre_dispatch=workers, return_as="generator_unordered")
    try:
        yield from at_once(delayed(recorded)(task, work, out) for task in tasks)
    except TerminatedWorkerError as error:
        raise StudyError(
            "A worker was killed, most often because the machine ran out of memory. Run the study again with fewer "
            f"workers than {workers}: what is done stays done."
        ) from error


def _in_time(tasks: Iterable[Task], max_seconds: float | None) -> Iterator[Task]:
    began = time.monotonic()
    for task in tasks:
        if max_seconds is not None and time.monotonic() - began >= max_seconds:
            return
        yield task
