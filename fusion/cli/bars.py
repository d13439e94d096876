"""Progress bars of what takes longer than a second."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


def bars(console: Console) -> Progress:
    """Returns bars with a text, the time left or in the end gone, and what was seen; they fit 80 columns."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("{task.fields[seen]}"),
        console=console,
    )


@contextmanager
def examining() -> Iterator[Callable[[int, int], None]]:
    """Shows how many image files have been examined."""
    with bars(Console(stderr=True)) as progress:
        task = progress.add_task("reading images", total=None, seen="")

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, seen=f"{done} of {total}")

        yield report
        if not progress.tasks[0].completed:
            progress.remove_task(task)
