"""Trials run one after the other or several at once on this machine, each recorded as it ends."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from fusion.errors import StudyError
from fusion.study.records import Record, read_record, renamed, write_record
from fusion.wording import counted

Work = Callable[["Task"], Record]
"""What makes a record of a task; a function that another process can import."""


class Task(Protocol):
    """What runs: an arm with a seed, under a key of its content."""

    @property
    def arm(self) -> str:
        """Which variant."""

    @property
    def seed(self) -> int:
        """With which seed."""

    @property
    def key(self) -> str:
        """Digest of all that its result depends on."""


def run_tasks(
    tasks: Sequence[Task],
    work: Work,
    *,
    out: Path,
    workers: int = 1,
    max_seconds: float | None = None,
) -> Iterator[Record]:
    """Runs the tasks that have no record yet, and yields the records of all, each as soon as it is there.

    What fails is recorded with its error, and the rest goes on; a failed task runs again the next time. With several
    workers each is a process of its own (joblib's `loky`, or the backend that `joblib.parallel_config` names), and records
    come in the order in which they end.

    Args:
        tasks: What runs.
        work: Makes a record of a task; nothing it returns may depend on another task.
        out: Folder of the run.
        workers: How many run at once.
        max_seconds: After how long no further task begins; those that run come to their end.

    Raises:
        StudyError: If a record is damaged, or the number of workers is none.
        FileError: If a record cannot be written.
    """
    if workers < 1:
        raise StudyError(f"A study needs 1 worker or more, got workers={workers}.")
    waiting = []
    for task in tasks:
        there = read_record(out, task.key)
        if there is not None and there.status == "done":
            yield renamed(there, task.arm)
        else:
            waiting.append(task)
    begun = _in_time(waiting, max_seconds)
    if workers == 1:
        for task in begun:
            yield recorded(task, work, out)
        return
    # Only who runs several at once waits for it.
    from joblib import Parallel, delayed

    at_once = Parallel(n_jobs=workers, pre_dispatch=workers, return_as="generator_unordered")
    yield from at_once(delayed(recorded)(task, work, out) for task in begun)


def recorded(task: Task, work: Work, out: Path) -> Record:
    """Returns what a task came to, after writing it down; what goes wrong in it becomes a record too.

    Raises:
        FileError: If the record cannot be written.
    """
    began = time.perf_counter()
    try:
        record = work(task)
    except Exception as error:  # noqa: BLE001  # Whatever one trial meets is kept with it and must not end the others.
        said = f"{type(error).__name__}: {error}"
        record = Record(key=task.key, arm=task.arm, seed=task.seed, status="failed", error=said)
    machine = f"{platform.system()} {platform.machine()}, {counted(os.cpu_count() or 1, 'core')}"
    record = replace(record, seconds=round(time.perf_counter() - began, 3), machine=machine)
    write_record(record, out)
    return record


def _in_time(tasks: Iterable[Task], max_seconds: float | None) -> Iterator[Task]:
    began = time.monotonic()
    for task in tasks:
        if max_seconds is not None and time.monotonic() - began >= max_seconds:
            return
        yield task
