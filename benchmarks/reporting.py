"""What all benchmarks end with: a table on the terminal and the same as JSON."""

import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path


def paired(
    first: Callable[[], object], second: Callable[[], object], *, rounds: int
) -> tuple[float, float, float]:
    """Returns the median seconds of both and the median of their ratio, first to second, timed in turn.

    The ratio is taken within each round, so that it holds when the machine's speed drifts.
    """
    pairs = []
    for number in range(rounds + 2):
        order = [first, second] if number % 2 else [second, first]
        seconds = {call: _timed(call) for call in order}
        pairs.append((seconds[first], seconds[second]))
    kept = pairs[2:]
    ratio = statistics.median(one / other for one, other in kept)
    return statistics.median(one for one, _ in kept), statistics.median(other for _, other in kept), ratio


def report(name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints rows as a Markdown table and writes them to `build/benchmarks/NAME.json`."""
    texts = [list(columns), *([_text(value) for value in row] for row in rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(columns))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in texts
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print("\n".join(lines))
    machine = {"processor": platform.machine(), "python": platform.python_version()}
    versions = {package: version(package) for package in ("keras", "tensorflow")}
    out = Path("build/benchmarks") / f"{name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    found = {"columns": columns, "rows": rows, "machine": machine, "versions": versions}
    out.write_text(json.dumps(found, indent=1) + "\n")
    print(f"written to {out}")


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
