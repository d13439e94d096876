"""Progress bars of what takes longer than a second."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from fusion.training.fitting import PhaseStart, Watch
from fusion.wording import amount


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


@contextmanager
def watching(console: Console) -> Iterator[Watch]:
    """Says what each phase trains as it begins, and shows its epochs."""
    with bars(console) as progress:

        def watch(start: PhaseStart) -> Sequence[keras.callbacks.Callback]:
            progress.console.print(
                f"phase {start.number} of {start.count}, [bold]{escape(start.phase.name)}[/]: "
                f"{amount(start.trainable)} weights train, {amount(start.frozen)} frozen\n"
                f"  [dim]{escape(', '.join(part.part for part in start.phase.parts))}[/]"
            )
            return [Bar(progress, start)]

        yield watch


class Bar(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """A bar over all steps of a phase, with what the last epoch showed."""

    def __init__(self, progress: Progress, start: PhaseStart) -> None:
        super().__init__()
        self.progress = progress
        self.start = start
        self.task = progress.add_task(
            escape(start.phase.name), total=start.steps * start.phase.epochs, seen="compiling"
        )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 - as Keras calls it
        """Moves the bar."""
        self.progress.advance(self.task)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Shows what the epoch came to."""
        seen = "  ".join(
            f"{name} {value:.3f}" for name, value in (logs or {}).items() if name.startswith("val_")
        )
        self.progress.update(self.task, seen=f"{epoch + 1}/{self.start.phase.epochs}  {seen}")

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002 - as Keras calls it
        """Leaves a line where the bar was, so that it stands under what was said as the phase began."""
        task = next(task for task in self.progress.tasks if task.id == self.task)
        seconds = task.finished_time or task.elapsed or 0.0
        self.progress.remove_task(self.task)
        self.progress.console.print(
            f"  {seconds:.0f} s, epoch {escape(task.fields['seen'])}", highlight=False
        )
