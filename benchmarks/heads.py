"""170 heads at once, 17 taps of MobileNet x 5 seeds x 2 rates, 20 epochs each, against one Keras `fit` after another.

    python benchmarks/heads.py

Both read the same vectors from memory, pooled once beforehand: 300 pictures to train on and 100 to choose by, weights random.
Ours is timed from fresh weights to each head's metrics on both, one program for each width of tap. One head by hand is built,
compiled, fitted with the pictures to choose by beside, and evaluated; five are timed, each of another width, and 170 reckoned from
their mean by width. `alone` is a trial of `fusion study run` by itself, from building to metrics, reckoned from one.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from reporting import report

import fusion
from fusion.checking import resolve
from fusion.data.examples import Array, Data, Examples
from fusion.graph.nodes import FusionGraph
from fusion.training.heads import fit_heads
from fusion.training.runs import train
from fusion.training.sources import Source, make_source

SIDE, EPOCHS, CLASSES, BATCH = 64, 20, 10, 32
TAPS = (
    "conv1_relu",
    *(f"conv_pw_{number}_relu" for number in range(1, 14)),
    *(f"conv_dw_{number}_relu" for number in (5, 12, 13)),
)
SEEDS, RATES = range(5), (0.001, 0.003)
TIMED = ("conv_pw_2_relu", "conv_pw_4_relu", "conv_pw_7_relu", "conv_pw_9_relu", "conv_pw_12_relu")


def main() -> None:
    data = Data(_examples(300, 0), _examples(100, 1), None, None, "")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "random.weights.h5"
        keras.applications.MobileNet(
            include_top=False, weights=None, input_shape=(SIDE, SIDE, 3)
        ).save_weights(file)
        graphs = {tap: resolve(_recipe(tap, file.name, 0, RATES[0]), folders=[Path(folder)]) for tap in TAPS}
        sources = {tap: make_source(graph, data, [Path(folder)]) for tap, graph in graphs.items()}
        ours = _together(sources, data, file)
        hand = _by_hand(sources, data)
        began = time.perf_counter()
        train(graphs[TAPS[-1]], data, folders=[Path(folder)])
        alone = (time.perf_counter() - began) * len(TAPS) * len(SEEDS) * len(RATES)
    heads = len(TAPS) * len(SEEDS) * len(RATES)
    columns = ("heads", "seconds", "by hand", "ratio", "claimed", "alone", "ratio to alone")
    report("heads", columns, [[heads, ours, hand, hand / ours, ">= 20", alone, alone / ours]])


def _examples(count: int, seed: int) -> Examples:
    random = np.random.default_rng(seed)
    photos = random.uniform(0, 255, (count, SIDE, SIDE, 3)).astype("float32")
    return Examples(
        {"photo": Array(photos)}, random.integers(0, CLASSES, count), tuple(map(str, range(count)))
    )


def _recipe(tap: str, file: str, seed: int, rate: float) -> fusion.Recipe:
    phase = fusion.Phase(
        name="head", train=["head"], epochs=EPOCHS, optimizer=fusion.Optimizer(learning_rate=rate)
    )
    return fusion.Recipe(
        name="heads",
        inputs={"photo": fusion.Image(shape=(SIDE, SIDE, 3))},
        backbones={"net": fusion.Backbone(arch="MobileNet", weights={"file": file})},
        branches={"all": fusion.Branch(input="photo", backbone="net", cut=tap)},
        blocks={"top": [{"dense": 64, "activation": "relu"}, {"dropout": 0.3}]},
        head=fusion.Head(blocks=["top"], output=fusion.Output(task="classification", classes=CLASSES)),
        training=fusion.Training(phases=[phase], batch_size=BATCH, seed=seed),
    )


def _together(sources: dict[str, Source], data: Data, file: Path) -> float:
    """Seconds for all heads."""
    several: dict[int, list[tuple[FusionGraph, Source]]] = {}
    for tap in TAPS:
        for seed in SEEDS:
            for rate in RATES:
                one = resolve(_recipe(tap, file.name, seed, rate), folders=[file.parent])
                several.setdefault(_width(sources[tap]), []).append((one, sources[tap]))
    began = time.perf_counter()
    for pairs in several.values():
        for first in range(0, len(pairs), 64):
            some = pairs[first : first + 64]
            fit_heads(
                [graph for graph, _ in some], data, sources=[each for _, each in some], folders=[file.parent]
            )
    return time.perf_counter() - began


def _width(source: Source) -> int:
    (column,) = source.parts["train"].columns.values()
    return column.sample_shape[0]


def _by_hand(sources: dict[str, Source], data: Data) -> float:
    """Seconds for all heads one after the other, reckoned from one of each of five widths."""
    seconds = {_width(sources[tap]): _one_by_hand(sources[tap], data) for tap in TIMED}
    counts = Counter(_width(sources[tap]) for tap in TAPS)
    usual = float(np.mean(list(seconds.values())))
    return len(SEEDS) * len(RATES) * sum(n * seconds.get(width, usual) for width, n in counts.items())


def _one_by_hand(source: Source, data: Data) -> float:
    parts = [_vectors(source.parts[name]) for name in ("train", "validation")]
    began = time.perf_counter()
    x = keras.Input((_width(source),))
    y = keras.layers.Dense(64, activation="relu")(x)
    y = keras.layers.Dense(CLASSES, activation="softmax")(keras.layers.Dropout(0.3)(y))
    model = keras.Model(x, y)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    targets = [data.train.targets, data.validation.targets if data.validation else None]
    model.fit(
        parts[0],
        targets[0],
        validation_data=(parts[1], targets[1]),
        batch_size=BATCH,
        epochs=EPOCHS,
        verbose=0,
    )
    for part, right in zip(parts, targets, strict=True):
        model.evaluate(part, right, verbose=0)
    return time.perf_counter() - began


def _vectors(examples: Examples) -> np.ndarray:
    (column,) = examples.columns.values()
    found: Any = column
    read: Sequence[Any] | np.ndarray = found.read(np.arange(len(found)))
    return np.asarray(read)


if __name__ == "__main__":
    main()
