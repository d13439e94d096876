"""What is shown of a training as it goes on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID

from fusion.cli.bars import bars
from fusion.features.extraction import Extracted
from fusion.training.onlooking import Onlooker
from fusion.training.phases import PhaseStart, Watch
from fusion.wording import amount, dimensions, memory, operations


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
            if start.phase.reset:
                progress.console.print(f"  [dim]fresh weights: {escape(', '.join(start.phase.reset))}[/]")
            if start.weights:
                said = ", ".join(f"{escape(name)}: {each:.3g}" for name, each in start.weights.items())
                progress.console.print(f"  [dim]classes count in the loss as {said}[/]", highlight=False)
            for line in stored(start):
                progress.console.print(f"  [dim]{escape(line)}[/]", highlight=False)
            return [Bar(progress, start)]

        yield watch


def both(one: Watch, other: Watch) -> Watch:
    """Returns what calls two as a phase begins, and has the callbacks of both."""
    return lambda start: [*one(start), *other(start)]


def stored(start: PhaseStart) -> list[str]:
    """Returns what of a phase is computed once and stored, a line for each tensor and one for what that saves."""
    if start.planned is None or not start.planned.frontier.tensors:
        return []
    found, unknown = start.planned.frontier, start.planned.uncounted
    saved = f"{operations(found.suffix_flops)} an example in every epoch instead of {operations(found.whole_flops)}"
    return [
        *(
            f"stored: {each.name} {dimensions(each.shape)}, {memory(each.bytes)} an example"
            for each in found.tensors
        ),
        *([] if unknown else [saved]),
    ]


class Bar(Onlooker):
    """A bar over all steps of a phase, with what the last epoch showed, and one over what is computed before."""

    def __init__(self, progress: Progress, start: PhaseStart) -> None:
        super().__init__()
        self.progress = progress
        self.start = start
        self.extracting: TaskID | None = None
        self.frozen: dict[str, tuple[int, float]] = {}
        self.task = progress.add_task(
            escape(start.phase.name),
            total=start.steps * start.phase.epochs,
            completed=start.steps * start.done,
            seen="compiling",
        )

    def on_extraction(self, seen: Extracted) -> None:
        """Moves the bar of what is computed once; it is gone when that is there."""
        if seen.done == seen.count:
            count, seconds = self.frozen.get(seen.what, (0, 0.0))
            self.frozen[seen.what] = (count + seen.count - seen.since, seconds + seen.seconds)
        if seen.since == seen.count:
            return
        if self.extracting is None:
            self.extracting = self.progress.add_task("", total=seen.count, seen="")
        said = f"{seen.done} of {seen.count}, {seen.rate:.0f} a second"
        self.progress.update(
            self.extracting,
            completed=seen.done,
            seen=said,
            description=f"frozen part, {seen.what}",
            total=seen.count,
        )
        if seen.done == seen.count:
            self.progress.remove_task(self.extracting)
            self.extracting = None

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - as Keras calls it
        """Says whether the stored tensors were there, or of how many examples they were computed."""
        new = {what: count for what, (count, _) in self.frozen.items() if count}
        if new:
            seconds = sum(each for _, each in self.frozen.values())
            said = ", ".join(f"{count} {what}" for what, count in new.items())
            self._say(f"computed of {said} examples in {seconds:.0f} s")
        if there := [what for what in self.frozen if what not in new]:
            self._say(f"found in the store: {', '.join(there)}")

    def _say(self, text: str) -> None:
        self.progress.console.print(f"  [dim]{escape(text)}[/]", highlight=False)

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
