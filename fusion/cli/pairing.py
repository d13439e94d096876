"""The command that makes a table of pairs of a folder of classes: pairs."""

from pathlib import Path
from typing import Annotated

import typer

from fusion.cli.making import Out
from fusion.errors import DataError


def pairs(
    folder: Annotated[Path, typer.Argument(help="A folder of images with a sub-folder per class.")],
    out: Out,
    per_image: Annotated[
        int, typer.Option("--per-image", help="Pairs drawn for each image, half with its own class.")
    ] = 4,
    validation: Annotated[float, typer.Option(help="Share of the images to choose by.")] = 0.15,
    test: Annotated[float, typer.Option(help="Share of the images to report on.")] = 0.15,
    seed: Annotated[int, typer.Option(help="Another one draws others.")] = 0,
) -> None:
    """Write a table of pairs of images, same class or different, and the dataset file that reads it.

    The images are split before they are paired, so no image stands in pairs of two splits.
    """
    from fusion.data.pairs import counted, find_pairs, write_pairs
    from fusion.data.splits import Split

    if out.suffix != ".csv":
        raise DataError(f"Pairs are written as a .csv table, got {out.name!r}.")
    found = find_pairs(folder, per_image=per_image, split=Split(validation=validation, test=test, seed=seed))
    about = write_pairs(found, out)
    for name, (same, different) in counted(found).items():
        typer.echo(f"{name}: {same} pairs of one class, {different} of two")
    typer.echo(f"{out}, {about}")
