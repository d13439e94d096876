"""Commands that make one thing of a recipe: its picture, its model, phases that unfreeze it gradually."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.checking import sketch
from fusion.cli.describing import File, resolve
from fusion.errors import DrawingError, RecipeError, near

if TYPE_CHECKING:
    from fusion.graph.nodes import FusionGraph

Out = Annotated[Path, typer.Option("-o", "--out", help="File to write.")]
Folders = Annotated[
    list[Path] | None,
    typer.Option("--weights-folder", help="Where weights files lie, besides beside the recipe."),
]
Store = Annotated[
    Path | None, typer.Option("--store", help="Folder for frozen tensors; usually in the user's cache.")
]


def draw(
    out: Out,
    file: Annotated[Path | None, typer.Argument(metavar="RECIPE", help="A recipe file.")] = None,
    diff: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="OLD NEW", help="Two recipes instead of one: what changed is outlined."),
    ] = None,
    values: Annotated[
        Path | None,
        typer.Option(
            help='JSON with a number for each branch, BRANCH/TAP or BACKBONE/LAYER, such as {"shape/mixed7": 0.83}: '
            "laid over the picture as colour."
        ),
    ] = None,
    values_name: Annotated[str, typer.Option(help="What these numbers are.")] = "value",
    phase: Annotated[
        str, typer.Option(help="Phase whose training is shown: its number, from 1, or its name.")
    ] = "1",
    engine: Annotated[
        str, typer.Option(help="own, or dot: a plain graph laid out by Graphviz, if it is installed.")
    ] = "own",
    style: Annotated[
        str, typer.Option(help="auto, light, dark, paper (at most 800 pixels wide) or slide (16:9).")
    ] = "auto",
    level: Annotated[
        str, typer.Option(help="branch, stage or layer: how closely backbones are shown.")
    ] = "branch",
    expand: Annotated[
        list[str] | None,
        typer.Option(
            help="Part, layer or backbone whose layers are shown at layer level; or cut, all or none. Can be repeated."
        ),
    ] = None,
) -> None:
    """Draw the architecture of a recipe, coloured by what a phase trains.

    The file's suffix says how: .svg, .html (all levels, parts open on a click), .png, .pdf, .tex (TikZ), .gv (Graphviz),
    .mmd (Mermaid), .json (Model Explorer) or .txt, the picture in words. An op that does not fit what it joins is drawn as
    that, and said.
    """
    from fusion.drawing.levels import LEVELS
    from fusion.drawing.styles import STYLES
    from fusion.drawing.values import read_values
    from fusion.figures.figure import ENGINES, Look, save
    from fusion.figures.figure import draw as drawn

    _check_choice("engine", engine, ENGINES)
    _check_choice("style", style, STYLES)
    _check_choice("level", level, LEVELS)
    if expand and level != "layer":
        raise typer.BadParameter("--expand opens what --level layer shows; write both.")
    if (file is None) == (diff is None):
        raise typer.BadParameter("Give one recipe to draw, or two to compare as --diff OLD NEW.")
    old, new = diff or (None, file)
    graph, problems = _drawable(new or Path())
    former, wrong = _drawable(old) if old else (None, None)
    look = Look(
        phase=_phase(phase, graph),
        style=style,
        level=level,
        expand=expand or (),
        values=read_values(values) if values else None,
        values_name=values_name,
    )
    try:
        save(drawn(graph, look, against=former), out, engine=engine)
    except DrawingError as error:
        # That a format has no place for what is wrong matters less than what that is.
        if problems or wrong:
            raise (problems or wrong or error) from error
        raise
    typer.echo(f"{out}")
    if wrong and problems:
        typer.echo(str(wrong), err=True)
    if misfit := problems or wrong:
        raise misfit


def _drawable(file: Path) -> "tuple[FusionGraph, RecipeError | None]":
    """Returns what is drawn of a recipe, and what is wrong with it where it is drawn all the same.

    Raises:
        RecipeError: Listing every problem, if it is not.
    """
    try:
        return resolve(file), None
    except RecipeError as error:
        known = sketch(file)
        if known is None:
            raise
        return known, error


def _check_choice(what: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        raise typer.BadParameter(f"There is no {what} {word!r}; there are: {', '.join(known)}.")


def _phase(said: str, graph: "FusionGraph") -> int:
    """Returns the place of a phase, from 0, that is said by its number from 1 or by its name."""
    names = [plan.name for plan in graph.phases]
    if said in names:
        return names.index(said)
    if said.isdecimal() and int(said) in range(1, max(len(names), 1) + 1):
        return int(said) - 1
    known = ", ".join(f"{number} {name}" for number, name in enumerate(names, start=1)) or "none"
    raise typer.BadParameter(f"There is no phase {said!r}.{near(said, names)} There are: {known}.")


def build(
    file: File,
    out: Out,
    folder: Folders = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights by address, such as a run's checkpoint.npz.")
    ] = None,
) -> None:
    """Build the model of a recipe and save it as a .keras file that opens anywhere Keras does."""
    from fusion.backbones.quiet import load_keras

    graph = resolve(file, folder or ())
    load_keras()
    from fusion.checking import places
    from fusion.model.addresses import set_weights, without_auxiliary
    from fusion.model.building import build as built
    from fusion.model.files import load_weights, save
    from fusion.training.states import named_beside
    from fusion.wording import amount

    model = built(graph, folders=places(file, folder or []))
    if weights is not None:
        set_weights(model, without_auxiliary(load_weights(weights)))
    save(model, out, recipe=graph.recipe, labels=named_beside(weights) if weights else None)
    for remark in graph.remarks:
        typer.echo(f"  note {remark.place}   {remark.text}")
    typer.echo(f"{out}: {amount(model.count_params())} params, {out.stat().st_size / 1e6:.1f} MB")


def unfreeze(
    file: File,
    out: Out,
    backbone: Annotated[
        list[str] | None, typer.Option("--backbone", help="Which; all if none. Can be repeated.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="What more trains from phase to phase: a stage or a block.")
    ] = "stage",
    epochs: Annotated[int, typer.Option(min=1, help="Of each phase.")] = 1,
    learning_rate: Annotated[float, typer.Option(help="Of what comes after the backbones.")] = 1e-4,
    decay: Annotated[
        float | None, typer.Option(help="Rate of a part by that of the part after it; 1/2.6 if none.")
    ] = None,
    groups: Annotated[int | None, typer.Option(min=1, help="How many parts are unfrozen at most.")] = None,
) -> None:
    """Write a recipe with phases after its own in which its backbones train part by part, the last first."""
    from fusion.backbones.relocation import relocated
    from fusion.files import replacing
    from fusion.recipe.writing import to_json
    from fusion.unfreezing import PACE
    from fusion.unfreezing import unfreeze as unfrozen

    graph = resolve(file)
    if out.exists() and out.samefile(file):
        raise typer.BadParameter(f"{out} is the recipe that is read. Name another file to write with -o.")
    found = unfrozen(
        graph,
        *(backbone or ()),
        by=by,
        epochs=epochs,
        learning_rate=learning_rate,
        decay=PACE if decay is None else decay,
        groups=groups,
    )
    with replacing(out) as part:
        part.write_text(to_json(relocated(found, [file.parent], out.parent)), encoding="utf-8")
    for phase in found.training.phases[len(graph.phases) :] if found.training else ():
        rates = ", ".join(f"{each.part} {each.learning_rate:g}" for each in phase.parts)
        typer.echo(f"{phase.name}: {rates}")
    typer.echo(f"{out}")
