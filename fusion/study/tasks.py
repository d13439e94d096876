"""What runs in a study, and what it came to, whatever goes wrong in it."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

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
    machine = f"{platform.system()} {platform.machine()}, {counted(os.cpu_count() or 1, 'core')}"
    return replace(record, seconds=round(time.perf_counter() - began, 3), machine=machine)


def failure(task: Task, error: str) -> Record:
    """Returns the record of a task that came to nothing.

    >>> from fusion.study.records import Listed
    >>> failure(Listed("0a", "base", 0), "It broke.").status
    'failed'
    """
    return Record(key=task.key, arm=task.arm, seed=task.seed, status="failed", error=error)
