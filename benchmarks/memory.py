"""How much memory a cut model holds against its own weights.

    python benchmarks/memory.py

TensorFlow's allocator keeps what is freed for later use and gives nothing back to the system, so that a process looks
as large as it ever was: after the first model, as large as the whole backbone. What a model holds is seen by what each
further one adds: several are built and kept, and the growth is divided by their number. If a cut model kept the whole
backbone alive, each would add that.
"""

import gc
import subprocess
import sys

from reporting import report

FURTHER = 8
CASES = (("VGG16", "block4_pool"), ("ResNet152", "conv3_block8_out"), ("ConvNeXtBase", "stride:8"))


def main() -> None:
    rows = []
    for arch, cut in CASES:
        done = subprocess.run(
            [sys.executable, __file__, arch, cut], capture_output=True, text=True, check=True
        )
        held, own, whole = map(float, done.stdout.split()[-3:])
        rows.append([f"{arch} up to {cut}", own / 2**20, held / 2**20, held / own, whole / 2**20, "<= 1.1"])
    report(
        "memory", ("model", "weights MiB", "each adds MiB", "ratio", "whole backbone MiB", "claimed"), rows
    )


def measure(arch: str, cut: str) -> None:
    """Prints the bytes that each further model adds, those of the cut model's weights, and those of the whole backbone's."""
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
    _settle()
    before = _anonymous()
    further = [build(arch, cut)[0] for _ in range(FURTHER)]
    _settle()
    print((_anonymous() - before) / len(further), 4 * first.count_params(), 4 * whole)


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
    main() if len(sys.argv) == 1 else measure(*sys.argv[1:])
