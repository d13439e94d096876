"""The command that shows what the library does: quickstart."""

from pathlib import Path
from typing import Annotated

import typer


def quickstart(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the run, new or empty.")] = Path(
        "quickstart"
    ),
) -> None:
    """Transfer from Latin letters to Greek ones, fused and not; two minutes, no download."""
    from rich.console import Console

    from fusion.cli.quiet import load_keras

    load_keras()
    from fusion.cli.progress import watching
    from fusion.cli.tables import print_rows
    from fusion.quickstart.comparison import compare
    from fusion.training.runs import FILES

    console = Console(stderr=True)
    with watching(console) as watch:
        rows = compare(out, announce=console.rule, watch=watch)
    print_rows(rows)
    for name, what in FILES.items():
        typer.echo(f"{out / name}   {what}")
