"""A task of two classes that a tiny net can learn in a few steps."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from fusion.data.examples import Array, Data, Examples
from fusion.recipe.recipe import Recipe


def examples(count: int, seed: int) -> Examples:
    random = np.random.default_rng(seed)
    targets = random.integers(0, 2, count)
    photos = random.uniform(0, 120, (count, 16, 16, 3))
    photos[targets == 1] += 20
    names = tuple(f"{seed}/{number}" for number in range(count))
    return Examples({"photo": Array(photos.astype("float32"))}, targets.astype("int64"), names)


@pytest.fixture(scope="session")
def data() -> Data:
    return Data(examples(48, 0), examples(24, 1), examples(24, 2), ("dark", "bright"), "Made up.")


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    tiny = {"weights": None, "options": {"width": 4}}
    return Recipe(
        name="two",
        inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
        backbones={"plain": {"arch": "TinyVGG", **tiny}, "residual": {"arch": "TinyResNet", **tiny}},
        blocks={"top": [{"dense": 8, "activation": "relu"}, {"dropout": 0.2}]},
        branches={
            "texture": {"input": "photo", "backbone": "plain", "cut": "block2_pool"},
            "shape": {"input": "photo", "backbone": "residual"},
        },
        fusion={"op": "concat", "of": ["texture", "shape"]},
        head={"blocks": ["top"], "output": {"task": "classification", "classes": 2}},
        training={
            "batch_size": 16,
            "phases": [
                {"name": "head first", "train": ["head"], "epochs": 2, "optimizer": {"learning_rate": 0.01}},
                {
                    "name": "last blocks",
                    "train": [
                        "head",
                        {"part": "plain[block2_conv1..]", "learning_rate": 0.0005},
                        "residual[stage2_block1_out..]",
                    ],
                    "epochs": 2,
                },
            ],
        },
    )


CAPTIONED = """
import sys, json; sys.modules["fusion"] = None
import keras, tensorflow as tf
texts = json.load(open(sys.argv[1]))
model = keras.saving.load_model(sys.argv[2])
found = model.predict({"caption": tf.constant(texts)[:, None]}, verbose=0)
print(json.dumps(found.tolist()))
"""


@pytest.fixture
def predicted_elsewhere(tmp_path: Path) -> Callable[[Path, Sequence[str]], list[list[float]]]:
    """Returns what a saved model says of captions in a process where fusion is not installed."""

    def predict(model: Path, texts: Sequence[str]) -> list[list[float]]:
        rows = tmp_path / "rows.json"
        rows.write_text(json.dumps(texts))
        command = [sys.executable, "-c", CAPTIONED, rows, model]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: list[list[float]] = json.loads(done.stdout)
        return found

    return predict
