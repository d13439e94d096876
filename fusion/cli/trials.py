"""Trials of a study under a bar; where nobody watches a terminal, in a line for each."""

from pathlib import Path
from typing import TYPE_CHECKING

from fusion.errors import listed
from fusion.wording import counted

if TYPE_CHECKING:
    from rich.progress import Progress

    from fusion.execution.running import Executor, PreparedStudy
    from fusion.study.records import Record


def run_trials(
    prepared: "PreparedStudy",
    out: Path,
    progress: "Progress",
    *,
    workers: int | None = None,
    max_seconds: float | None = None,
    executor: "Executor" = "local",
) -> None:
    """Runs trials under a bar that says what the last one came to; a log gets a line as they begin, and one for each."""
    from fusion.execution.running import run as ran
    from fusion.study.results import load_results

    total = len(prepared.trials)
    _tell(
        progress,
        f"{counted(total, 'trial')} of {_arms(prepared)}, kept in {out}; those done already are not run again",
    )
    task = progress.add_task("trials", total=total, seen="")
    seeds = set[int]()
    records = ran(prepared, out=out, workers=workers, max_seconds=max_seconds, executor=executor)
    for count, record in enumerate(records, start=1):
        if record.seed not in seeds:
            # A race may have stopped arms before it goes on with further seeds.
            seeds.add(record.seed)
            total = len(prepared.trials) - load_results(out).saved
            progress.update(task, total=total)
        progress.advance(task)
        progress.update(task, seen=_seen(record))
        _tell(
            progress,
            f"{count} of {total}: {_seen(record)}, {record.seconds:.0f} s",
        )


def _tell(progress: "Progress", line: str) -> None:
    """Writes a line where no bar is seen."""
    if not progress.console.is_terminal:
        progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


def _arms(prepared: "PreparedStudy") -> str:
    names = list(dict.fromkeys(trial.arm for trial in prepared.trials))
    return f"{counted(len(names), 'arm')} ({listed(names)})"


def _seen(record: "Record") -> str:
    return f"{record.arm}, seed {record.seed}: " + (
        record.error if record.value is None else f"{record.value:.4f}"
    )
