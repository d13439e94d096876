"""Which examples a model was trained on and chosen by, so that nobody takes them for held out later."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fusion.errors import FileError
from fusion.files import replacing

SEEN = "seen.json"
USED = ("train", "validation")
"""The splits that shape a model: its weights, or the choice of its epoch."""


def write_seen(digests: Mapping[str, Sequence[bytes]], path: Path) -> None:
    """Writes which examples shaped a model, as the first 16 hexadecimal digits of the digest of each one's content.

    Args:
        digests: By split, as `fusion.data.examples.Data` has them; only those in `USED` are written.
        path: The file.

    Raises:
        FileError: If it cannot be written.
    """
    seen = {split: sorted(_short(digest) for digest in digests.get(split, ())) for split in USED}
    with replacing(path) as part:
        part.write_text(json.dumps(seen, indent=0) + "\n", encoding="utf-8")


def seen_before(digests: Iterable[bytes], path: Path) -> dict[str, int]:
    """Returns how many of some examples shaped a model, by split; nothing where none did or no file tells.

    >>> seen_before([b"one"], Path("nowhere/seen.json"))
    {}

    Raises:
        FileError: If the file is not what `write_seen` writes.
    """
    if not path.is_file():
        return {}
    try:
        seen = {split: frozenset(each) for split, each in json.loads(path.read_text("utf-8")).items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise FileError(f"{path} is damaged: {error}. Remove it to go without what it tells.") from error
    found = [_short(digest) for digest in digests]
    counts = {split: sum(digest in each for digest in found) for split, each in seen.items()}
    return {split: count for split, count in counts.items() if count}


def _short(digest: bytes) -> str:
    return digest.hex()[:16]
