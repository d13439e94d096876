"""A file that only grows, and beside it a line for each piece with what its bytes add up to."""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fusion.store.manifests import JOURNAL, ROWS, Span

CHUNK = 8 << 20
"""Bytes that have one checksum."""

PIECE = 1 << 20
"""Bytes read at a time."""


def crc(file: BinaryIO, start: int, end: int, before: int = 0) -> int:
    """Returns the CRC-32 of bytes of an open file after bytes whose CRC-32 is `before`; -1 if they end early."""
    buffer = memoryview(bytearray(min(PIECE, end - start)))
    file.seek(start)
    while start < end:
        count = file.readinto(buffer[: end - start])  # type: ignore[attr-defined]  # BinaryIO leaves it out
        if not count:
            return -1
        before = zlib.crc32(buffer[:count], before)
        start += count
    return before


def longer(span: Span, size: int, before: int) -> tuple[Span, int]:
    """Returns the span that the next `size` bytes are in, its checksum still `before`: this one, or once full a new one."""
    if span.end - span.start >= CHUNK:
        return Span(span.end, span.end + size, 0), 0
    return Span(span.start, span.end + size, before), before


class Journal:
    """An open file of rows that is continued where what was written of it is known to be right.

    Args:
        folder: Where it lies, with its journal; both are made if they are not there.

    Raises:
        OSError: If they cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._rows = _opened(folder / ROWS)
        self._lines = _opened(folder / JOURNAL)
        self.spans = [Span(0, 0, 0)]
        self._written = 0
        for line, span in _sound(self._rows, self._lines):
            self._take(span, line)

    @property
    def end(self) -> int:
        """Bytes of the file that are right."""
        return self.spans[-1].end

    def append(self, data: memoryview) -> None:
        """Writes bytes behind those that are there; if that fails, those stay.

        Raises:
            OSError: If they cannot be written.
        """
        span, before = longer(self.spans[-1], len(data), self.spans[-1].crc)
        span = Span(span.start, span.end, zlib.crc32(data, before))
        _write(self._rows, self.end, data)
        line = f"{span.start} {span.end} {span.crc:08x}\n".encode()
        _write(self._lines, self._written, memoryview(line))
        self._take(span, line)

    def sync(self) -> None:
        """Waits until all is on the disk.

        Raises:
            OSError: If it does not get there.
        """
        self._rows.truncate(self.end)
        os.fsync(self._rows.fileno())

    def close(self) -> None:
        """Closes the files."""
        self._rows.close()
        self._lines.close()

    def _take(self, span: Span, line: bytes) -> None:
        if span.start == self.spans[-1].start:
            self.spans.pop()
        self.spans.append(span)
        self._written += len(line)


def sound_bytes(folder: Path) -> int:
    """Returns how many bytes an interrupted writer's journal says are there; they are not read."""
    try:
        lines = (folder / JOURNAL).read_bytes().splitlines()
    except OSError:
        return 0
    ends = [span.end for line in lines[-2:] if (span := _parsed(line))]
    return max(ends, default=0)


def _opened(path: Path) -> BinaryIO:
    # Without a buffer: what is written is the system's when the call returns, even if this process is killed.
    path.touch()
    return path.open("r+b", buffering=0)


def _write(file: BinaryIO, place: int, data: memoryview) -> None:
    file.seek(place)
    while data:
        data = data[file.write(data) :]


def _sound(rows: BinaryIO, lines: BinaryIO) -> Iterator[tuple[bytes, Span]]:
    """Yields the lines of a journal that the bytes of the file bear out, up to the first that they do not."""
    known = Span(0, 0, 0)
    for line in lines.read().splitlines(keepends=True):
        span = _parsed(line)
        if span is None or not line.endswith(b"\n") or span.end <= known.end:
            return
        expected, before = longer(known, span.end - known.end, known.crc)
        if span.start != expected.start or crc(rows, known.end, span.end, before) != span.crc:
            return
        yield line, span
        known = span


def _parsed(line: bytes) -> Span | None:
    words = line.split()
    try:
        start, end, checksum = int(words[0]), int(words[1]), int(words[2], 16)
    except (ValueError, IndexError):
        return None
    return Span(start, end, checksum)
