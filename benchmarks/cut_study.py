"""Seconds of a cut study of glyphs, 6 cuts x 3 arms x 5 seeds, and of the same written by hand as a loop of Keras fits.

Run `python benchmarks/cut_study.py [FILE]`; FILE gets the figures as JSON (default: build/benchmarks/cut_study.json).
Three cuts with one seed are measured, both ways in turn after one trial each that is not counted, and extrapolated to
the 90 trials: what a trial takes does not depend on its seed. Training the source network is in neither.
"""

import importlib.util
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from fusion.execution.running import prepare, run

path = Path(__file__).parents[1] / "recipes" / "studies" / "glyphs.py"
spec = importlib.util.spec_from_file_location("glyphs_study", path)
glyphs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(glyphs)

ARMS = ("frozen", "finetuned", "random")
MEASURED = ("pool2", "pool4", "dense6_relu")
TRIALS = 6 * len(ARMS) * 5


def main(file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder))
    ours, loop = (sum(row[name] for row in rows) / len(rows) for name in ("study", "loop"))
    print(f"{'arm':24} {'study s':>8} {'loop s':>8}")
    for row in rows:
        print(f"{row['arm']:24} {row['study']:8.1f} {row['loop']:8.1f}")
    print(
        f"\n{TRIALS} trials, extrapolated from {len(rows)}: study {TRIALS * ours / 60:.0f} min, loop {TRIALS * loop / 60:.0f} min, "
        f"{loop / ours:.2f} times as long"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"rows": rows, "trials": TRIALS, "ratio": loop / ours}, indent=1) + "\n")


def measure(folder: Path) -> list[dict[str, object]]:
    """Returns what each trial takes both ways."""
    glyphs.seven_layers((28, 28, 1)).save_weights(folder / glyphs.FILE)
    study = glyphs.study_of("greek", seeds=1, arms=(*ARMS, "scratch"))
    data = glyphs.target_data("greek")
    prepared = prepare(study, data, folders=[folder])
    chosen = [each for each in prepared.trials if each.arm.partition("@")[2] in MEASURED]
    rows = []
    for trial in [chosen[0], *chosen]:
        kind, _, layer = trial.arm.partition("@")
        began = time.perf_counter()
        one = replace(prepared, trials=(trial,))
        (record,) = run(one, out=folder / f"run{len(rows)}")
        between = time.perf_counter()
        value = by_hand(kind, layer, folder / glyphs.FILE, data)
        rows.append(
            {
                "arm": trial.arm,
                "study": between - began,
                "loop": time.perf_counter() - between,
                "values": [record.value, value],
            }
        )
    return rows[1:]


def by_hand(kind: str, layer: str, weights: Path, data: object) -> float:
    """Returns the test accuracy of one arm, as a tutorial would write it."""
    keras.utils.set_random_seed(0)
    eye, source = glyphs.seven_layers((28, 28, 1)), glyphs.seven_layers((28, 28, 1))
    source.load_weights(weights)
    names = [each.name for each in eye.layers]
    below = names[1 : names.index(layer) + 1]
    for name in below:
        if kind != "random":
            eye.get_layer(name).set_weights(source.get_layer(name).get_weights())
        eye.get_layer(name).trainable = kind == "finetuned"
    inputs = keras.Input((28, 28, 1))
    features = keras.layers.Flatten()(eye(keras.layers.Rescaling(1 / 127.5, -1)(inputs)))
    model = keras.Model(inputs, keras.layers.Dense(29, activation="softmax")(features))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    parts = {name: getattr(data, name) for name in ("train", "validation", "test")}
    x, y = ({name: take(each) for name, each in parts.items()} for take in (_pixels, _targets))
    model.fit(
        x["train"],
        y["train"],
        validation_data=(x["validation"], y["validation"]),
        epochs=25,
        batch_size=29,
        verbose=0,
    )
    return float(model.evaluate(x["test"], y["test"], verbose=0)[1])


def _pixels(part: object) -> np.ndarray:
    return part.columns["photo"].read(np.arange(len(part))).astype("float32")


def _targets(part: object) -> np.ndarray:
    return part.targets


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/benchmarks/cut_study.json"))
