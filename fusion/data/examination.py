"""Every file looked at once, before anything trains on it."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fusion.data.images import EXTENSIONS, decode
from fusion.errors import DataError, itemised
from fusion.wording import counted

Progress = Callable[[int, int], None]
"""Called with how many of how many files have been examined."""

_THREADS = 8


def examine(paths: Sequence[Path], *, progress: Progress | None = None) -> tuple[bytes, ...]:
    """Returns the SHA-256 of each image file, after decoding it whole to see that training can read it.

    Raises:
        DataError: If any file is not an image, naming the first ten that are not, each with the reason.

    >>> examine([Path("notes.txt")])
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: 1 of 1 file cannot be used as an image. Repair or remove:
      notes.txt: it is not an image by its name (.bmp, .gif, .jpeg, .jpg, .png, .webp)
    """
    digests: list[bytes] = []
    broken: list[str] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (digest, reason) in enumerate(pool.map(_look, paths), start=1):
            digests.append(digest)
            if reason:
                broken.append(f"{paths[done - 1]}: {reason}")
            if progress:
                progress(done, len(paths))
    if broken:
        head = f"{len(broken)} of {counted(len(paths), 'file')} cannot be used as an image. Repair or remove:"
        raise DataError(itemised(head, broken))
    return tuple(digests)


def _look(path: Path) -> tuple[bytes, str]:
    if path.suffix.lower() not in EXTENSIONS:
        return b"", f"it is not an image by its name ({', '.join(EXTENSIONS)})"
    try:
        data = path.read_bytes()
        decode(data)
    except DataError as error:
        return b"", str(error)
    except OSError as error:
        return b"", str(error.strerror)
    return hashlib.sha256(data).digest(), ""
