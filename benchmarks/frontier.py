"""Training only what changes, against the same training written by hand in Keras: weights, data, batches and epochs alike.

    python benchmarks/frontier.py [frozen] [last] [extraction] [bfloat16]

ResNet50 with random weights on pictures in memory, ten epochs without augmentation: once with all of it frozen, once with
its last stage trained. Both ways are timed whole, from building to the last epoch; ours computes and stores what is frozen
in that time, in an empty store. To make the programs takes about five seconds either way, which counts for less the more pictures
there are; the variable COUNT says how many, for all rows. Then what is frozen is extracted from JPEG files, against a bare `predict`
on them, and last VGG16 and ResNet50 are extracted in bfloat16 against float32, where the processor has it. Without names all run, which takes
twenty minutes on two cores.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image
from reporting import report

import fusion
from fusion.checking import resolve
from fusion.data.batches import batches
from fusion.data.examples import Array, Data, Examples, ImageFiles
from fusion.features.frozen import Frozen
from fusion.features.precision import Precision
from fusion.frontier.frontiers import frontier
from fusion.model.building import build_graph
from fusion.training.fitting import fit

SIDE, BATCH, EPOCHS = 96, 32, 10
COUNTS = {"frozen": 2000, "last": 1000, "extraction": 1000, "bfloat16": 500}
"""Pictures, by row."""
BEFORE = "conv4_block6_out"


def main() -> None:
    rows_of: dict[str, Sequence[Callable[[np.ndarray, np.ndarray], list[object]]]] = {
        "frozen": [partial(_trained, "frozen backbone", ["head"], ">= 8")],
        "last": [partial(_trained, "last stage", ["head", f"net[{BEFORE}..]"], ">= 2.2")],
        "extraction": [_extracted],
        "bfloat16": [partial(_narrowed, "VGG16"), partial(_narrowed, "ResNet50")],
    }
    rows = []
    for name in sys.argv[1:] or COUNTS:
        count = int(os.environ.get("COUNT", COUNTS[name]))
        random = np.random.default_rng(0)
        photos = random.uniform(0, 255, (count, SIDE, SIDE, 3)).astype("float32")
        targets = random.integers(0, 2, count)
        rows += [[count, *row(photos, targets)] for row in rows_of[name]]
    report(
        "frontier",
        (
            "pictures",
            "what",
            "seconds",
            "by hand",
            "ratio",
            "of processor time",
            "claimed",
            "an epoch",
            "by FLOPs",
        ),
        rows,
    )


def _timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """Returns what a call returns, its seconds, and those of the processor, which others on the machine do not add to."""
    began, used = time.perf_counter(), time.process_time()
    found = call()
    return found, time.perf_counter() - began, time.process_time() - used


def _recipe(train: list[str], arch: str = "ResNet50") -> fusion.Recipe:
    phase = fusion.Phase(
        name="only", train=train, epochs=EPOCHS, keep="last", optimizer=fusion.Optimizer(learning_rate=1e-4)
    )
    return fusion.Recipe(
        name="frontier",
        inputs={"photo": fusion.Image(shape=(SIDE, SIDE, 3))},
        backbones={"net": fusion.Backbone(arch=arch, weights=None)},
        branches={"all": fusion.Branch(input="photo", backbone="net", cut="last")},
        head=fusion.Head(output=fusion.Output(task="classification", classes=2)),
        training=fusion.Training(phases=[phase], batch_size=BATCH),
    )


def _trained(
    what: str, train: list[str], claimed: str, photos: np.ndarray, targets: np.ndarray
) -> list[object]:
    recipe = _recipe(train)
    data = Data(Examples({"photo": Array(photos)}, targets, tuple(map(str, targets))), None, None, None, "")
    with tempfile.TemporaryDirectory() as store:
        found, ours, our_processor = _timed(lambda: fit(recipe, data, store=store))
    epochs, hand, hand_processor = _timed(lambda: _by_hand(photos, targets, trained=len(train) > 1))
    # The first epoch makes the programs.
    epoch = [statistics.median(each[1:]) for each in (epochs, [one.seconds for one in found.history.epochs])]
    split = frontier(resolve(recipe), 0)
    return [
        what,
        ours,
        hand,
        hand / ours,
        hand_processor / our_processor,
        claimed,
        epoch[0] / epoch[1],
        split.whole_flops / split.suffix_flops,
    ]


def _by_hand(photos: np.ndarray, targets: np.ndarray, *, trained: bool) -> list[float]:
    """The usual code; returns the seconds of each epoch."""
    photo = keras.Input((SIDE, SIDE, 3))
    base = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))
    base.trainable = trained
    for layer in base.layers if trained else ():
        layer.trainable = layer.name.startswith("conv5") and not layer.name.endswith("_bn")
    x = base(keras.applications.resnet50.preprocess_input(photo))
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(photo, keras.layers.Dense(2, activation="softmax")(x))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-4),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    clock = Clock()
    model.fit(photos, targets, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[clock])
    return clock.seconds


class Clock(keras.callbacks.Callback):
    """Notes how long each epoch takes."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.began = 0.0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002 - as Keras calls it
        """Starts the clock."""
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002 - as Keras calls it
        """Notes the time."""
        self.seconds.append(time.perf_counter() - self.began)


def _extracted(photos: np.ndarray, _: np.ndarray) -> list[object]:
    """Stored vectors of JPEG files, in turn with a bare `predict` of the same model on the same files."""
    graph = resolve(_recipe(["head"]))
    model, split = build_graph(graph), frontier(graph, 0)
    rounds = []

    def extract(store: Path) -> object:
        return Frozen(model, graph, store, batch_size=BATCH).examples(split, files)

    def predict() -> object:
        # Its program is made anew in each round, as that of an extraction is.
        model.make_predict_function(force=True)
        return model.predict(batches(files, batch_size=BATCH), verbose=0)

    with tempfile.TemporaryDirectory() as name:
        paths = tuple(Path(name) / f"{number}.jpg" for number in range(len(photos)))
        for path, photo in zip(paths, photos, strict=True):
            Image.fromarray(photo.astype("uint8")).save(path, "JPEG", quality=90)
        files = Examples(
            {"photo": ImageFiles(paths, (SIDE, SIDE, 3), (0, 255))}, None, tuple(map(str, paths))
        )
        for number in range(5):
            store = Path(name) / f"store{number}"
            rounds.append([*_timed(partial(extract, store))[1:], *_timed(predict)[1:]])
    return ["extraction from JPEG", *_medians(rounds, ">= 0.95")]


def _narrowed(arch: str, photos: np.ndarray, _: np.ndarray) -> list[object]:
    """Stored vectors computed in bfloat16, in turn with the same in float32 (under "by hand")."""
    graph = resolve(_recipe(["head"], arch))
    model, split = build_graph(graph), frontier(graph, 0)
    examples = Examples({"photo": Array(photos)}, None, tuple(map(str, range(len(photos)))))

    def extract(precision: Precision) -> object:
        with tempfile.TemporaryDirectory() as store:
            return Frozen(model, graph, Path(store), batch_size=BATCH, precision=precision).examples(
                split, examples
            )

    rounds = [
        [*_timed(partial(extract, "bfloat16"))[1:], *_timed(partial(extract, "float32"))[1:]]
        for _ in range(5)
    ]
    return [f"{arch} in bfloat16, of float32", *_medians(rounds, ">= 1.7")]


def _medians(rounds: Sequence[Sequence[float]], claimed: str) -> list[object]:
    # The first round opens what later ones find open.
    ours, our_processor, hand, hand_processor = np.median(rounds[1:], axis=0).tolist()
    return [ours, hand, hand / ours, hand_processor / our_processor, claimed, "", ""]


if __name__ == "__main__":
    main()
