"""What trials came to, each in a file of its own, there whole or not at all."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fusion.errors import StudyError
from fusion.files import replacing

STUDY, LIST, TRIALS = "study.json", "trials.json", "trials"
"""What a study's folder holds: what was declared, which trials that is, and a folder with a file for each that ended."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A trial that a study is made of, whether it ran or not.

    Args:
        key: Digest of all that its result depends on.
        arm: Which variant.
        seed: With which seed.
    """

    key: str
    arm: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one trial came to.

    Args:
        key: The trial's.
        arm: Which variant ran.
        seed: With which seed.
        status: `done`, or `failed` with an `error`.
        value: The metric on the split it was judged by; `None` where it failed.
        metrics: Loss and metrics by split.
        judged_on: Split the value is of: test, or validation where there is no test.
        selected_on: Split that chose which epochs were kept; `None` if the last ones were.
        epochs: Passes over the training data it was allowed, in all phases since something was last reset.
        losses: The loss by which its last phase is judged to have come to rest, epoch by epoch.
        converged: Whether it has.
        examples: Digest of the rows and targets it was judged on.
        correct: A `1` for each of those it was right about and a `0` for the others, in order; empty for a regression.
        params: Weights of the model.
        trainable: How many the last phase trains.
        flops: Of a prediction, for one example; `None` where they are not known.
        seconds: How long it took; of several that trained as one, its share.
        error: Kind and message of what went wrong.
        versions: Of the packages that ran it.
        data: Digest of the rows and targets of all splits, whatever is read of them.
        inputs: By input that was read, the digest of its content.
        sizes: How many examples each split has.
        machine: What it ran on, in words.
        together: How many trials trained as one, itself among them.
        reused: Whether it went on with the programs of a trial before it, and took less time for it.
        apart: Why it ran alone though it was to train with others, or `""`.
    """

    key: str
    arm: str
    seed: int
    status: str
    value: float | None = None
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    judged_on: str = "test"
    selected_on: str | None = "validation"
    epochs: int = 0
    losses: tuple[float, ...] = ()
    converged: bool = False
    examples: str = ""
    correct: str = ""
    params: int = 0
    trainable: int = 0
    flops: int | None = 0
    seconds: float = 0.0
    error: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    data: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    machine: str = ""
    together: int = 1
    reused: bool = False
    apart: str = ""


def renamed(record: Record, arm: str) -> Record:
    """Returns a record under the name of an arm; arms that mean the same share what they came to.

    >>> renamed(Record(key="0a", arm="base", seed=0, status="done"), "same").arm
    'same'
    """
    return record if record.arm == arm else replace(record, arm=arm)


def record_file(folder: Path, key: str) -> Path:
    """Returns where the record of a trial lies.

    >>> record_file(Path("run"), "0ab1").as_posix()
    'run/trials/0ab1.json'
    """
    return folder / TRIALS / f"{key}.json"


def write_record(record: Record, folder: Path) -> None:
    """Writes a record as JSON, whole or not at all.

    Raises:
        FileError: If it cannot be written.
    """
    with replacing(record_file(folder, record.key)) as part:
        part.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_record(folder: Path, key: str) -> Record | None:
    """Returns the record of a trial; `None` where there is none yet.

    >>> read_record(Path("nowhere"), "0ab1") is None
    True

    Raises:
        StudyError: If the file is not what `write_record` writes.
    """
    path = record_file(folder, key)
    try:
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Record(**{**read, "losses": tuple(read["losses"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StudyError(f"{path} is damaged: {error}. Remove it, and the trial runs again.") from error


def read_records(folder: Path, keys: Iterable[str]) -> tuple[Record, ...]:
    """Returns the records there are of some trials, in their order.

    Raises:
        StudyError: If a file is not what `write_record` writes.
    """
    found = (read_record(folder, key) for key in keys)
    return tuple(record for record in found if record is not None)


def write_list(trials: Iterable[Listed], folder: Path) -> None:
    """Writes which trials a study is made of.

    Raises:
        FileError: If it cannot be written.
    """
    with replacing(folder / LIST) as part:
        part.write_text(json.dumps([asdict(each) for each in trials], indent=0) + "\n", encoding="utf-8")


def read_list(folder: Path) -> tuple[Listed, ...]:
    """Returns which trials the study in a folder is made of.

    >>> read_list(Path("nowhere"))
    Traceback (most recent call last):
    ...
    fusion.errors.StudyError: There is no study in nowhere: it has no trials.json. Begin one with: fusion study run

    Raises:
        StudyError: If there is no study, or the list is damaged.
    """
    try:
        return tuple(Listed(**each) for each in json.loads((folder / LIST).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise StudyError(
            f"There is no study in {folder}: it has no {LIST}. Begin one with: fusion study run"
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise StudyError(
            f"{folder / LIST} is damaged: {error}. Begin the study again; what is done stays done."
        ) from error
