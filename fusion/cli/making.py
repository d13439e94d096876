"""Commands that make one thing of a recipe: its picture, its model."""

from pathlib import Path
from typing import Annotated

import typer

from fusion.cli.describing import File, resolve

Out = Annotated[Path, typer.Option("-o", "--out", help="File to write.")]
Folders = Annotated[
    list[Path] | None,
    typer.Option("--weights-folder", help="Where weights files lie, besides beside the recipe."),
]


def draw(
    file: File,
    out: Out,
    phase: Annotated[int, typer.Option(help="Phase whose training is shown, from 1.")] = 1,
) -> None:
    """Draw the architecture of a recipe, coloured by what a phase trains."""
    from fusion.drawing.figure import draw as drawn
    from fusion.drawing.figure import save

    graph = resolve(file)
    if phase not in range(1, max(len(graph.phases), 1) + 1):
        names = [f"{number} {plan.name}" for number, plan in enumerate(graph.phases, start=1)]
        raise typer.BadParameter(f"There is no phase {phase}; there are: {', '.join(names) or 'none'}.")
    save(drawn(graph, phase=phase - 1), out)
    typer.echo(f"{out}")


def build(
    file: File,
    out: Out,
    folder: Folders = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights by address, such as a run's checkpoint.npz.")
    ] = None,
) -> None:
    """Build the model of a recipe and save it as a .keras file that opens anywhere Keras does."""
    from fusion.cli.quiet import load_keras

    graph = resolve(file)
    load_keras()
    from fusion.model.addresses import set_weights
    from fusion.model.building import build as built
    from fusion.model.building import places
    from fusion.model.files import load_weights, save
    from fusion.wording import amount

    model = built(graph, folders=places(file, folder or []))
    if weights is not None:
        set_weights(model, load_weights(weights))
    save(model, out, recipe=graph.recipe)
    typer.echo(f"{out}: {amount(model.count_params())} params, {out.stat().st_size / 1e6:.1f} MB")
