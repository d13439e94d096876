"""Trials run one after the other or several at once, on this machine or a cluster, each written down as it ends."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fusion.errors import StudyError
from fusion.execution.clusters import Cluster, run_on_cluster
from fusion.execution.tasks import Runner, Task, Together, Work, runner
from fusion.execution.workers import begin_worker
from fusion.study.records import Record, read_record, renamed, write_record

Series = Sequence[Sequence[Task]]
"""Bunches of tasks that one process runs one after the other."""


def run_tasks(
    tasks: Sequence[Task],
    work: Work | Together,
    *,
    out: Path,
    workers: int | None = None,
    max_seconds: float | None = None,
    cluster: Cluster | None = None,
) -> Iterator[Record]:
    """Runs the tasks that have no record yet, and yields the records of all, each once its bunch has ended.

    What fails is recorded with its error, and the rest goes on; a failed task runs again the next time. With several
    workers each is a process of its own (joblib's `loky`, or the backend that `joblib.parallel_config` names), which writes
    a record as soon as it is made; yielded are those of a series of tasks of one program when its last has ended. Where
    they run makes no difference to what they come to.

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

    def bunches(at_once: int) -> Sequence[Sequence[Task]]:
        return work.bunch(waiting, at_once) if isinstance(work, Together) else [(task,) for task in waiting]

    def begun(at_once: int) -> Iterator[Sequence[Task]]:
        return _until(end, bunches(at_once))

    if cluster is not None:
        for record in run_on_cluster(begun, work, cluster, workers=workers):
            write_record(record, out)
            yield record
        return
    if workers in {None, 1}:
        run = runner(work)
        for bunch in begun(1):
            yield from recorded(bunch, run, out)
    else:
        every = bunches(workers)
        most = -(-len(every) // (2 * workers))
        yield from _at_once(_until(end, series(every, work, most=most)), work, out, workers, end)


def recorded(bunch: Sequence[Task], run: Runner, out: Path) -> Sequence[Record]:
    """Returns what each task of a bunch came to, after writing it down; what goes wrong in it becomes a record too.

    Raises:
        FileError: If a record cannot be written.
    """
    records = run(bunch)
    for record in records:
        write_record(record, out)
    return records


def recorded_in_turn(
    several: Series, work: Work | Together, out: Path, seconds: float | None
) -> Sequence[Record]:
    """Returns what the tasks of several bunches came to, run one after the other in a process of their own.

    Args:
        several: The bunches.
        work: Makes the records.
        out: Folder of the run; each record is there as soon as it is made.
        seconds: After how long no further bunch begins.

    Raises:
        FileError: If a record cannot be written.
    """
    run, end = runner(work), None if seconds is None else time.monotonic() + seconds
    return [record for bunch in _until(end, several) for record in recorded(bunch, run, out)]


def series(bunches: Sequence[Sequence[Task]], work: Work | Together, *, most: int) -> Iterator[Series]:
    """Yields bunches in series of which each is for one process: single tasks of one program one after the other.

    Args:
        bunches: All of them, in order.
        work: Knows which tasks are of one program.
        most: How many are in a series at most, so that every process has some.

    >>> from fusion.study.records import Listed
    >>> how = Together(lambda: None, lambda tasks, workers: [], lambda tasks: [], lambda task: task.arm)
    >>> tasks = [Listed("0", "a", 0), Listed("1", "a", 1), Listed("2", "a", 2), Listed("3", "b", 0)]
    >>> [len(each) for each in series([(task,) for task in tasks], how, most=2)]
    [2, 1, 1]
    """
    waiting: list[Sequence[Task]] = []
    for bunch in bunches:
        alike = (
            isinstance(work, Together)
            and len(waiting[-1:] and waiting[-1]) == len(bunch) == 1
            and work.program(waiting[-1][0]) == work.program(bunch[0])
        )
        if waiting and not (alike and len(waiting) < most):
            yield tuple(waiting)
            waiting.clear()
        waiting.append(bunch)
    if waiting:
        yield tuple(waiting)


def _at_once(
    many: Iterable[Series], work: Work | Together, out: Path, workers: int, end: float | None
) -> Iterator[Record]:
    # Only who runs several at once waits for it.
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # Before it is given work, whose arrival loads TensorFlow.
    first: dict[str, Any] = {"initializer": begin_worker, "initargs": (os.getpid(),)}
    at_once = Parallel(n_jobs=workers, pre_dispatch=workers, return_as="generator_unordered", **first)
    try:
        for records in at_once(
            delayed(recorded_in_turn)(each, work, out, None if end is None else end - time.monotonic())
            for each in many
        ):
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
