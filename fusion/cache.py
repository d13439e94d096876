"""The folder of what can be made again, and texts in it that are there whole or not at all."""

import hashlib
import os
from pathlib import Path

import platformdirs

from fusion.files import replacing


def cache_folder() -> Path:
    """Returns the folder of what can be made again: FUSION_CACHE, or `fusion` in the user's cache folder.

    >>> cache_folder().is_absolute()
    True
    """
    named = os.environ.get("FUSION_CACHE")
    return Path(named).absolute() if named else Path(platformdirs.user_cache_dir("fusion"))


def write_checked(path: Path, text: str) -> None:
    """Writes a text with the sha256 of it in a line before.

    Raises:
        FileError: If it cannot be written.
    """
    with replacing(path) as part:
        part.write_text(
            f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}", encoding="utf-8", newline="\n"
        )


def read_checked(path: Path) -> str | None:
    """Returns the text that `write_checked` wrote; `None` if it is not there, or not as it was written.

    >>> read_checked(Path("/nowhere/mine-0.json"))
    """
    try:
        digest, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return text if digest == hashlib.sha256(text.encode()).hexdigest() else None
