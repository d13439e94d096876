"""What running a trial costs beside the trial itself, here and through Ray: empty trials, each recorded in a file."""

import tempfile
import time
from pathlib import Path

from reporting import report

from fusion.execution.clusters import Cluster
from fusion.execution.executors import run_tasks
from fusion.study.records import Listed, Record

LOCAL, SEVERAL, RAY = 10_000, 2_000, 500
WORKERS = 2


def nothing(task: Listed) -> Record:
    return Record(key=task.key, arm=task.arm, seed=task.seed, status="done", value=0.5)


def timed(count: int, **options: object) -> tuple[float, float]:
    """Returns seconds until the first record is there, and for each one after it."""
    tasks = [Listed(f"{number:032x}", "empty", number) for number in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        records = run_tasks(tasks, nothing, out=Path(folder), **options)
        next(records)
        first = time.perf_counter()
        if sum(1 for _ in records) != count - 1:
            raise SystemExit("Records are missing.")
        return first - began, (time.perf_counter() - first) / (count - 1)


def main() -> None:
    rows = [
        [name, count, begun, 1000 * each]
        for name, count, (begun, each) in (
            ("local, in this process", LOCAL, timed(LOCAL)),
            (f"local, {WORKERS} workers", SEVERAL, timed(SEVERAL, workers=WORKERS)),
            (
                f"ray, {WORKERS} workers, started for the run",
                RAY,
                timed(RAY, workers=WORKERS, cluster=Cluster()),
            ),
        )
    ]
    report("executors", ["executor", "trials", "seconds to the first", "ms a trial"], rows)


if __name__ == "__main__":
    main()
