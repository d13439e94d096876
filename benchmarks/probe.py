"""Where to tap ResNet50: 16 taps scored by `fusion study score`'s code against a head trained at each tap, 400 pictures of 96 pixels.

    python benchmarks/probe.py

Weights are random. Ours is timed from pictures in memory to the scores of all taps, without nulls and with 99 permutations, in an empty
store; its program is made in that time. By hand is the usual loop: for each tap a frozen backbone cut there inside `fit`, 10 epochs;
two taps, one early and one late, are timed, and all 16 are reckoned from their mean by operations. A bare pass is `predict` of the model
cut at the deepest tap, its program made in that time too. The variable COUNT says how many pictures.
"""

import os
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from reporting import report

import fusion
from fusion.data.examples import Array, Data, Examples
from fusion.probe.scoring import Pooled, pool_taps, prepare_taps, score
from fusion.probe.tapping import TapPoint
from fusion.scores.probing import Probing

SIDE, BATCH, EPOCHS, CLASSES = 96, 32, 10, 10
BLOCKS = {2: 3, 3: 4, 4: 6, 5: 3}
TAPS = [f"conv{stage}_block{block}_out" for stage, blocks in BLOCKS.items() for block in range(1, blocks + 1)]
TIMED = ("conv3_block4_out", "conv5_block2_out")


def main() -> None:
    count = int(os.environ.get("COUNT", "400"))
    random = np.random.default_rng(0)
    photos = random.uniform(0, 255, (count, SIDE, SIDE, 3)).astype("float32")
    targets = np.arange(count) % CLASSES
    bare = _bare(photos)
    rows = [_scored(photos, targets, several) for several in (0, 99)]
    hand, taps = _by_hand(photos, targets, rows[0][2])
    report(
        "probe",
        (
            "pictures",
            "taps",
            "permutations",
            "extraction",
            "scores",
            "bare pass",
            "to bare pass",
            "claimed",
            f"by hand, from {taps} taps",
            "ratio",
            "claimed ratio",
        ),
        [
            (
                count,
                len(TAPS),
                several,
                pooled,
                scored,
                bare,
                (pooled + scored) / bare,
                "<= 1.25",
                hand,
                hand / (pooled + scored),
                ">= 60",
            )
            for several, pooled, _, scored in rows
        ],
    )


def _study() -> fusion.Study:
    recipe = fusion.Recipe(
        name="probe",
        inputs={"photo": fusion.Image(shape=(SIDE, SIDE, 3))},
        backbones={"net": fusion.Backbone(arch="ResNet50", weights=None)},
        branches={"all": fusion.Branch(input="photo", backbone="net", cut="last")},
        head=fusion.Head(output=fusion.Output(task="classification", classes=CLASSES)),
    )
    return fusion.Study(name="probe", recipe=recipe, taps={"net": TAPS})


def _scored(
    photos: np.ndarray, targets: np.ndarray, several: int
) -> tuple[int, float, tuple[TapPoint, ...], float]:
    """Permutations, seconds of extraction, the taps, and seconds of scores."""
    data = Data(
        Examples({"photo": Array(photos)}, targets, tuple(map(str, range(len(photos))))), None, None, None, ""
    )
    with tempfile.TemporaryDirectory() as store:
        began = time.perf_counter()
        prepared = prepare_taps(_study(), data)
        pooled: Pooled = pool_taps(prepared, store=Path(store))
        extracted = time.perf_counter() - began
        score(prepared, pooled, Probing(permutations=several))
        return several, extracted, prepared.taps, time.perf_counter() - began - extracted


def _bare(photos: np.ndarray) -> float:
    """Seconds of `predict` by the model cut at the deepest tap."""
    began = time.perf_counter()
    base = _cut(TAPS[-1])
    base.predict(photos, batch_size=BATCH, verbose=0)
    return time.perf_counter() - began


def _by_hand(photos: np.ndarray, targets: np.ndarray, taps: tuple[TapPoint, ...]) -> tuple[float, int]:
    """Seconds of the usual loop over all taps, reckoned by operations from those that are timed."""
    flops = {tap.name.rpartition("/")[2]: tap.flops for tap in taps}
    each = {name: _fitted(name, photos, targets) for name in TIMED}
    # A line through the two: what each fit takes anyway, and what it takes for an operation.
    (early, first), (late, second) = [(flops[name], seconds) for name, seconds in each.items()]
    slope = (second - first) / (late - early)
    return sum(first + slope * (flops[name] - early) for name in TAPS), len(each)


def _fitted(tap: str, photos: np.ndarray, targets: np.ndarray) -> float:
    began = time.perf_counter()
    base = _cut(tap)
    base.trainable = False
    photo = keras.Input((SIDE, SIDE, 3))
    x = base(photo, training=False)
    model = keras.Model(photo, keras.layers.Dense(CLASSES, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    model.fit(photos, targets, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return time.perf_counter() - began


def _cut(tap: str) -> keras.Model:
    photo = keras.Input((SIDE, SIDE, 3))
    net = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=photo)
    pooled = keras.layers.GlobalAveragePooling2D()(net.get_layer(tap).output)
    return keras.Model(photo, pooled)


if __name__ == "__main__":
    main()
