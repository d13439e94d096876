"""How fast this machine computes, reads and decodes, measured once in about a second."""

import io
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from fusion.data.images import read_pixels
from fusion.frontier.rates import Rates

GRID, WIDTH, BATCH = 28, 256, 16
ROWS, ROW = 512, 64 * 1024
"""Rows of 64 KiB: 32 MiB."""


def measure() -> Rates:
    """Returns what this machine does in a second: the best of a few tries, as others may be using it."""
    return Rates(read=_reading(), compute=_computing(), decode=_decoding())


def _computing() -> float:
    """Returns operations a second of a residual block of ResNet50, half of it 1x1 convolutions."""
    random = tf.random.Generator.from_seed(0)
    maps = random.normal((BATCH, GRID, GRID, WIDTH))
    narrow, wide = WIDTH // 4, WIDTH
    kernels = [
        random.normal(shape) * 0.01
        for shape in ((1, 1, wide, narrow), (3, 3, narrow, narrow), (1, 1, narrow, wide))
    ]

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def block() -> tf.Tensor:
        x = maps
        for kernel in kernels:
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME"))
        return tf.reduce_sum(x + maps)

    flops = sum(2 * BATCH * GRID * GRID * int(tf.size(kernel)) for kernel in kernels)
    return flops / _least(lambda: block().numpy())


def _reading() -> float:
    """Returns bytes a second of rows read in any order from a file that is in memory for the most part."""
    order = np.random.default_rng(0).permutation(ROWS).reshape(-1, 32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        np.save(path, np.ones((ROWS, ROW // 4), "float32"))

        def read() -> None:
            # Opened anew, so that nothing holds the file when the folder goes.
            rows = np.load(path, mmap_mode="r")
            for chosen in order:
                tf.constant(rows[chosen])

        seconds = _least(read)
    # A store of many gigabytes is read from the disk in part.
    return ROWS * ROW / seconds / 2


def _decoding() -> float:
    """Returns seconds for one photograph of 300 by 260 pixels, all cores decoding."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (26, 30, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((300, 260), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    cores = cpu_count() or 1
    count = 8 * cores
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(cores) as pool:
        path = Path(folder) / "photograph.jpg"
        path.write_bytes(file.getvalue())

        def decode(_: int) -> np.ndarray:
            return read_pixels(path, (224, 224, 3), (0, 255))

        return _least(lambda: list(pool.map(decode, range(count)))) / count


def _least(run: Callable[[], object], *, tries: int = 4) -> float:
    """Returns the shortest time of some tries, the first one not counted."""
    run()
    seconds = []
    for _ in range(tries):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return max(min(seconds), 1e-6)
