"""Where a training stands after an epoch, as a file from which it goes on as if it had never stopped."""

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fusion.errors import TrainingError
from fusion.files import replacing
from fusion.training.history import Epoch

STATE = "state.npz"
"""File in a run's folder that is there as long as the run has not ended."""
FORMAT = 1
ABOUT = "about"
PARTS = ("now", "best", "optimizer", "random")

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the choice of a phase's best epoch stands.

    Args:
        best: What is monitored, of the epoch that is kept so far.
        kept: Its number, from 1; 0 before the first.
        milestone: What early stopping compares with.
        patience: Epochs since that.
    """

    best: float = float("nan")
    kept: int = 0
    milestone: float = float("nan")
    patience: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All that the epochs to come depend on.

    Args:
        origin: What it is a state of, by what could differ: recipe, data of each split, first weights, versions, how many devices.
        labels: Names of the classes.
        phase: The phase under way, from 0.
        done: How many of its epochs are.
        ended: Whether it is over, by its last epoch or before.
        epochs: What was seen so far, in all phases.
        kept: The epoch each earlier phase kept.
        standing: The choice of the phase's best epoch.
        now: Weights by address, of all that training changed so far.
        best: The same of the best epoch.
        optimizer: The optimizer's variables by their number; none between phases.
        random: What dropout draws its next numbers from, by address.
    """

    origin: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    phase: int = 0
    done: int = 0
    ended: bool = False
    epochs: tuple[Epoch, ...] = ()
    kept: Mapping[str, int] = field(default_factory=dict)
    standing: Standing = Standing()
    now: Arrays = field(default_factory=dict)
    best: Arrays = field(default_factory=dict)
    optimizer: Arrays = field(default_factory=dict)
    random: Arrays = field(default_factory=dict)


def write_state(state: State, path: Path) -> None:
    """Writes a state; who reads finds the older one or this one whole, also after a loss of power.

    It is as large as the weights that training changed, twice where the best epoch is not the last, and the optimizer's
    variables (of Adam two for each weight that trains). Nothing frozen is in it.

    Raises:
        FileError: If it cannot be written.
    """
    about: dict[str, Any] = {
        name: getattr(state, name) for name in ("labels", "phase", "done", "ended", "kept", "origin")
    }
    about |= {"format": FORMAT, "epochs": [asdict(each) for each in state.epochs]}
    about |= {"standing": asdict(state.standing)}
    arrays = {ABOUT: np.array(json.dumps(about))}
    for part in PARTS:
        # Weights of the last epoch are kept once where it is the best.
        if part != "best" or state.standing.kept != state.done:
            arrays |= {f"{part}:{name}": each for name, each in getattr(state, part).items()}
    with replacing(path) as part_file, part_file.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # NumPy types the names of arrays as its own option
        file.flush()
        os.fsync(file.fileno())


def read_state(path: Path) -> State:
    """Returns what `write_state` wrote.

    Raises:
        TrainingError: If the file is damaged, or of another version of this package.
    """
    try:
        # NumPy leaves a file open that is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            about: dict[str, Any] = json.loads(str(archive[ABOUT]))
            arrays = {name: archive[name] for name in archive.files if name != ABOUT}
        if about.pop("format") != FORMAT:
            raise TrainingError(
                f"{path} was written by another version of fusion. Go on with that one, or begin in a new folder."
            )
        about |= {part: _of(part, arrays) for part in PARTS}
        about["labels"] = tuple(about["labels"]) if about["labels"] else None
        about["epochs"] = tuple(Epoch(**each) for each in about["epochs"])
        about["standing"] = Standing(**about["standing"])
        if about["standing"].kept == about["done"]:
            about["best"] = about["now"]
        return State(**about)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"{path} is damaged ({error}), so its run cannot be gone on with. Begin in a new folder."
        ) from error


def named_beside(checkpoint: Path) -> tuple[str, ...] | None:
    """Returns the names of the classes of the run whose checkpoint this is, as long as it has not ended; else `None`.

    >>> named_beside(Path("nowhere/checkpoint.npz"))

    Raises:
        TrainingError: If what stands beside it is damaged.
    """
    state = checkpoint.with_name(STATE)
    return read_state(state).labels if state.exists() else None


def check_origin(state: State, origin: Mapping[str, str], path: Path) -> None:
    """Refuses a state of another training; what only one of both knows of is not compared.

    >>> check_origin(State({"recipe": "a"}), {"recipe": "b"}, Path("run"))
    Traceback (most recent call last):
    ...
    fusion.errors.TrainingError: The run in run was begun with other things than now: recipe (a then, b now). ...

    Raises:
        TrainingError: Saying what differs.
    """
    both = state.origin.keys() & origin.keys()
    other = [name for name in origin if name in both and state.origin[name] != origin[name]]
    if other:
        said = ", ".join(
            f"{name} ({state.origin[name][:12]} then, {origin[name][:12]} now)" for name in other
        )
        raise TrainingError(
            f"The run in {path} was begun with other things than now: {said}. "
            "Go on with what it was begun with, or begin in a new folder."
        )


def _of(part: str, arrays: Arrays) -> dict[str, np.ndarray]:
    start = f"{part}:"
    return {name.removeprefix(start): each for name, each in arrays.items() if name.startswith(start)}
