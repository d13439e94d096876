"""How long `fusion check` takes for six backbones on one image, and `fusion.build` against making them by hand.

    python benchmarks/six_backbones.py [ROUNDS]

Every run is a process of its own, the two builds in turn; what they build computes the same. A build's seconds begin
when Keras is loaded and has made one layer. Processor seconds are those of all threads; they suffer less from what else
the machine does.
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
        checks = [_process(["-m", "fusion", "check", str(path)]) for _ in range(2 * rounds + 1)][1:]
        builds = [[_child(how, path) for how in ("ours", "hand")[:: (-1) ** n]] for n in range(rounds)]
    pairs = [sorted(each, key=lambda run: run["how"] != "ours") for each in builds]
    if {(each["params"], each["layers"]) for pair in pairs for each in pair} != {_first(pairs)}:
        raise SystemExit("The models compared are not of one size.")
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

    import fusion.model.building

    keras.layers.Dense(1)(keras.Input((1,)))
    wall, spent = time.perf_counter(), time.process_time()
    model = {"ours": ours, "hand": hand}[how](path)
    taken = {"wall clock": time.perf_counter() - wall, "processor": time.process_time() - spent}
    trunks = [len(each.layers) for each in model.layers if len(getattr(each, "layers", [])) > 15]
    print(json.dumps({"how": how, "params": model.count_params(), "layers": sum(trunks), **taken}))


def _child(how: str, path: Path) -> dict[str, object]:
    arguments = [sys.executable, __file__, "child", how, str(path)]
    run = subprocess.run(arguments, check=True, capture_output=True, text=True)
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


def _first(pairs: list[list[dict[str, object]]]) -> tuple[object, object]:
    return pairs[0][0]["params"], pairs[0][0]["layers"]


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:])
    else:
        main()
