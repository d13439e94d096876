"""Seconds to score every set of 6 taps at 19 penalties each, for several numbers of examples, and 16 taps with nulls.

Run `OMP_NUM_THREADS=1 python benchmarks/subsets.py [FILE]`; FILE gets the figures as JSON (default:
build/benchmarks/subsets.json). Leaves with 1 where the 63 sets at 232 examples take 3 seconds or more.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from fusion.scores.probing import Probing, Tap, probe
from fusion.scores.ridge import PATH
from fusion.scores.shares import share_skill
from fusion.scores.spectra import standardise
from fusion.scores.subsets import make_kernel, score_fusions
from fusion.scores.targets import make_targets
from fusion.scores.weights import weigh

WIDTHS = (64, 128, 256, 256, 512, 512)
CLASSES = 29
LIMIT = 3.0


def main(file: Path) -> None:
    rows = [measure_fusions(examples) for examples in (116, 232, 464)]
    print(f"{'examples':>8} {'sets':>5} {'penalties':>9} {'sets s':>8} {'shares s':>9} {'weights s':>10}")
    for row in rows:
        print(
            f"{row['examples']:8} {row['sets']:5} {row['penalties']:9} {row['sets_s']:8.3f} {row['shares_s']:9.4f} "
            f"{row['weights_s']:10.3f}"
        )
    scores = measure_probe()
    print(
        f"\nprobe of 16 taps, 400 examples, 10 classes: {scores['plain_s']:.2f} s, with 99 permutations {scores['nulls_s']:.2f} s"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"fusions": rows, "probe": scores}, indent=1) + "\n")
    if rows[1]["sets_s"] >= LIMIT:
        sys.exit(f"63 sets took {rows[1]['sets_s']:.2f} s; the limit is {LIMIT}.")


def measure_fusions(examples: int) -> dict[str, float]:
    generator = np.random.default_rng(0)
    classes = np.arange(examples) % CLASSES
    targets = make_targets(classes, "classification")
    kernels = {
        f"tap{place}": make_kernel(
            standardise(generator.standard_normal((examples, width)) + classes[:, None] % 7)
        )
        for place, width in enumerate(WIDTHS)
    }
    start = time.perf_counter()
    fusions = score_fusions(kernels, targets)
    scored = time.perf_counter()
    share_skill(fusions)
    shared = time.perf_counter()
    weigh(kernels, targets)
    return {
        "examples": examples,
        "sets": len(fusions.rows),
        "penalties": len(PATH),
        "sets_s": scored - start,
        "shares_s": shared - scored,
        "weights_s": time.perf_counter() - shared,
    }


def measure_probe() -> dict[str, float]:
    generator = np.random.default_rng(0)
    targets = make_targets(np.arange(400) % 10, "classification")
    taps = {
        f"tap{place}": Tap(generator.standard_normal((400, 128 * 2 ** (place // 4))), place / 16)
        for place in range(16)
    }
    times = []
    for permutations in (0, 99):
        start = time.perf_counter()
        probe(taps, targets, Probing(permutations=permutations))
        times.append(time.perf_counter() - start)
    return {"plain_s": times[0], "nulls_s": times[1]}


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/benchmarks/subsets.json"))
