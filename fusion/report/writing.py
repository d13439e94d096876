"""Reports on disk: a page, a text, tables and pictures in one folder."""

import json
from dataclasses import asdict
from pathlib import Path

from fusion.errors import StudyError
from fusion.files import replacing
from fusion.report.contents import sections
from fusion.report.marks import alone
from fusion.report.pages import markdown, page
from fusion.report.rows import numbers_table
from fusion.report.rows import to_csv as table_csv
from fusion.study.claims import compare
from fusion.study.results import load_results, to_csv


def write_report(run: str | Path, out: str | Path) -> tuple[Path, ...]:
    """Writes the report on a run, and returns its files, the page first.

    They are `report.html`, which holds everything, `report.md`, `arms.csv`, `trials.csv`, `results.json` and an SVG for
    each chart. The same run gives the same files.

    Args:
        run: Folder of a study that runs or ran.
        out: Folder for the report.

    Raises:
        StudyError: If it is no folder, there is no study in it, or a file of it is damaged.
        DataError: If no trial of the reference is done.
        FileError: If a file cannot be written.
    """
    if not isinstance(run, str | Path):
        raise StudyError(f"A report is written of the folder of a run, got {type(run).__name__}.")
    folder, results = Path(run), load_results(run)
    found, parts = compare(results), sections(results, folder)
    title = results.study.name
    texts = {
        "report.html": page(title, parts, refused=bool(found.refused), reference=found.reference),
        "report.md": markdown(title, parts),
        "arms.csv": table_csv(numbers_table(found)),
        "trials.csv": to_csv(results.records, results.stopped),
        "results.json": json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n",
    }
    texts |= {f"{name}.svg": alone(chart) for part in parts for name, chart in part.charts}
    for name, text in texts.items():
        with replacing(Path(out) / name) as part:
            part.write_text(text, encoding="utf-8")
    return tuple(Path(out) / name for name in texts)
