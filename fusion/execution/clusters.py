"""Trials on the machines that Ray joins: workers that load Keras once, and whose death loses nothing."""

import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fusion.errors import StudyError, listed
from fusion.execution.tasks import Task, Together, Work, failure, runner
from fusion.locking import PACKAGES
from fusion.study.records import Record
from fusion.wording import counted

LIVES = 3
"""How many workers may die over one bunch of tasks, or before any begins, until that is taken for their fault."""
PATIENCE = 300.0
"""Seconds for which no worker needs to come while none is at work."""
ANSWER = 5.0
"""Seconds within which the head node of a cluster takes a connection."""
SHARED = ("FUSION_", "KERAS_", "TF_")
"""How the names of variables begin that workers are given: where weights and stored tensors lie, and how Keras runs."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Machines that Ray joins, or one on which it is started for the run.

    Args:
        address: `HOST:PORT` of the head node, or `auto` for the cluster this machine belongs to. `None` is the one that
            the variable RAY_ADDRESS names or this machine belongs to, and without either one that is started here.
        paths: What every worker must see, at the same place as this machine.

    >>> Cluster("auto").paths
    ()
    """

    address: str | None = None
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a worker finds where it is.

    Args:
        host: Its machine.
        missing: Paths that are not there.
        versions: Of the packages that a result depends on.
    """

    host: str
    missing: tuple[Path, ...]
    versions: dict[str, str]


class Worker:
    """A process of the cluster that runs one bunch after the other; the work, and all that it imports, is loaded once."""

    def __init__(self, work: Work | Together) -> None:
        self.runner = runner(work)

    def look(self, paths: tuple[Path, ...]) -> Seen:
        """Returns what is to be known before the first bunch."""
        missing = tuple(path for path in paths if not path.exists())
        return Seen(socket.gethostname(), missing, _versions())

    def run(self, bunch: Sequence[Task]) -> Sequence[Record]:
        """Returns what each task of a bunch came to."""
        return self.runner(bunch)


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is at: a bunch of tasks, or none while it starts."""

    worker: Any
    bunch: Sequence[Task] = ()


def run_on_cluster(
    bunches: Callable[[int], Iterable[Sequence[Task]]],
    work: Work | Together,
    cluster: Cluster,
    *,
    workers: int | None = None,
) -> Iterator[Record]:
    """Yields the records of tasks as soon as a worker is through with their bunch; who asks for them writes them down.

    A bunch whose worker dies, or whose machine does, runs again on another; one of several over which two died runs again
    task by task. Ray is joined for as long as records are asked for; where the caller joined it, it stays joined.

    Args:
        bunches: Gives what runs, by how many run at once; the next is taken when a worker is free.
        work: Makes a record of each task. It is brought to the machines once, with the data it holds.
        cluster: Where.
        workers: How many run at once, each with a processor to itself, and with a GPU where there are some; `None` is as
            many as the cluster has of these.

    Raises:
        StudyError: If Ray is not installed, no cluster answers, or its workers do not start, do not see a path or have
            other versions than this machine.
    """
    ray = _ray()
    with _joined(ray, cluster):
        resources = ray.cluster_resources()
        gpus = int(resources.get("GPU", 0))
        room = workers or max(1, gpus or int(resources.get("CPU", 0)))
        given = {name: value for name, value in os.environ.items() if name.startswith(SHARED)}
        made = ray.remote(Worker).options(
            num_cpus=1, num_gpus=min(1, gpus), runtime_env={"env_vars": given} if given else None
        )
        kept = ray.put(work)
        crew = _Crew(ray, lambda: made.remote(kept), cluster.paths)
        try:
            for _ in range(room):
                crew.hire()
            yield from crew.through(iter(bunches(room)))
        finally:
            crew.dismiss()


class _Crew:
    """The workers of one run, and what each is at."""

    def __init__(self, ray: Any, make: Callable[[], Any], paths: tuple[Path, ...]) -> None:
        self.ray = ray
        self.make = make
        self.paths = paths
        self.jobs: dict[Any, Job] = {}
        self.again: list[Sequence[Task]] = []
        self.deaths: Counter[str] = Counter()

    def hire(self) -> None:
        """Asks for one more worker; it is given nothing before it has come."""
        worker = self.make()
        self.jobs[worker.look.remote(self.paths)] = Job(worker)

    def dismiss(self) -> None:
        """Ends all workers."""
        for job in self.jobs.values():
            self.ray.kill(job.worker)
        self.jobs.clear()

    def through(self, bunches: Iterator[Sequence[Task]]) -> Iterator[Record]:
        """Yields the records of all tasks."""
        left = True
        while left or self.again or any(job.bunch for job in self.jobs.values()):
            ready, job = self._next()
            try:
                came = self.ray.get(ready)
            except self.ray.exceptions.RayError as error:
                self.ray.kill(job.worker)
                yield from self._lost(job, error)
                if left or self.again:
                    self.hire()
                continue
            if isinstance(came, Seen):
                _check(came)
                self.deaths.pop("", None)
            else:
                yield from came
            bunch = self.again.pop() if self.again else next(bunches, ())
            left = left and bool(bunch)
            if not bunch:
                # Its processor may be what another, that is still to come, waits for.
                self.ray.kill(job.worker)
            else:
                self.jobs[job.worker.run.remote(bunch)] = Job(job.worker, bunch)

    def _next(self) -> tuple[Any, Job]:
        """Waits for a worker that is through, or has come."""
        at_work = any(job.bunch for job in self.jobs.values())
        ready, _ = self.ray.wait(list(self.jobs), timeout=None if at_work else PATIENCE)
        if not ready:
            free = self.ray.available_resources()
            raise StudyError(
                f"No worker came within {PATIENCE:g} s: of {self.ray.cluster_resources().get('CPU', 0):g} processors of the "
                f"cluster {free.get('CPU', 0):g} are free. Free some, or add a machine; what is done stays done."
            )
        return ready[0], self.jobs.pop(ready[0])

    def _lost(self, job: Job, error: Exception) -> Iterator[Record]:
        """Puts the bunch of a worker that died back, whole or in pieces, or gives it up."""
        key = " ".join(task.key for task in job.bunch)
        self.deaths[key] += 1
        if len(job.bunch) > 1 and self.deaths[key] > 1:
            # One of them may be what kills, or all together may not fit into memory.
            self.again += [(task,) for task in job.bunch]
            return
        if self.deaths[key] < LIVES:
            self.again += [job.bunch] if job.bunch else []
            return
        why = str(error).strip().splitlines()
        if not job.bunch:
            raise StudyError(
                f"{counted(LIVES, 'worker')} of the cluster ended before they began: {why[0]} ... {why[-1]} Install fusion, "
                "in one version, for the same Python on every machine."
            ) from error
        said = f"{type(error).__name__}: {counted(LIVES, 'worker')} died over it: {why[0]}"
        yield from (failure(task, said) for task in job.bunch)


def _ray() -> Any:
    # Whether it is asked for at all is said where it is imported.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise StudyError("The executor 'ray' needs Ray: pip install 'fusion[ray]'.") from None
    return ray


@contextmanager
def _joined(ray: Any, cluster: Cluster) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    address = cluster.address or os.environ.get("RAY_ADDRESS") or None
    _check_address(address)
    try:
        ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise StudyError(
            f"No Ray cluster at {address or 'this machine'!r}: {str(error).splitlines()[0]} Begin one with "
            "'ray start --head' on one machine and 'ray start --address HOST:6379' on the others."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_address(address: str | None) -> None:
    """Refuses at once what Ray would wait for over minutes before it ends this process."""
    if address in {None, "auto", "local"}:
        return
    host, _, port = str(address).rpartition(":")
    if "/" in host or not host or not port.isdecimal():
        raise StudyError(
            f"A cluster is named by HOST:PORT of its head node or 'auto', got {address!r}. Run the study on a machine of "
            "the cluster."
        )
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER).close()
    except (OSError, OverflowError) as error:
        raise StudyError(
            f"No Ray cluster answers at {address}: {error}. Begin one there with: ray start --head --port {port}"
        ) from error


def _versions() -> dict[str, str]:
    return {package: version(package) for package in PACKAGES}


def _check(seen: Seen) -> None:
    if seen.missing:
        raise StudyError(
            f"A worker on {seen.host} does not see {listed(map(str, seen.missing))}. Put it on storage that all machines "
            "share, at the same path, or give the run data in memory: fusion.read_data or fusion.from_arrays."
        )
    other = [
        f"{name} {seen.versions.get(name)} instead of {own}"
        for name, own in _versions().items()
        if seen.versions.get(name) != own
    ]
    if other:
        raise StudyError(
            f"A worker on {seen.host} has {listed(other)}, which may give other results. Install the same on every machine."
        )
