"""A recipe in a file, and a folder of photographs of two kinds."""

import json

import numpy as np
import pytest
from PIL import Image

RECIPE = {
    "recipe": 1,
    "name": "bright or dark",
    "inputs": {"photo": {"kind": "image", "shape": [16, 16, 3]}},
    "backbones": {"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
    "branches": {"all": {"input": "photo", "backbone": "eye", "cut": "block2_pool"}},
    "head": {"output": {"task": "classification", "classes": 2}},
    "training": {
        "batch_size": 8,
        "phases": [
            {"name": "head first", "train": ["head"], "epochs": 1},
            {"name": "all of it", "train": ["head", "eye"], "epochs": 2, "batchnorm": "train"},
        ],
    },
}


@pytest.fixture
def recipe_file(tmp_path):
    def write(name="r.json", **changes):
        path = tmp_path / name
        path.write_text(json.dumps(RECIPE | changes))
        return path

    return write


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for label, low in (("bright", 150), ("dark", 0)):
        (root / label).mkdir()
        for number in range(30):
            pixels = random.integers(low, low + 100, (20, 20, 3)).astype("uint8")
            Image.fromarray(pixels).save(root / label / f"{number}.png")
    return root
