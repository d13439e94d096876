"""Workers end with the process they work for: each holds the pipe to this one, so that it ends when all of them have."""

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from fusion.execution import workers

ALONE = """
import os, sys, time
from fusion.execution import workers

master = os.getpid()
if not os.fork():
    # As if it was loaded.
    sys.modules["keras"] = None
    workers.PAUSE = 0.01
    workers.begin_worker(master)
    print("begun", flush=True)
time.sleep(60)
"""

TWO = """
import sys, time
from pathlib import Path
from fusion.execution.executors import run_tasks
from fusion.study.records import Listed

def work(task):
    print("begun", flush=True)
    time.sleep(600)

if __name__ == "__main__":
    tasks = [Listed(f"a{seed}", "a", seed) for seed in range(4)]
    list(run_tasks(tasks, work, out=Path(sys.argv[1]), workers=2))
"""


def begun(program, count, *arguments):
    """Returns a process, once so many of its workers have begun."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert [process.stdout.readline() for _ in range(count)] == ["begun\n"] * count
    return process


def test_a_worker_ends_when_who_it_works_for_is_killed():
    process = begun(ALONE, 1)

    process.send_signal(signal.SIGKILL)

    assert process.communicate(timeout=20)[0] == ""


@pytest.mark.slow
def test_no_worker_of_a_study_is_left_when_it_is_killed(tmp_path):
    process = begun(TWO, 2, str(tmp_path))

    process.send_signal(signal.SIGKILL)

    assert process.communicate(timeout=30)[0] == ""


@pytest.mark.parametrize("master", [pytest.param(os.getpid(), id="this"), pytest.param(0, id="none")])
def test_a_thread_or_a_process_of_another_looks_after_nobody(monkeypatch, master):
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace())
    monkeypatch.setattr(workers, "Thread", lambda **_: pytest.fail("it looks after a process"))

    workers.begin_worker(master)
