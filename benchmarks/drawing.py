"""How long pictures take once the layer tables are read: every level, the page of HTML, and 780 layers at once.

    python benchmarks/drawing.py

Seconds are of the processor, so that other programs do not count. The limits are those the pictures are made for: 0.1 s
at branch level, 0.5 s with every layer of InceptionResNetV2 open.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from reporting import report

from fusion.checking import draw, resolve
from fusion.figures.figure import Figure
from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe

RUNS = 5
ARCHITECTURES = {
    "VGG16": 224,
    "ResNet50": 224,
    "ConvNeXtTiny": 224,
    "NASNetMobile": 224,
    "DenseNet121": 224,
    "InceptionResNetV2": 299,
}
LOOKS: dict[str, dict[str, Any]] = {
    "branch": {},
    "stage": {"level": "stage"},
    "layer": {"level": "layer"},
    "layer, all open": {"level": "layer", "expand": "all"},
}
LIMITS = {"branch": 0.1, "layer, all open": 0.5}


def main() -> None:
    rows, slow = [], []
    for arch, size in ARCHITECTURES.items():
        graph = resolve(_recipe(arch, size))
        layers = len(next(iter(graph.trunks.values())).skeleton.layers)
        calls = {name: _svg(graph, look) for name, look in LOOKS.items()} | {"html": draw(graph).html}
        for name, call in calls.items():
            first, median, size_kib = _measured(call)
            rows.append([arch, layers, name, first, median, size_kib])
            if median > LIMITS.get(name, float("inf")):
                slow.append(f"{arch} {name}")
    report("drawing", ("backbone", "layers", "picture", "first s", "median s", "KiB"), rows)
    if slow:
        sys.exit(f"Too slow: {', '.join(slow)}.")


def _recipe(arch: str, size: int) -> Recipe:
    return Recipe(
        name=arch,
        inputs={"photo": {"kind": "image", "shape": (size, size, 3)}},
        backbones={"eye": {"arch": arch, "weights": None}},
        branches={"all": {"input": "photo", "backbone": "eye"}},
        head={"output": {"task": "classification", "classes": 5}},
        training={"phases": [{"name": "all", "train": ["head"], "epochs": 1}]},
    )


def _svg(graph: FusionGraph, look: dict[str, Any]) -> Callable[[], str]:
    def call() -> str:
        figure: Figure = draw(graph, **look)
        return figure.svg()

    return call


def _measured(call: Callable[[], str]) -> tuple[float, float, float]:
    """Returns the seconds of the first call, the median of others, and the size of the text in KiB."""
    seconds = []
    text = ""
    for _ in range(RUNS + 1):
        began = time.process_time()
        text = call()
        seconds.append(time.process_time() - began)
    return seconds[0], statistics.median(seconds[1:]), len(text.encode()) / 1024


if __name__ == "__main__":
    main()
