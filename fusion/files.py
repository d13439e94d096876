"""Files that readers find whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fusion.errors import FileError, FusionError


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# Read once: to look at it is to change it for a moment, for the whole process.
MASK = _mask()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a new file beside `path` to write, and puts it in its place when all went well.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as part:
    ...         _ = part.write_text("whole")
    ...     os.listdir(folder)
    ['a.txt']

    Raises:
        FileError: If it cannot be written; the message says why, and an older file is still there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Writers look at how the name ends.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=f".{path.name}")
        os.close(handle)
        part = Path(name)
        try:
            yield part
            # mkstemp keeps others out; a finished file is as readable as any new one.
            part.chmod(0o666 & ~MASK)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except FusionError:
        raise
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}.") from error
