"""A tensor of many rows takes no more memory to write, examine and read than one of few."""

import tracemalloc

import numpy as np
import pytest

from fusion.store.entries import find, read, verify
from fusion.store.keys import key
from fusion.store.writers import writing


@pytest.mark.parametrize("rows", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_rows(folder, rows):
    parts, width, step = {"tensor": "wide"}, 100, 1000
    batch = np.ones((step, width), "float32")

    tracemalloc.start()
    try:
        with writing(folder, parts, shape=(width,), rows=rows) as writer:
            for _ in range(0, rows, step):
                writer.append(batch)
        entry = find(folder, key(parts))
        assert verify(entry) == ""
        assert read(entry)[::5000].sum() == rows * width / 5000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert entry.bytes > 4 * rows * width
    assert peak < 4_000_000
