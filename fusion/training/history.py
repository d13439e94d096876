"""What was seen epoch by epoch, as values, as CSV and as a picture."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.errors import FileError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HISTORY = "history.csv"
"""What a run calls its table of epochs."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training data.

    Args:
        phase: Name of the phase.
        epoch: Its number in the phase, from 1.
        seconds: How long it took, validation included.
        metrics: What Keras reported, such as `loss` and `val_accuracy`.
    """

    phase: str
    epoch: int
    seconds: float
    metrics: Mapping[str, float]


HEAD = [field.name for field in fields(Epoch)[:3]]


@dataclass(frozen=True, slots=True)
class History:
    """All epochs in order, and for each phase the epoch its weights are of.

    Args:
        epochs: What was seen.
        kept: Number of the epoch kept, from 1, by phase.
    """

    epochs: tuple[Epoch, ...]
    kept: Mapping[str, int]


def append_csv(path: Path, epoch: Epoch) -> None:
    """Adds one epoch as a line to a CSV file, with a head line if the file is new.

    Raises:
        FileError: If the file cannot be written.
    """
    try:
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow([*HEAD, *epoch.metrics])
            numbers = [f"{value:.6g}" for value in epoch.metrics.values()]
            writer.writerow([epoch.phase, epoch.epoch, f"{epoch.seconds:.2f}", *numbers])
    except OSError as error:
        raise FileError(f"The history cannot be written to {path}: {error.strerror}.") from error


def write_csv(path: Path, epochs: Sequence[Epoch]) -> None:
    """Writes these epochs and no others, as `append_csv` does one by one.

    Raises:
        FileError: If the file cannot be written.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"The history cannot be written to {path}: {error.strerror}.") from error
    for epoch in epochs:
        append_csv(path, epoch)


def draw_curves(history: History) -> "Figure":
    """Returns a Matplotlib figure with a panel per metric: training and validation, phases told apart.

    >>> seen = [
    ...     Epoch("head", number, 1.0, {"loss": 1 / number, "val_loss": 1.2 / number}) for number in (1, 2)
    ... ]
    >>> len(draw_curves(History(tuple(seen), {"head": 2})).axes)
    1
    """
    # A figure of its own, without pyplot: it opens no window and leaves the user's figures alone.
    from matplotlib.figure import Figure

    names = [name for name in history.epochs[0].metrics if not name.startswith("val_")]
    figure = Figure(figsize=(1.2 + 4.4 * len(names), 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        _panel(axes, history, name)
    return figure


def _panel(axes: Any, history: History, name: str) -> None:
    epochs = history.epochs
    places = range(1, len(epochs) + 1)
    for key, colour, label in ((name, "#57606A", "training"), (f"val_{name}", "#0072B2", "validation")):
        values = [epoch.metrics.get(key, float("nan")) for epoch in epochs]
        if key in epochs[0].metrics:
            axes.plot(places, values, color=colour, label=label, linewidth=1.8, marker="o", markersize=3)
            for place in kept_places(history):
                axes.plot(place, values[place - 1], "o", color=colour, markersize=8, fillstyle="none")
    for place, phase in _starts(epochs):
        if place > 1:
            axes.axvline(place - 0.5, color="#8C959F", linewidth=0.9, linestyle="--")
        axes.annotate(
            phase,
            (place - 0.4, 1.01),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            color="#57606A",
            annotation_clip=False,
            parse_math=False,
        )
    axes.set_xlabel("epoch (ring: kept)")
    axes.set_title(name, loc="left", fontsize=11, fontweight="bold", pad=18)
    axes.set_xlim(0.5, len(epochs) + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)


def kept_places(history: History) -> list[int]:
    """Returns the places, from 1, of the epochs that were kept.

    >>> seen = [Epoch("a", 1, 1.0, {}), Epoch("b", 1, 1.0, {}), Epoch("b", 2, 1.0, {})]
    >>> kept_places(History(tuple(seen), {"a": 1, "b": 1}))
    [1, 2]
    """
    pairs = enumerate(history.epochs, start=1)
    return [place for place, epoch in pairs if history.kept.get(epoch.phase) == epoch.epoch]


def kept(history: History) -> str:
    """Returns in words which epoch's weights each phase kept.

    >>> seen = [Epoch("head first", 1, 1.0, {}), Epoch("head first", 2, 1.0, {})]
    >>> kept(History(tuple(seen), {"head first": 1}))
    "epoch 1 of 2 of 'head first'"
    """
    run = Counter(epoch.phase for epoch in history.epochs)
    return ", ".join(f"epoch {number} of {run[phase]} of {phase!r}" for phase, number in history.kept.items())


def _starts(epochs: Sequence[Epoch]) -> list[tuple[int, str]]:
    pairs = enumerate(epochs, start=1)
    return [(place, epoch.phase) for place, epoch in pairs if epoch.epoch == 1]
