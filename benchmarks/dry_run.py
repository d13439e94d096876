"""Dry runs of all architectures in one process: seconds, rows, resident memory, and bytes of weights left (none).

Run `python benchmarks/dry_run.py [FILE]`; FILE gets the figures as JSON (default: build/benchmarks/dry_run.json).
"""

import gc
import json
import resource
import sys
import time
from pathlib import Path

import keras

from fusion.backbones.applications import APPLICATIONS
from fusion.backbones.building import dry_build
from fusion.skeleton.layers import Skeleton

SHAPE = (224, 224, 3)
LIMIT = 1000
"""Mebibytes that all dry runs together may take, Keras and TensorFlow included."""


def main(file: Path) -> None:
    start = resident()
    rows = [measure(name) for name, each in APPLICATIONS.items() if each.reads == "images"]
    # Weights that were made and let go of again would show here: one ConvNeXtXLarge alone is 1330 MiB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{'architecture':20} {'rows':>5} {'weights':>12} {'seconds':>8} {'RSS MiB':>8} {'weight bytes':>13}"
    )
    for row in rows:
        print(
            f"{row['arch']:20} {row['rows']:5} {row['params']:12,} {row['seconds']:8.2f} "
            f"{row['rss_mib']:8.0f} {row['weight_bytes']:13,}"
        )
    total = sum(row["seconds"] for row in rows)
    print(f"\nall {len(rows)}: {total:.1f} s; RSS {start:.0f} MiB before, {peak:.0f} at most; limit {LIMIT}")
    figures = {
        "keras": keras.__version__,
        "seconds": total,
        "rss_mib_before": start,
        "rss_mib_peak": peak,
        "rows": rows,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, indent=1) + "\n")
    if peak > LIMIT or any(row["weight_bytes"] for row in rows):
        sys.exit("Too much memory was taken.")


def measure(arch: str) -> dict[str, float | str]:
    before = {id(variable) for variable in variables()}
    start = time.perf_counter()
    skeleton: Skeleton = dry_build(arch, shape=SHAPE, options={})
    seconds = time.perf_counter() - start
    left = [variable for variable in variables() if id(variable) not in before]
    return {
        "arch": arch,
        "rows": len(skeleton.layers),
        "params": skeleton.params,
        "seconds": seconds,
        "rss_mib": resident(),
        "weight_bytes": sum(variable.value.numpy().nbytes for variable in left),
    }


def variables() -> list[keras.Variable]:
    gc.collect()
    return [thing for thing in gc.get_objects() if isinstance(thing, keras.Variable)]


def resident() -> float:
    """Returns the memory of this process in mebibytes, as Linux counts it."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/benchmarks/dry_run.json"))
