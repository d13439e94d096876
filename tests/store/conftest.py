"""A store in a folder of its own, and tensors in it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fusion.store.entries import Entry, find
from fusion.store.keys import key
from fusion.store.writers import writing

PARTS = {"tensor": "eye/block3_pool", "backbone": "TinyVGG", "data": {"name": "glyphs", "sha256": "77c1"}}


def numbered(rows: int, width: int = 4, first: int = 0) -> np.ndarray:
    """Rows that say which they are."""
    return np.arange(first * width, (first + rows) * width, dtype="float32").reshape(rows, width)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "store"


@pytest.fixture
def store(folder: Path) -> Callable[..., Entry]:
    """Stores a tensor of numbered rows, and returns it."""

    def put(parts=PARTS, *, rows: int = 100, width: int = 4, **options) -> Entry:
        with writing(folder, parts, shape=(width,), rows=rows, **options) as writer:
            for first in range(writer.done, rows, 32):
                writer.append(numbered(min(32, rows - first), width, first))
        found = find(folder, key(parts))
        assert found is not None
        return found

    return put
