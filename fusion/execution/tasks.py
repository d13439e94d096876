"""What runs in a study, and what it came to, whatever goes wrong in it."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from fusion.study.records import Record
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


@dataclass(frozen=True, slots=True)
class Together:
    """How tasks run several at once in one process, or one after the other with what the first left for the next.

    Args:
        begin: Called once by each process that runs tasks, gives what makes the record of one task after the other.
        bunch: Says which may run together, and which alone, given all tasks and how many bunches run at once; all tasks
            are in what it returns.
        work: Makes the records of a bunch, in its order; where it fails, each of its tasks runs alone.
        program: Gives a word that tasks have in common that take less time one after the other in one process; they
            come one after the other in what `bunch` returns.
    """

    begin: Callable[[], Work]
    bunch: Callable[[Sequence[Any], int], Sequence[Sequence[Any]]]
    work: Callable[[Sequence[Any]], Sequence[Record]]
    program: Callable[[Any], str]


Runner = Callable[[Sequence["Task"]], Sequence[Record]]
"""What runs one bunch of tasks after the other in one process."""


def runner(work: Work | Together) -> Runner:
    """Returns what runs bunches in this process; what tasks of one program share is kept in it.

    >>> from fusion.study.records import Listed
    >>> runner(lambda task: 1 / 0)([Listed("0a", "base", 0)])[0].status
    'failed'
    """
    if isinstance(work, Together):
        return partial(attempted_together, alone=work.begin(), work=work.work)
    return lambda bunch: [attempted(task, work) for task in bunch]


def attempted(task: Task, work: Work) -> Record:
    """Returns what a task came to on this machine; what goes wrong in it becomes a record too.

    >>> from fusion.study.records import Listed
    >>> attempted(Listed("0a", "base", 0), lambda task: 1 / 0).error
    'ZeroDivisionError: division by zero'
    """
    began = time.perf_counter()
    try:
        record = work(task)
    except Exception as error:  # noqa: BLE001  # Whatever one trial meets is kept with it and must not end the others.
        record = failure(task, f"{type(error).__name__}: {error}")
    return _told(record, time.perf_counter() - began)


def attempted_together(
    tasks: Sequence[Task], *, alone: Work, work: Callable[[Sequence[Any]], Sequence[Record]]
) -> Sequence[Record]:
    """Returns what each of several tasks came to, which take a share each of the time they take together.

    Where they cannot run together, each runs alone, and its record says why.

    Args:
        tasks: What runs.
        alone: Makes the record of one.
        work: Makes the records of several.

    >>> from fusion.study.records import Listed
    >>> def alone(task):
    ...     return Record(key=task.key, arm=task.arm, seed=task.seed, status="done")
    >>> two = [Listed("0a", "base", 0), Listed("0b", "base", 1)]
    >>> [record.status for record in attempted_together(two, alone=alone, work=lambda tasks: 1 / 0)]
    ['done', 'done']
    """
    if len(tasks) == 1:
        return [attempted(task, alone) for task in tasks]
    began = time.perf_counter()
    try:
        records = work(tasks)
    except Exception as error:  # noqa: BLE001  # Which of them it is that fails is found where each runs alone.
        why = f"{type(error).__name__}: {error}"
        return [replace(attempted(task, alone), apart=why) for task in tasks]
    each = (time.perf_counter() - began) / len(tasks)
    return [replace(_told(record, each), together=len(tasks)) for record in records]


def _told(record: Record, seconds: float) -> Record:
    machine = f"{platform.system()} {platform.machine()}, {counted(os.cpu_count() or 1, 'core')}"
    return replace(record, seconds=round(seconds, 3), machine=machine)


def failure(task: Task, error: str) -> Record:
    """Returns the record of a task that came to nothing.

    >>> from fusion.study.records import Listed
    >>> failure(Listed("0a", "base", 0), "It broke.").status
    'failed'
    """
    return Record(key=task.key, arm=task.arm, seed=task.seed, status="failed", error=error)
