"""Files of weights: where they lie, and whether they are the file that was meant."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fusion.errors import WeightsError


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """Weights of a whole backbone, without its classifier, in a file that Keras wrote.

    Args:
        path: The file: `.weights.h5`, or `.h5` as older versions of Keras wrote it.
        sha256: Digest of its bytes in hexadecimal; `None` to take whatever is there.
    """

    path: Path
    sha256: str | None = None


def find_weights(file: str, folders: Sequence[Path] = ()) -> Path:
    """Returns where a weights file lies: the path itself, or the first of some folders that has it.

    Args:
        file: An absolute path, or a name or relative path.
        folders: Where to look for a relative one first; then in the folders of the variable FUSION_WEIGHTS.

    >>> find_weights("absent.weights.h5", [Path("/nowhere")])
    Traceback (most recent call last):
    ...
    fusion.errors.WeightsError: There is no weights file 'absent.weights.h5'. Looked for: /nowhere/absent.weights.h5...

    Raises:
        WeightsError: If it lies nowhere; the message lists every place.
    """
    for place in places(file, folders):
        if place.is_file():
            return place
    raise WeightsError(f"There is no {_kind(file)} {file!r}. {sought(file, folders)}")


def sought(file: str, folders: Sequence[Path]) -> str:
    """Returns where a file or folder was looked for, and what to do where that was in vain.

    Args:
        file: An absolute path, or a name or relative path.
        folders: Where to look, besides the folders of FUSION_WEIGHTS.

    >>> print(sought("/nowhere/a.keras", []))
    Looked for: /nowhere/a.keras. Put it there, or name its folder in the variable FUSION_WEIGHTS.
    """
    found = f"Looked for: {', '.join(map(str, places(file, folders))) or 'nowhere, as no folder is known'}. "
    if folders or Path(file).is_absolute():
        return found + "Put it there, or name its folder in the variable FUSION_WEIGHTS."
    return found + (
        "A recipe made of text or in Python lies in no folder: give the path of its file instead, or folders=[...], "
        "or name a folder in the variable FUSION_WEIGHTS."
    )


def places(file: str, folders: Sequence[Path] = ()) -> list[Path]:
    """Returns where a file or folder may lie: the path itself, or in some folders, then in those of FUSION_WEIGHTS.

    >>> [place.as_posix() for place in places("a.h5", [Path("/one")])][:1]
    ['/one/a.h5']
    """
    # An empty entry of a path list would mean the current folder, which nobody wrote.
    named = [Path(entry) for entry in os.environ.get("FUSION_WEIGHTS", "").split(os.pathsep) if entry]
    path = Path(file)
    return [path] if path.is_absolute() else [folder / path for folder in (*folders, *named)]


def digest(weights: StoredWeights) -> str:
    """Returns the sha256 of a weights file, which is the one that was meant.

    >>> digest(StoredWeights(Path("/nowhere/absent.h5")))
    Traceback (most recent call last):
    ...
    fusion.errors.WeightsError: The weights file /nowhere/absent.h5 cannot be read: No such file or directory.

    Raises:
        WeightsError: If the file is missing, unreadable, or another one.
    """
    return _checked(weights, _sha256(weights.path))


def check_digest(weights: StoredWeights) -> None:
    """Raises if a weights file cannot be read or is not the one its digest stands for; says nothing if it is.

    >>> check_digest(StoredWeights(Path("/nowhere/absent.h5")))
    Traceback (most recent call last):
    ...
    fusion.errors.WeightsError: The weights file /nowhere/absent.h5 cannot be read: No such file or directory.

    Raises:
        WeightsError: If the file is missing, unreadable, or another one.
    """
    if weights.sha256:
        _checked(weights, _sha256(weights.path))
        return
    with _readable(weights.path):
        weights.path.open("rb").close()


def _sha256(path: Path) -> str:
    with _readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WeightsError(f"The {_kind(path.name)} {path} cannot be read: {error.strerror}.") from error


def _checked(weights: StoredWeights, found: str) -> str:
    if weights.sha256 and found != weights.sha256.lower():
        raise WeightsError(
            f"The {_kind(weights.path.name)} {weights.path} is not the one meant: its sha256 is {found}, "
            f"expected {weights.sha256}. Fetch it again, or correct the digest."
        )
    return found


def _kind(file: str) -> str:
    return "model file" if file.endswith(".keras") else "weights file"
