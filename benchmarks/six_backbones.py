"""How long `fusion check` takes for six backbones on one image, and `fusion.build` against making them by hand.

    python benchmarks/six_backbones.py [ROUNDS]

Every run is a process of its own, the two builds in turn; what they build has the same layers and, given the same
weights, predicts the same. A build's seconds begin when Keras is loaded and has made one layer. Processor seconds are
those of all threads; they suffer less from what else the machine does.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reporting import report

ROUNDS = 5
SIZE = (160, 160, 3)
CUTS = {
    "MobileNet": "conv_pw_11_relu",
    "MobileNetV2": "block_13_expand_relu",
    "VGG16": "block4_pool",
    "ResNet50": "conv4_block6_out",
    "DenseNet121": "pool4_relu",
    "EfficientNetB0": "block5c_add",
}
"""The last layer kept of each."""


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "six.json"
        path.write_text(json.dumps(_recipe()))
        _run("compare", path)
        checks = [_process(["-m", "fusion", "check", str(path)]) for _ in range(2 * rounds + 1)][1:]
        builds = [[_run(how, path) for how in ("ours", "hand")[:: (-1) ** n]] for n in range(rounds)]
    pairs = [sorted(each, key=lambda run: run["how"] != "ours") for each in builds]
    rows = [_checked(checks), *(_compared(pairs, kind) for kind in ("wall clock", "processor"))]
    report("six_backbones", ("what", "median s", "against", "median s", "ratio", "claimed"), rows)


def _recipe() -> dict[str, object]:
    return {
        "recipe": 1,
        "name": "six",
        "inputs": {"photo": {"kind": "image", "shape": SIZE}},
        "backbones": {f"net{n}": {"arch": arch, "weights": None} for n, arch in enumerate(CUTS)},
        "branches": {
            f"view{n}": {"input": "photo", "backbone": f"net{n}", "cut": cut}
            for n, cut in enumerate(CUTS.values())
        },
        "fusion": {"op": "concat", "from": [f"view{n}" for n in range(len(CUTS))]},
        "head": {"output": {"task": "classification", "classes": 5}},
    }


def ours(path: str) -> object:
    import fusion

    return fusion.build(path)


def hand(_: str) -> object:
    """The usual code for six backbones on one image: make each, cut it, feed it what it wants, pool, fuse."""
    import keras

    apps = keras.applications
    wants = {
        "MobileNet": apps.mobilenet,
        "MobileNetV2": apps.mobilenet_v2,
        "VGG16": apps.vgg16,
        "ResNet50": apps.resnet50,
        "DenseNet121": apps.densenet,
        "EfficientNetB0": apps.efficientnet,
    }
    photo = keras.Input(SIZE)
    vectors = []
    for arch, cut in CUTS.items():
        whole = getattr(apps, arch)(include_top=False, weights=None, input_shape=SIZE)
        part = keras.Model(whole.input, whole.get_layer(cut).output, name=arch)
        vectors.append(keras.layers.GlobalAveragePooling2D()(part(wants[arch].preprocess_input(photo))))
    output = keras.layers.Dense(5, activation="softmax")(keras.layers.Concatenate()(vectors))
    return keras.Model(photo, output)


def child(how: str, path: str) -> None:
    """Builds once and prints how long that took."""
    import keras

    # Neither build has to wait for what both could have loaded before.
    import fusion.model.building  # noqa: F401 - for what loading it brings along

    keras.layers.Dense(1)(keras.Input((1,)))
    wall, spent = time.perf_counter(), time.process_time()
    {"ours": ours, "hand": hand}[how](path)
    taken = {"wall clock": time.perf_counter() - wall, "processor": time.process_time() - spent}
    print(json.dumps({"how": how, **taken}))


def compare(path: str) -> None:
    """Builds both and ends with an error if they differ in layers or, with the same weights, in what they predict."""
    import numpy as np

    mine, other = ours(path), hand(path)
    other.layers[-1].set_weights(mine.get_layer("output").get_weights())
    for n, arch in enumerate(CUTS):
        trunk, part = mine.get_layer(f"net{n}"), other.get_layer(arch)
        part.set_weights(trunk.get_weights())
        if len(trunk.layers) != len(part.layers):
            raise SystemExit(f"{arch} has {len(trunk.layers)} layers, by hand {len(part.layers)}.")
    photos = np.random.default_rng(0).uniform(0, 255, (2, *SIZE)).astype("float32")
    difference = np.abs(np.array(mine.predict(photos)) - np.array(other.predict(photos))).max()
    if difference > 1e-5:
        raise SystemExit(f"The models compared differ by {difference}.")
    print("{}")


def _run(how: str, path: Path) -> dict[str, object]:
    arguments = [sys.executable, __file__, "child", how, str(path)]
    run = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def _process(arguments: list[str]) -> tuple[float, float]:
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments} ended with {status}.")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime


def _checked(checks: list[tuple[float, float]]) -> list[object]:
    wall, spent = (statistics.median(each) for each in zip(*checks, strict=True))
    return ["fusion check, wall clock", wall, "of it processor", spent, spent / wall, "< 0.8 s"]


def _compared(pairs: list[list[dict[str, object]]], kind: str) -> list[object]:
    seconds = [(one[kind], other[kind]) for one, other in pairs]
    mine, theirs = (statistics.median(each) for each in zip(*seconds, strict=True))
    ratio = statistics.median(one / other for one, other in seconds)
    return [f"fusion.build, {kind}", mine, "by hand", theirs, ratio, "<= 1.10"]


if __name__ == "__main__":
    if sys.argv[1:3] == ["child", "compare"]:
        compare(sys.argv[3])
    elif sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:])
    else:
        main()
