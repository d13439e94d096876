"""A recipe in a file, a folder of photographs of two kinds, and the command line in this process."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from fusion.cli import app as commands

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


@pytest.fixture
def run():
    def call(*arguments):
        """Returns exit status, standard output and standard error of `fusion` with these arguments."""
        done = CliRunner().invoke(commands.app, [str(each) for each in arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return call
