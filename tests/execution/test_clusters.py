import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from fusion.errors import StudyError
from fusion.execution import clusters
from fusion.execution.clusters import Cluster, Job, Seen
from fusion.execution.executors import run_tasks
from fusion.execution.tasks import Together
from fusion.study.records import Listed, Record, read_record

TASKS = [Listed(f"{arm}{seed}", arm, seed) for seed in range(8) for arm in "ab"]


@dataclass(frozen=True)
class Sleep:
    """Work that notes which process began a task, and takes a while over it."""

    folder: Path
    seconds: float = 0.0
    deadly: str = ""
    deaths: int = 99

    def __call__(self, task):
        (self.folder / f"{task.key}-{os.getpid()}-{os.getppid()}-{time.monotonic_ns()}").touch()
        if task.key == self.deadly and sum(each[0] == task.key for each in self.begun()) <= self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.seconds)
        if task.key == "b1":
            raise ValueError("it broke")
        return Record(key=task.key, arm=task.arm, seed=task.seed, status="done", value=task.seed / 10)

    def begun(self):
        return [path.name.split("-") for path in self.folder.iterdir()]


@pytest.fixture
def work(tmp_path):
    def make(**given):
        (tmp_path / "marks").mkdir(exist_ok=True)
        return Sleep(tmp_path / "marks", **given)

    return make


def plain(records):
    return sorted((record.key, record.value, record.status, record.error) for record in records)


@pytest.fixture
def ray(one_cluster):
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'fusion[ray]'")
    # Work of this file is sent as it is: workers cannot import tests.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield ray
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.fixture
def two_nodes(ray):
    """Two nodes with two processors each, apart but on this machine; the second can be killed."""
    from ray.cluster_utils import Cluster as Nodes

    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    yield nodes
    nodes.shutdown()


@pytest.mark.slow
def test_a_cluster_comes_to_the_same_as_this_machine(ray, work, tmp_path, capfd):
    found = list(run_tasks(TASKS, work(), out=tmp_path / "ray", cluster=Cluster(), workers=2))
    noise = capfd.readouterr()

    here = list(run_tasks(TASKS, work(), out=tmp_path / "here"))
    assert plain(found) == plain(here)
    assert {record.status for record in found} == {"done", "failed"}
    assert all(read_record(tmp_path / "ray", task.key) for task in TASKS)
    assert (noise.out, noise.err) == ("", "")
    assert not ray.is_initialized()


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(ray, work, tmp_path):
    killed = work(seconds=0.1, deadly="a3", deaths=1)

    records = list(run_tasks(TASKS, killed, out=tmp_path, cluster=Cluster(), workers=2))

    assert len(killed.begun()) == len(TASKS) + 1
    assert plain(records) == plain(run_tasks(TASKS, work(), out=tmp_path / "here"))


@pytest.mark.slow
def test_a_machine_that_is_killed_loses_nothing(two_nodes, work, tmp_path):
    second, slow, records, killed = two_nodes.add_node(num_cpus=2), work(seconds=0.3), [], set()
    raylet = second.all_processes["raylet"][0].process
    tasks = [Listed(f"{arm}{seed}", arm, seed) for seed in range(20) for arm in "ab"]

    for record in run_tasks(tasks, slow, out=tmp_path, cluster=Cluster(two_nodes.address)):
        records.append(record)
        there = {int(pid) for _, pid, parent, _ in slow.begun() if int(parent) == raylet.pid}
        if len(there) == 2 and not killed:
            killed = {raylet.pid, *there}
            for each in killed:
                os.kill(each, signal.SIGKILL)

    assert len(killed) == 3
    assert len(tasks) < len(slow.begun()) <= len(tasks) + 2
    assert plain(records) == plain(run_tasks(tasks, work(), out=tmp_path / "here"))


@pytest.mark.slow
def test_a_task_that_kills_each_worker_fails_and_ends_no_other(ray, work, tmp_path):
    records = list(run_tasks(TASKS[:6], work(deadly="a1"), out=tmp_path, cluster=Cluster(), workers=2))

    failed = {record.key: record.error for record in records if record.status == "failed"}
    assert failed.keys() == {"a1", "b1"}
    assert "3 workers died over it" in failed["a1"]
    assert len(records) == 6


def test_a_bunch_that_two_workers_died_over_goes_on_task_by_task():
    crew, bunch = clusters._Crew(None, None, ()), tuple(TASKS[:3])

    assert list(crew._lost(Job(None, bunch), OSError("died"))) == []
    assert crew.again == [bunch]
    assert list(crew._lost(Job(None, crew.again.pop()), OSError("died"))) == []
    assert crew.again == [(task,) for task in bunch]
    for _ in range(clusters.LIVES - 1):
        assert list(crew._lost(Job(None, crew.again.pop(0)), OSError("died"))) == []
        crew.again.insert(0, crew.again.pop())
    (failed,) = crew._lost(Job(None, crew.again.pop(0)), OSError("died"))
    assert (failed.key, failed.status) == ("a0", "failed")
    assert crew.again == [(task,) for task in bunch[1:]]


@dataclass(frozen=True)
class Halves:
    """Two bunches, and what each worker of a run makes of them."""

    work: Sleep

    def __call__(self, tasks):
        return [self.work(task) for task in tasks]

    def begin(self):
        return self.work

    def program(self, task):
        return task.arm

    def bunch(self, tasks, workers):
        half = len(tasks) // workers
        return [tasks[:half], tasks[half:]]


@pytest.mark.slow
def test_of_a_bunch_that_kills_each_worker_only_the_task_that_does_fails(ray, work, tmp_path):
    halves = Halves(work(deadly="a2"))
    how = Together(halves.begin, halves.bunch, halves, halves.program)

    records = list(run_tasks(TASKS[4:8], how, out=tmp_path, cluster=Cluster(), workers=2))

    assert {record.key for record in records if record.status == "failed"} == {"a2"}
    assert len(records) == 4


@pytest.mark.slow
def test_what_a_worker_does_not_see_is_named(ray, work, tmp_path):
    with pytest.raises(StudyError, match=r"A worker on .* does not see .*nowhere. Put it on storage"):
        list(
            run_tasks(TASKS, work(), out=tmp_path, cluster=Cluster(paths=(tmp_path / "nowhere",)), workers=1)
        )


class Unreadable:
    """Work that no other process can take in."""

    def __reduce__(self):
        return int, ("this is no number",)


@pytest.mark.slow
def test_workers_that_cannot_begin_are_an_error(ray, tmp_path):
    with pytest.raises(
        StudyError, match=r"3 workers of the cluster ended before they began: .* Install fusion"
    ):
        list(run_tasks(TASKS, Unreadable(), out=tmp_path, cluster=Cluster(), workers=1))


@pytest.mark.slow
def test_a_cluster_without_a_free_processor_is_an_error(ray, work, tmp_path, monkeypatch):
    monkeypatch.setattr(clusters, "PATIENCE", 3.0)
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        other = ray.remote(Sleep).options(num_cpus=1).remote(tmp_path)
        ray.get(other.__ray_ready__.remote())

        with pytest.raises(
            StudyError, match="No worker came within 3 s: of 1 processors of the cluster 0 are free"
        ):
            list(run_tasks(TASKS, work(), out=tmp_path, cluster=Cluster()))
        assert ray.is_initialized()
        ray.kill(other)
    finally:
        ray.shutdown()


def test_ray_that_is_missing_is_named_with_its_extra(work, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(StudyError, match=r"needs Ray: pip install 'fusion\[ray\]'"):
        list(run_tasks(TASKS, work(), out=tmp_path, cluster=Cluster()))


@pytest.mark.parametrize("address", ["somewhere", "ray://head:10001", "head:", ":6379"])
def test_an_address_that_is_none_is_refused(ray, work, tmp_path, address):
    with pytest.raises(StudyError, match="A cluster is named by HOST:PORT"):
        list(run_tasks(TASKS, work(), out=tmp_path, cluster=Cluster(address)))


def test_an_address_where_nothing_answers_is_refused_at_once(ray, work, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(StudyError, match=f"No Ray cluster answers at {address}"):
            list(run_tasks(TASKS, work(), out=tmp_path, cluster=Cluster(address)))


def test_a_machine_that_belongs_to_no_cluster_is_told_so(ray, work, tmp_path, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)

    with pytest.raises(StudyError, match=r"No Ray cluster at 'auto': .* Begin one with 'ray start --head'"):
        list(run_tasks(TASKS, work(), out=tmp_path, cluster=Cluster("auto")))


def test_a_worker_with_other_versions_is_refused():
    seen = Seen("node7", (), clusters._versions() | {"keras": "3.0.0"})

    with pytest.raises(StudyError, match=r"A worker on node7 has keras 3.0.0 instead of 3"):
        clusters._check(seen)
