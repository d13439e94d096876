"""What the system says of a disk, in the words of who has to do something about it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fusion.errors import FileError, StoreError

ELSEWHERE = "name another folder by --store or FUSION_CACHE"
REASONS = {
    **dict.fromkeys(
        (errno.ENOSPC, errno.EDQUOT),
        f"the disk is full. Rows already written are kept and continued from; free some space, or {ELSEWHERE}",
    ),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS),
        f"it is read-only for this user. Allow writing there, or {ELSEWHERE}",
    ),
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), f"there is a file where a folder has to be; {ELSEWHERE}"),
    errno.EFBIG: f"a file there may not grow that large. Raise the limit, or {ELSEWHERE}",
    **dict.fromkeys(
        (errno.ENOLCK, errno.ENOTSUP), f"its file system has no locks. Use a local disk: {ELSEWHERE}"
    ),
}


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turns what the system says inside into an error that names the store's folder and a way out.

    >>> with told(Path("cache/store")):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    ...
    fusion.errors.StoreError: The store cache/store cannot be used: the disk is full. ...

    Raises:
        StoreError: Instead of any other OSError.
    """
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        cause = error.__cause__ if isinstance(error, FileError) else error
        number = cause.errno if isinstance(cause, OSError) else None
        reason = REASONS.get(number or 0, str(error.strerror or error))
        reason = reason.removesuffix(".")
        raise StoreError(f"The store {folder} cannot be used: {reason}.") from error
