"""Running a frozen prefix once over examples, in the order of the data."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fusion.data.augmentation import Augment
from fusion.data.batches import batches, reading
from fusion.data.examples import Examples, take
from fusion.features.programs import Program


@dataclass(frozen=True, slots=True)
class Extracted:
    """How far an extraction is.

    Args:
        what: What is extracted, such as `train`.
        done: How many examples have been.
        count: How many there are.
        seconds: How long it has taken.
        since: How many were there before it began.
    """

    what: str
    done: int
    count: int
    seconds: float
    since: int = 0

    @property
    def rate(self) -> float:
        """Examples a second; 0 before the first.

        >>> Extracted("train", 30, 100, 2.0, since=10).rate
        10.0
        """
        return (self.done - self.since) / self.seconds if self.seconds else 0.0

    @property
    def remaining(self) -> float:
        """Seconds it will still take; infinite before the first.

        >>> Extracted("train", 20, 100, 2.0).remaining
        8.0
        """
        return (self.count - self.done) / self.rate if self.rate else float("inf")


Watch = Callable[[Extracted], None]
"""Called after each batch; once, with `since` as large as `count`, where all was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """How examples run through a prefix.

    Args:
        batch_size: Examples computed together.
        what: What the watch is told is extracted.
        watch: Called after each batch.
        change: Changes the inputs of each batch by its place.
    """

    batch_size: int
    what: str = "train"
    watch: Watch | None = None
    change: Augment | None = None


def extract(
    program: Program,
    examples: Examples,
    append: Callable[[Sequence[np.ndarray]], None],
    *,
    how: Pass,
    start: int = 0,
) -> None:
    """Runs a prefix over examples at inference and hands on what it gives, batch by batch.

    The batches are those of one pass over all examples, whatever `start` is: what a layer gives may differ in its last
    bits with the size of the batch. The next ones are read and decoded while one is computed.

    Args:
        program: What is run, as `fusion.features.programs.prefix` makes it.
        examples: What it is fed; targets are left alone.
        append: Called with the tensors of each batch, in the order of the program's outputs.
        how: In which batches, changed by what, and who is told.
        start: Example to begin with: the first of a batch.

    Raises:
        DataError: If an image file cannot be read any more.
    """
    fed = replace(examples, targets=None)
    rest = take(fed, np.arange(start, len(fed))) if start else fed
    began, done = time.perf_counter(), start
    with reading():
        dataset = batches(rest, batch_size=how.batch_size, change=how.change, first=start // how.batch_size)
        run = program.at_inference(dataset.element_spec)
        for batch in dataset:
            tensors = [np.asarray(each) for each in run(batch)]
            append(tensors)
            done += len(tensors[0])
            if how.watch is not None:
                how.watch(Extracted(how.what, done, len(fed), time.perf_counter() - began, start))
