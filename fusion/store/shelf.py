"""What lies in a store: tensors, unfinished ones, and what cannot be read."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fusion.cache import cache_folder
from fusion.store.failures import told
from fusion.store.journals import sound_bytes
from fusion.store.keys import KEY
from fusion.store.manifests import MANIFEST, PLAN, Manifest, read_manifest

State = Literal["stored", "unfinished", "unreadable"]

PART = ".part"
"""How the name of a folder ends that is not whole yet."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Something that takes room in a store.

    Args:
        path: Its folder.
        key: The key of the tensor.
        state: Whether it is a stored tensor, one whose writer was interrupted or is at work, or neither.
        manifest: What the tensor is or will be; `None` if it is unreadable.
        bytes: What it takes on the disk.
        reserved: What its rows take once it is finished.
        used: When it was last used or written, in seconds since 1970.
    """

    path: Path
    key: str
    state: State
    manifest: Manifest | None
    bytes: int
    reserved: int
    used: float

    @property
    def done(self) -> int:
        """How many of its rows are there."""
        if self.manifest is None:
            return 0
        if self.state == "stored":
            return self.manifest.rows
        return max(0, sound_bytes(self.path) - self.manifest.offset) // self.manifest.row_bytes


def store_folder() -> Path:
    """Returns the folder of stored tensors: `store` in the folder of what can be made again.

    >>> store_folder().name
    'store'
    """
    return cache_folder() / "store"


def holdings(folder: Path) -> tuple[Holding, ...]:
    """Returns all that takes room in a store, the least recently used first; nothing if there is no store.

    >>> holdings(Path("/nowhere"))
    ()

    Raises:
        StoreError: If the folder may not be read.
    """
    with told(folder):
        try:
            places = sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return ()
        found = [_holding(place) for place in places if KEY.fullmatch(place.name.removesuffix(PART))]
    return tuple(sorted((each for each in found if each), key=lambda each: each.used))


def _holding(path: Path) -> Holding | None:
    unfinished = path.name.endswith(PART)
    manifest = read_manifest(path / (PLAN if unfinished else MANIFEST))
    if manifest and manifest.key != path.name.removesuffix(PART):
        manifest = None
    sizes, times = [0], []
    try:
        made = path.stat().st_mtime
        for file in list(path.iterdir()):
            # Another process may be writing or removing it.
            with suppress(FileNotFoundError):
                seen = file.stat()
                sizes.append(seen.st_size)
                times.append(seen.st_mtime)
    except (FileNotFoundError, NotADirectoryError):
        return None
    state: State = "unreadable" if manifest is None else "unfinished" if unfinished else "stored"
    key, size = path.name.removesuffix(PART), sum(sizes)
    return Holding(
        path, key, state, manifest, size, manifest.bytes if manifest else size, max(times, default=made)
    )
