"""Small folders of images, written with Pillow."""

import zlib
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@cache
def encoded(seed, suffix, size, mode):
    """The bytes of an image; many tests write the same ones."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, Image.registered_extensions()[suffix])
    return file.getvalue()


def write_image(path, *, content=None, size=(10, 8), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = zlib.crc32(str(content or path).encode())
    path.write_bytes(encoded(seed, path.suffix.lower(), size, mode))
    return path


@pytest.fixture
def picture():
    """Writes one image; equal `content` gives equal bytes."""
    return write_image


@pytest.fixture
def folder(tmp_path):
    """Writes so many different images into each sub-folder of a folder, and returns the folder."""

    def write(counts, name="pets"):
        root = tmp_path / name
        for sub, count in counts.items():
            (root / sub).mkdir(parents=True)
            for i in range(count):
                write_image(root / sub / f"{i}.png", content=f"{name}/{sub}/{i}")
        return Path(root)

    return write
