"""Seconds of a cut study of glyphs, 6 cuts x 3 arms x 5 seeds, and of the same written by hand as a loop of Keras fits.

Run `python benchmarks/cut_study.py [FILE]`; FILE gets the figures as JSON (default: build/benchmarks/cut_study.json).
Three cuts are measured, in one process, and extrapolated to six: in the study with three seeds, the first of which runs
in all arms before the others do, so that programs are made for it and for the second, and those after go on with them; in
the loop with one seed for each arm, as what its trials take does not depend on the seed. One trial of each comes before and is not counted. Processor seconds are told beside seconds: they do
not grow with what else runs on the machine. Training the source network is in neither.
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
NAMES = ("first", "second", "others")


def main(file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder))
    print(f"{'processor s':24} {'first seed':>10} {'second':>10} {'others':>10} {'loop':>10}")
    for row in rows:
        print(f"{row['arm']:24} " + " ".join(f"{row[name][0]:10.2f}" for name in (*NAMES, "loop")))
    totals = {
        kind: [scale * sum(of_arm(row, number)[which] for row in rows) for which in (0, 1)]
        for number, kind in enumerate(("processor", "clock"))
        for scale in [CUTS / len(MEASURED) / 60]
    }
    print(f"\n{CUTS * len(ARMS) * SEEDS} trials, extrapolated from {len(NAMES) * len(rows)}:")
    for kind, (study, loop) in totals.items():
        print(f"{kind:24} study {study:.1f} min, loop {loop:.1f} min, {loop / study:.2f} times as long")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"rows": rows, "minutes": totals}, indent=1) + "\n")


def of_arm(row: dict[str, object], number: int) -> tuple[float, float]:
    """Returns what all seeds of an arm take in the study, and in the loop."""
    first, second, others = (row[name][number] for name in NAMES)
    return first + second + (SEEDS - 2) * others, SEEDS * row["loop"][number]


def measure(folder: Path) -> list[dict[str, object]]:
    """Returns what the trials of each arm take both ways, in seconds of processors and of the clock."""
    glyphs.seven_layers((28, 28, 1)).save_weights(folder / glyphs.FILE)
    study = glyphs.study_of("greek", seeds=len(NAMES), arms=(*ARMS, "scratch"))
    data = glyphs.target_data("greek")
    prepared = prepare(study, data, folders=[folder])
    list(run(replace(prepared, trials=prepared.trials[:1]), out=folder / "first"))
    by_hand("frozen", MEASURED[0], folder / glyphs.FILE, data)
    rows: dict[str, dict[str, object]] = {}
    for cut in MEASURED:
        chosen = tuple(each for each in prepared.trials if each.arm.partition("@")[2] == cut)
        began = now()
        for record in run(replace(prepared, trials=chosen), out=folder / "run"):
            ended = now()
            row = rows.setdefault(record.arm, {"arm": record.arm, "values": []})
            row[NAMES[record.seed]] = (ended - began).tolist()
            row["values"].append(record.value)
            began = now()
        for kind in ARMS:
            began = now()
            value = by_hand(kind, cut, folder / glyphs.FILE, data)
            rows[f"{kind}@{cut}"] |= {"loop": (now() - began).tolist(), "by_hand": value}
    return list(rows.values())


def now() -> np.ndarray:
    return np.array([time.process_time(), time.perf_counter()])


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
    rate = keras.optimizers.schedules.CosineDecay(0.002, 25 * -(-len(data.train) // 29))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
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
