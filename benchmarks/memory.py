"""How much memory a cut model holds against its own weights.

    python benchmarks/memory.py

TensorFlow's allocator keeps what is freed for later use and gives nothing back to the system, so that a process looks
as large as it ever was: after the first model, as large as the whole backbone. What a model holds is seen by what each
further one adds: several are built and kept, and the growth is divided by their number. If a cut model kept the whole
backbone alive, each would add that. Keras's layer objects take memory too, some 10 kB a layer; what that comes to is seen
from the same layers made anew by Keras from the cut model's configuration, which were never part of anything larger.
"""

import gc
import subprocess
import sys
import tempfile
from pathlib import Path

from reporting import report

FURTHER = 8
CASES = (("VGG16", "block4_pool"), ("ResNet152", "conv3_block8_out"), ("ConvNeXtBase", "stride:8"))


def main() -> None:
    rows = []
    for arch, cut in CASES:
        own, held, whole, anew = (float(number) / 2**20 for number in _numbers(arch, cut))
        rows.append([f"{arch} up to {cut}", own, held, held / own, anew, held / anew, whole])
    columns = (
        "model", "weights MiB", "each adds MiB", "/ weights", "made anew adds MiB", "/ made anew", "whole backbone MiB"
    )  # fmt: skip
    report("memory", columns, rows)


def _numbers(arch: str, cut: str) -> list[str]:
    """Returns bytes: of a cut model's weights, what each adds, of the whole backbone's weights, what each made anew adds.

    Each kind is measured in a process of its own, as memory that one model freed would serve the next.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = str(Path(folder) / "model.json")
        return [*_ran(arch, cut, config), *_ran(config)]


def _ran(*arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


def measure_anew(config: str) -> None:
    import keras

    text = Path(config).read_text()
    kept = [keras.models.model_from_json(text)]
    print(_added(lambda: keras.models.model_from_json(text), kept))


def measure(arch: str, cut: str, config: str) -> None:
    import fusion

    def build(arch: str, cut: str):
        recipe = fusion.Recipe(
            name="memory",
            inputs={"photo": fusion.Image(shape=(224, 224, 3))},
            backbones={"net": fusion.Backbone(arch=arch, weights=None)},
            branches={"all": fusion.Branch(input="photo", backbone="net", cut=cut)},
            head=fusion.Head(output=fusion.Output(task="binary")),
        )
        whole = fusion.resolve(recipe).trunks["net"].skeleton.params
        return fusion.build(recipe), whole

    first, whole = build(arch, cut)
    Path(config).write_text(first.to_json())
    held = _added(lambda: build(arch, cut)[0], [first])
    print(4 * first.count_params(), held, 4 * whole)


def _added(make, kept: list) -> float:
    """Returns the bytes that each further model adds; all are kept, as what is freed would serve the next."""
    _settle()
    before = _anonymous()
    kept += [make() for _ in range(FURTHER)]
    _settle()
    return (_anonymous() - before) / FURTHER


def _settle() -> None:
    import ctypes

    # What finalisers let go of is collected by the next pass.
    for _ in range(4):
        gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)


def _anonymous() -> int:
    with open("/proc/self/smaps_rollup") as file:  # noqa: PTH123 - the kernel's own file
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Anonymous:"))


if __name__ == "__main__":
    {1: main, 2: measure_anew, 4: measure}[len(sys.argv)](*sys.argv[1:])
