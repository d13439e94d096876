import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import joblib
import pytest

from fusion.errors import StudyError
from fusion.execution.executors import recorded_in_turn, run_tasks, series
from fusion.execution.tasks import Together
from fusion.study.records import Listed, Record, read_record, record_file


@dataclass(frozen=True)
class Count:
    """Work that leaves a mark for each time it runs."""

    folder: Path
    broken: str = ""

    def __call__(self, task):
        with (self.folder / "calls").open("a") as file:
            file.write(f"{task.key}\n")
        if task.arm == self.broken:
            raise ValueError("it broke")
        return Record(key=task.key, arm=task.arm, seed=task.seed, status="done", value=task.seed / 10)

    @property
    def calls(self):
        path = self.folder / "calls"
        return path.read_text().split() if path.exists() else []


TASKS = [Listed(f"{arm}{seed}", arm, seed) for seed in range(3) for arm in "ab"]


def plain(records):
    return [(record.key, record.value, record.status) for record in records]


def test_each_task_runs_once_and_what_is_done_is_not_run_again(tmp_path):
    work = Count(tmp_path)

    first = list(run_tasks(TASKS, work, out=tmp_path))
    again = list(run_tasks(TASKS, work, out=tmp_path))

    assert work.calls == [task.key for task in TASKS]
    assert first == again
    assert plain(first) == [(task.key, task.seed / 10, "done") for task in TASKS]


def by_seed(tasks, workers):
    return [tuple(task for task in tasks if task.seed == seed) for seed in range(3)]


@dataclass
class Begun:
    """Counts the processes, or turns, in which work begins."""

    work: Count
    times: int = 0

    def __call__(self):
        self.times += 1
        return self.work


def by_arm(task):
    return task.arm


def several(tasks):
    return [Record(key=task.key, arm=task.arm, seed=task.seed, status="done", value=5.0) for task in tasks]


def broken(tasks):
    raise ValueError(f"{len(tasks)} broke")


def test_tasks_of_a_bunch_run_as_one_and_are_recorded_each(tmp_path):
    work = Count(tmp_path)
    list(run_tasks(TASKS[:1], work, out=tmp_path))

    found = list(run_tasks(TASKS, Together(Begun(work), by_seed, several, by_arm), out=tmp_path))

    assert work.calls == ["a0", "b0"]
    assert {(record.key, record.together) for record in found if record.seed < 2} == {
        ("a0", 1),
        ("b0", 1),
        ("a1", 2),
        ("b1", 2),
    }
    assert {record.value for record in found if record.seed} == {5.0}
    assert plain(run_tasks(TASKS, work, out=tmp_path)) == plain(found)
    assert {read_record(tmp_path, "a1").machine, read_record(tmp_path, "b2").machine} == {found[1].machine}


def test_tasks_of_a_bunch_that_fails_run_alone(tmp_path):
    work = Count(tmp_path, broken="a")

    found = list(run_tasks(TASKS, Together(Begun(work), by_seed, broken, by_arm), out=tmp_path))

    assert work.calls == [task.key for task in TASKS]
    assert [record.status for record in found] == ["failed", "done"] * 3
    assert {(record.together, record.apart) for record in found} == {(1, "ValueError: 2 broke")}


@pytest.mark.parametrize("workers", [None, 1, 2])
def test_who_forms_bunches_knows_how_many_run_at_once(tmp_path, workers):
    known = []

    def singly(tasks, workers):
        known.append(workers)
        return [(task,) for task in tasks]

    with joblib.parallel_config(backend="threading"):
        list(
            run_tasks(
                TASKS,
                Together(Begun(Count(tmp_path)), singly, several, by_arm),
                out=tmp_path,
                workers=workers,
            )
        )

    assert known == [workers or 1]


def arm_by_arm(tasks, workers):
    return [(task,) for task in sorted(tasks, key=by_arm)]


def test_one_process_begins_once_and_goes_from_program_to_program(tmp_path):
    begin = Begun(Count(tmp_path))

    list(run_tasks(TASKS, Together(begin, arm_by_arm, several, by_arm), out=tmp_path))

    assert begin.times == 1
    assert begin.work.calls == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_workers_are_given_tasks_of_one_program_in_turn_and_each_has_some(tmp_path):
    begin, few = Begun(Count(tmp_path)), [Listed(f"a{seed}", "a", seed) for seed in range(8)]
    how = Together(begin, arm_by_arm, several, by_arm)

    with joblib.parallel_config(backend="threading"):
        found = list(run_tasks(few, how, out=tmp_path, workers=2))

    assert begin.times == 4
    assert {record.key for record in found} == {task.key for task in few}
    every = [(task,) for task in TASKS]
    assert [len(each) for each in series(sorted(every, key=lambda one: one[0].arm), how, most=9)] == [3, 3]
    assert [len(each) for each in series([*every[:1], tuple(TASKS[2:5:2])], how, most=9)] == [1, 1]
    assert [len(each) for each in series(every, begin.work, most=9)] == [1] * 6


def test_no_task_of_a_series_begins_when_the_time_is_over(tmp_path):
    assert recorded_in_turn([(task,) for task in TASKS], Count(tmp_path), tmp_path, 0) == []
    assert Count(tmp_path).calls == []


def test_what_fails_is_kept_with_its_error_and_runs_again_the_next_time(tmp_path):
    found = list(run_tasks(TASKS, Count(tmp_path, broken="a"), out=tmp_path))

    assert [record.status for record in found] == ["failed", "done"] * 3
    assert read_record(tmp_path, "a0").error == "ValueError: it broke"
    assert {record.status for record in run_tasks(TASKS, Count(tmp_path), out=tmp_path)} == {"done"}


def test_a_trial_under_another_name_keeps_its_result(tmp_path):
    list(run_tasks(TASKS[:1], Count(tmp_path), out=tmp_path))

    (record,) = run_tasks([Listed("a0", "renamed", 0)], Count(tmp_path), out=tmp_path)

    assert record.arm == "renamed"
    assert len(Count(tmp_path).calls) == 1


def test_no_task_begins_when_the_time_is_over(tmp_path):
    assert list(run_tasks(TASKS, Count(tmp_path), out=tmp_path, max_seconds=0)) == []
    assert Count(tmp_path).calls == []


def test_a_damaged_record_is_named(tmp_path):
    record_file(tmp_path, "a0").parent.mkdir()
    record_file(tmp_path, "a0").write_text("{")

    with pytest.raises(StudyError, match=r"a0.json is damaged: .* Remove it, and the trial runs again"):
        list(run_tasks(TASKS, Count(tmp_path), out=tmp_path))


def test_no_workers_are_refused(tmp_path):
    with pytest.raises(StudyError, match="needs 1 worker or more, got workers=0"):
        list(run_tasks(TASKS, Count(tmp_path), out=tmp_path, workers=0))


@pytest.mark.slow
def test_any_number_of_workers_comes_to_the_same(tmp_path):
    found = {}
    for workers in (1, 2, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        found[workers] = sorted(
            plain(run_tasks(TASKS, Count(folder, broken="b"), out=folder, workers=workers))
        )

    assert found[1] == found[2] == found[3]


@dataclass(frozen=True)
class Killed(Count):
    """Work that ends its process over one task, as a machine out of memory does."""

    def __call__(self, task):
        if task.key == "a1":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(task)


@pytest.mark.slow
def test_a_worker_that_is_killed_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(
        StudyError, match=r"A worker was killed, .* fewer workers than 2: what is done stays done"
    ):
        list(run_tasks(TASKS, Killed(tmp_path), out=tmp_path, workers=2))

    done = [task.key for task in TASKS if record_file(tmp_path, task.key).exists()]
    assert done
    assert {r.status for r in run_tasks(TASKS, Count(tmp_path), out=tmp_path)} == {"done"}
    assert not set(done) & set(Count(tmp_path).calls[len(done) :])


@dataclass(frozen=True)
class Where(Count):
    """Work that says in which process it ran."""

    def __call__(self, task):
        return Record(key=task.key, arm=task.arm, seed=task.seed, status="done", error=str(os.getpid()))


def test_another_backend_of_joblib_is_used_where_it_is_named(tmp_path):
    with joblib.parallel_config(backend="threading"):
        found = list(run_tasks(TASKS, Where(tmp_path), out=tmp_path, workers=2))

    assert sorted(record.key for record in found) == sorted(task.key for task in TASKS)
    assert {record.error for record in found} == {str(os.getpid())}


PROGRAM = """
import sys, time
from pathlib import Path
from fusion.execution.executors import run_tasks
from fusion.study.records import Listed, Record

def work(task):
    time.sleep(0.01)
    return Record(key=task.key, arm=task.arm, seed=task.seed, status="done", value=task.seed / 10)

tasks = [Listed(f"a{seed}", "a", seed) for seed in range(400)]
for record in run_tasks(tasks, work, out=Path(sys.argv[1])):
    pass
"""


@pytest.mark.slow
def test_a_study_killed_again_and_again_comes_to_the_equal_result(tmp_path):
    tasks = [Listed(f"a{seed}", "a", seed) for seed in range(400)]

    def done():
        return sum(record_file(tmp_path, task.key).exists() for task in tasks)

    for wait in (0.0, 0.11, 0.05, 0.13, 0.02):
        before = done()
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        while done() == before:
            assert process.poll() is None
            time.sleep(0.005)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = [task for task in tasks if not record_file(tmp_path, task.key).exists()]

    found = list(run_tasks(tasks, Count(tmp_path), out=tmp_path))

    assert Count(tmp_path).calls == [task.key for task in left]
    assert 0 < len(left) < len(tasks)
    assert plain(found) == [(task.key, task.seed / 10, "done") for task in tasks]
