"""How long and how big `fusion check` and `fusion draw` are when the layer tables are cached.

    python benchmarks/warm_commands.py

Each command runs as a process of its own, several times; seconds are wall clock, memory is the largest resident size.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reporting import report

RUNS = 9
RECIPE = Path("recipes/texture_and_shape.json")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        picture = str(Path(folder) / "x.svg")
        commands = {
            "python -c pass": ["-c", "pass"],
            "import fusion": ["-c", "import fusion"],
            "fusion check": ["-m", "fusion", "check", str(RECIPE)],
            "fusion draw": ["-m", "fusion", "draw", str(RECIPE), "-o", picture],
        }
        rows = [[name, *_measured(arguments)] for name, arguments in commands.items()]
    report("warm_commands", ("command", "median s", "least s", "MB"), rows)


def _measured(arguments: list[str]) -> list[float]:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    seconds, sizes = [], []
    for _ in range(RUNS):
        began = time.perf_counter()
        child = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds.append(time.perf_counter() - began)
        sizes.append(_megabytes(usage))
        if status:
            raise SystemExit(f"{arguments} ended with {status}.")
    return [statistics.median(seconds), min(seconds), max(sizes)]


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
