"""The command that gives what a frozen model makes of data as arrays: features."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.cli.describing import resolve
from fusion.cli.making import Folders, Store
from fusion.cli.running import DataPath, described
from fusion.wording import dimensions, memory

if TYPE_CHECKING:
    from fusion.features.arrays import Features
    from fusion.features.extraction import Watch
    from fusion.graph.nodes import FusionGraph
    from fusion.model.files import Loaded

Model = Annotated[
    Path, typer.Argument(metavar="RECIPE|MODEL", help="A recipe, a .keras file, or a run's folder.")
]


def features(
    file: Model,
    data: DataPath,
    out: Annotated[Path, typer.Option("-o", "--out", help="An .npz file.")],
    tap: Annotated[
        list[str] | None,
        typer.Option("--tap", help="A branch, a node or a layer's address; all branches if none."),
    ] = None,
    precision: Annotated[str, typer.Option("--precision", help="float32 or bfloat16.")] = "float32",
    store: Store = None,
    folder: Folders = None,
) -> None:
    """Write what frozen backbones make of every example to an .npz file, for a classifier of one's own."""
    from fusion.backbones.quiet import load_keras

    graph = resolve(file, folder or ()) if file.suffix == ".json" else None
    load_keras()
    from fusion.checking import places
    from fusion.features.archives import check_name, write_features
    from fusion.features.arrays import extract_features
    from fusion.features.precision import precision_of
    from fusion.model.files import load

    check_name(out)
    chosen = precision_of(precision)
    source: FusionGraph | Loaded = graph or load(file)
    examples = described(data, source.recipe)
    with extracting() as watch:
        found = extract_features(
            source,
            examples,
            taps=tap or (),
            precision=chosen,
            folders=places(file, folder or []),
            store=store,
            watch=watch,
        )
    keys = write_features(found, out)
    _print(found)
    typer.echo(f"{out}: {', '.join(keys)}")


@contextmanager
def extracting() -> "Iterator[Watch]":
    """Shows how many examples have run through the frozen layers, how many a second, and how long it will take."""
    from rich.console import Console

    from fusion.cli.bars import bars
    from fusion.features.extraction import Extracted

    with bars(Console(stderr=True)) as progress:
        tasks = {}

        def watch(seen: Extracted) -> None:
            if seen.what not in tasks:
                tasks[seen.what] = progress.add_task(
                    seen.what, total=seen.count, completed=seen.since, seen=""
                )
            all_there = seen.since == seen.count
            rate = "found in the store" if all_there else f"{seen.rate:.0f} a second"
            said = f"{seen.done} of {seen.count}, {rate}"
            progress.update(tasks[seen.what], completed=seen.done, seen=said)

        yield watch


def _print(found: "Features") -> None:
    for split, part in found.parts.items():
        for tap, array in part.arrays.items():
            size = memory(array.nbytes)
            typer.echo(f"{split:<10}  {tap}: {dimensions(array.shape)}, {size}")
    for tap, off in found.deviations.items():
        typer.echo(
            f"{tap}: bfloat16 is off float32 by {100 * off:.2g} % of what examples differ by (root mean square)"
        )
