"""Commands that say what one has: diff, lock, self-test."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.cli.describing import File, resolve
from fusion.cli.making import Folders

if TYPE_CHECKING:
    import keras

    from fusion.graph.nodes import FusionGraph

After = Annotated[Path, typer.Argument(metavar="OTHER", help="Another recipe file, or the same one changed.")]


def diff(before: File, after: After) -> None:
    """Say in words what two recipes differ in, and what that comes to."""
    from fusion.comparing import differences
    from fusion.recipe.writing import recipe_hash

    graphs = resolve(before), resolve(after)
    found = differences(*graphs)
    for each in found:
        typer.echo(each.text)
    if not found:
        typer.echo(f"{before} and {after} mean the same: {recipe_hash(graphs[0].recipe)}")


def lock(file: File, folder: Folders = None) -> None:
    """Write down beside a recipe what it resolves to today: layers, weights files, versions."""
    from fusion.checking import places
    from fusion.locking import lock as locked
    from fusion.locking import lock_file, write_lock
    from fusion.wording import counted

    out = lock_file(file)
    made = locked(resolve(file, folder or ()), folders=places(file, folder or ()))
    write_lock(made, out)
    typer.echo(f"{out}: {counted(len(made.backbones), 'backbone')}, recipe {made.recipe}")


def self_test(
    file: Annotated[
        Path, typer.Argument(metavar="RECIPE|MODEL", help="A recipe, a .keras file, or a run's folder.")
    ],
    folder: Folders = None,
) -> None:
    """Put a model to the test: weights, gradients, calls at inference, a saved copy."""
    from fusion.backbones.quiet import load_keras

    load_keras()
    from fusion.model.selftest import self_test as tested

    found = tested(*_model(file, folder or []))
    for each in found:
        typer.echo(f"{'ok  ' if each.holds else 'FAIL'}  {each.what}: {each.seen}")
    raise typer.Exit(0 if all(each.holds for each in found) else 1)


def _model(file: Path, folders: list[Path]) -> "tuple[keras.Model, FusionGraph]":
    from fusion.checking import places
    from fusion.checking import resolve as resolved
    from fusion.model.building import build_graph
    from fusion.model.files import load

    if file.suffix == ".json":
        graph = resolve(file, folders)
        return build_graph(graph, folders=places(file, folders)), graph
    loaded = load(file / "model.keras" if file.is_dir() else file)
    return loaded.model, resolved(loaded.recipe)
