"""Commands that show: what the library does, quickstart; what training is fed, show."""

from pathlib import Path
from typing import Annotated

import typer

from fusion.cli.describing import File, resolve
from fusion.cli.running import DataPath
from fusion.errors import FileError, listed, near

PICTURES = (".png", ".svg", ".pdf", ".jpg")
"""How the name of a picture ends."""


def quickstart(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the run, new or empty.")] = Path(
        "quickstart"
    ),
) -> None:
    """Transfer from Latin letters to Greek ones, fused and not; two minutes, no download."""
    from rich.console import Console

    from fusion.backbones.quiet import load_keras

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


def show(
    file: File,
    data: DataPath,
    out: Annotated[Path, typer.Option("-o", "--out", help="Picture to write: .png, .svg, .pdf or .jpg.")],
    count: Annotated[
        int, typer.Option("--count", min=1, help="How many examples; not more than a batch has.")
    ] = 16,
) -> None:
    """Draw the first batch of a training as it is fed: images after augmentation, with their targets."""
    from fusion.backbones.quiet import load_keras

    if out.suffix not in PICTURES:
        raise FileError(
            f"A picture of a batch ends with {listed(PICTURES)}, got {str(out)!r}.{near(out.suffix, PICTURES)}"
        )
    graph = resolve(file)
    load_keras()
    from fusion.cli.bars import examining
    from fusion.cli.running import read
    from fusion.data.descriptions import describe
    from fusion.files import replacing
    from fusion.training.contactsheets import show_batch

    with examining() as progress:
        examples = read(data, graph.recipe, progress)
    typer.echo(describe(examples))
    figure = show_batch(graph.recipe, examples, count=count)
    with replacing(out) as part:
        figure.savefig(part, dpi=144, format=out.suffix[1:])
    typer.echo(f"{out}")
