"""The pictures of a run by themselves, as files."""

from collections.abc import Mapping
from pathlib import Path

from fusion.files import replacing
from fusion.report.curves import curves, layers
from fusion.report.marks import alone
from fusion.report.pareto import pareto, priced
from fusion.report.pixels import to_png
from fusion.study.arms import read_arms
from fusion.study.claims import compare
from fusion.study.results import load_results


def run_charts(folder: Path) -> dict[str, str]:
    """Returns the metric by layer, and against what arms cost, of the arms of a run; those with nothing to show are left out.

    Raises:
        StudyError: If there is no study in the folder, or a file of it is damaged.
        DataError: If no trial of the reference is done.
    """
    found = compare(load_results(folder))
    drawn = {
        "layers": layers(found, curves(read_arms(folder))),
        "pareto": pareto(priced(found), found.metric, better=found.better, by=found.by),
    }
    return {name: chart for name, chart in drawn.items() if chart}


def write_charts(charts: Mapping[str, str], out: Path) -> tuple[str, ...]:
    """Writes each chart as SVG and PNG into a folder, and returns the names of the files.

    Raises:
        FileError: If a file cannot be written.
    """
    for name, chart in charts.items():
        with replacing(out / f"{name}.svg") as part:
            part.write_text(alone(chart), encoding="utf-8")
        with replacing(out / f"{name}.png") as part:
            part.write_bytes(to_png(chart))
    return tuple(f"{name}.{suffix}" for name in charts for suffix in ("svg", "png"))
