"""Seconds of a cut study of glyphs, 6 cuts x 3 arms x 5 seeds, and of the same written by hand as a loop of Keras fits.

Run `python benchmarks/cut_study.py [FILE]`; FILE gets the figures as JSON (default: build/benchmarks/cut_study.json).
Three cuts are measured and extrapolated to six: in the study with all seeds, by one worker and by two, in the loop with
one seed for each arm, as what its trials take does not depend on the seed. One trial of each comes before and is not
counted. Processor time is told beside wall-clock time: it does not grow with what else runs on the machine. Training the
source network is in neither.
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
CUTS, SEEDS = 6, 5


def main(file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows, ratios = measure(Path(folder))
    print(f"{'arm':24} {'study s':>8} {'cpu s':>8} {'loop s':>8} {'cpu s':>8}   of a trial")
    for row in rows:
        print(
            f"{row['arm']:24} {row['study']:8.2f} {row['study_cpu']:8.2f} {row['loop']:8.2f} {row['loop_cpu']:8.2f}"
        )
    print(f"\n{CUTS * len(ARMS) * SEEDS} trials, extrapolated from {len(MEASURED)} of {CUTS} cuts:")
    for name, (study, loop) in ratios.items():
        print(f"{name:24} {study / 60:8.1f} min {loop / 60:8.1f} min {loop / study:6.2f} times as long")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"rows": rows, "totals": ratios}, indent=1) + "\n")


def measure(folder: Path) -> tuple[list[dict[str, object]], dict[str, tuple[float, float]]]:
    """Returns what the trials of each arm take both ways, and all of them: in the study, in the loop."""
    glyphs.seven_layers((28, 28, 1)).save_weights(folder / glyphs.FILE)
    study = glyphs.study_of("greek", seeds=SEEDS, arms=(*ARMS, "scratch"))
    data = glyphs.target_data("greek")
    prepared = prepare(study, data, folders=[folder])
    chosen = [each for each in prepared.trials if each.arm.partition("@")[2] in MEASURED]
    arms = list(dict.fromkeys(each.arm for each in chosen))
    list(run(replace(prepared, trials=tuple(chosen[:1])), out=folder / "first"))
    by_hand(*arms[0].split("@"), folder / glyphs.FILE, data)
    rows = []
    for arm in arms:
        before, began = time.process_time(), time.perf_counter()
        one = replace(prepared, trials=tuple(each for each in chosen if each.arm == arm))
        records = list(run(one, out=folder / "one"))
        between, middle = time.process_time(), time.perf_counter()
        value = by_hand(*arm.split("@"), folder / glyphs.FILE, data)
        rows.append(
            {
                "arm": arm,
                "study": (middle - began) / SEEDS,
                "study_cpu": (between - before) / SEEDS,
                "loop": time.perf_counter() - middle,
                "loop_cpu": time.process_time() - between,
                "trials": [record.seconds for record in records],
                "together": records[0].together,
                "values": [sum(record.value for record in records) / SEEDS, value],
            }
        )
    whole = replace(prepared, trials=tuple(chosen))
    begun = time.perf_counter()
    list(run(whole, out=folder / "two", workers=2))
    two = time.perf_counter() - begun
    scale = SEEDS * CUTS / len(MEASURED)
    sums = {
        name: scale * sum(row[name] for row in rows) for name in ("study", "study_cpu", "loop", "loop_cpu")
    }
    return rows, {
        "one worker": (sums["study"], sums["loop"]),
        "one worker, cpu": (sums["study_cpu"], sums["loop_cpu"]),
        "two workers": (two * CUTS / len(MEASURED), sums["loop"]),
    }


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
