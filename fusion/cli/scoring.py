"""The command that scores the taps of a study: score."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.cli.making import Folders
from fusion.cli.studying import DataPath, StudyFile
from fusion.wording import counted, operations

if TYPE_CHECKING:
    from fusion.study.scored import Scored


def score(
    file: StudyFile,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for scores.json and scores.csv.")],
    data: DataPath = None,
    test: Annotated[
        bool, typer.Option("--test", help="Ask a ridge probe at each tap about the test split too.")
    ] = False,
    permutations: Annotated[int, typer.Option(min=0, help="Shufflings of each null; 0 for none.")] = 99,
    rows: Annotated[
        int, typer.Option(min=3, help="Examples scored, where taps have more features than that.")
    ] = 2000,
    store: Annotated[
        Path | None, typer.Option("--store", help="Folder for frozen tensors; usually in the user's cache.")
    ] = None,
    folder: Folders = None,
) -> None:
    """Score every tap of a study's backbones for a small head, from one pass through each. Trains nothing."""
    from fusion.cli.quiet import load_keras

    load_keras()
    from fusion.cli.extracting import extracting
    from fusion.files import replacing
    from fusion.scores.probing import Probing
    from fusion.study.scored import scores_csv, scores_json
    from fusion.study.scoring import pool_taps, prepare_taps
    from fusion.study.scoring import score as scored

    prepared = prepare_taps(file, data, folders=folder or ())
    with extracting() as watch:
        pooled = pool_taps(prepared, test=test, store=store, watch=watch)
    found = scored(prepared, pooled, Probing(permutations=permutations, rows=rows))
    for name, text in (("scores.json", scores_json(found)), ("scores.csv", scores_csv(found))):
        with replacing(out / name) as part:
            part.write_text(text, encoding="utf-8")
    _print(found)
    typer.echo(f"{out}: scores.json, scores.csv")


def _print(found: "Scored") -> None:
    from rich.markup import escape

    from fusion.cli.tables import show, table

    tested = found.judged == "test"
    rows = table(
        "tap",
        "depth",
        "width",
        "compute",
        "ridge",
        "knn",
        "LogME",
        "H-score",
        "p",
        *(["test"] if tested else []),
    )
    for tap in found.taps:
        rows.add_row(
            escape(tap.tap),
            f"{tap.depth:.2f}",
            str(tap.width),
            operations(tap.flops),
            f"{tap.ridge:.3f}",
            f"{tap.knn:.3f}",
            f"{tap.logme:.3f}",
            f"{tap.hscore:.3f}",
            "" if tap.p is None else f"{tap.p:.2f}",
            *([] if tap.test is None else [f"{tap.test:.3f}"]),
            style="bold" if tap is found.best else "",
        )
    show(rows)
    agreement = table(f"against {found.judged}", "rank correlation", "regret")
    for row in found.agreement:
        agreement.add_row(row.score, "" if row.tau is None else f"{row.tau:.2f}", f"{row.regret:.3f}")
    show(agreement)
    typer.echo(in_words(found))


def in_words(found: "Scored") -> str:
    """Returns what the numbers of a table are, in a sentence or two."""
    of = counted(found.rows, "example") + (
        f" of {found.examples}, drawn evenly," if found.rows < found.examples else ""
    )
    said = f"{found.measure.capitalize()} of ridge and of neighbours on {of} of {' and '.join(found.splits)}, each left out in turn"
    nulls = (
        f"; p for {counted(len(found.taps), 'tap')} together, {found.permutations} permutations"
        if found.permutations
        else ""
    )
    return f"{said}{nulls}."
