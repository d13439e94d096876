"""Commands that look and build nothing: check, cost, layers, schema."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fusion import checking
from fusion.cli.catalogue import Announced
from fusion.errors import FusionError, Problem, RecipeError, WeightsError, listed
from fusion.graph.costs import Costs, costs
from fusion.graph.nodes import FusionGraph
from fusion.recipe.parsing import parse, read_text
from fusion.recipe.writing import to_data
from fusion.wording import amount, counted, operations

Files = Annotated[list[Path], typer.Argument(metavar="RECIPE...", help="Recipe files.")]
File = Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def resolve(file: Path, folders: Sequence[Path] = ()) -> FusionGraph:
    """Returns the recipe in a file, resolved; layer tables that are missing are made with a word on it.

    Raises:
        RecipeError: Listing every problem, or saying that it is a study.
    """
    try:
        return checking.resolve(file, catalogue=Announced(tuple(checking.places(file, folders))))
    except RecipeError:
        if _is_study(file):
            raise RecipeError(
                f"{file} is a study, not a recipe. `fusion study plan {file} --examples N` checks it and says what it takes."
            ) from None
        raise


def check(
    files: Files,
    locked: Annotated[
        bool,
        typer.Option("--locked", help="Also say what moved since `fusion lock`, and fail if anything did."),
    ] = False,
) -> None:
    """Say whether recipes can be built, and every problem of those that cannot."""
    sound = []
    for file in files:
        graph = _sound(file)
        sound.append(graph is not None and (not locked or _is_as_locked(graph, file)))
    raise typer.Exit(0 if all(sound) else 1)


def cost(file: File, as_json: AsJson = False) -> None:
    """Say what a model costs: weights, operations and memory, by part and in all."""
    graph = resolve(file)
    if as_json:
        typer.echo(json.dumps(asdict(costs(graph)), indent=2))
        return
    from fusion.cli.tables import print_costs

    print_costs(graph)


def layers(
    arch: Annotated[
        str,
        typer.Argument(
            metavar="ARCH", help="An architecture, such as VGG16, or a .keras file; 'all' lists them."
        ),
    ],
    shape: Annotated[
        str,
        typer.Option("--input", metavar="H,W,C", help="Height, width, channels; of texts how many tokens."),
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="Every layer, not only where a block ends.")] = False,
    as_json: AsJson = False,
) -> None:
    """List where an architecture can be cut, with what is kept up to there."""
    from fusion.backbones.applications import APPLICATIONS
    from fusion.cli.catalogue import named
    from fusion.skeleton.survey import survey

    if arch == "all":
        typer.echo("\n".join(APPLICATIONS))
        return
    backbone, own = named(arch)
    size = _shape(shape) if shape else own
    if len(size) == 1 and arch in APPLICATIONS and APPLICATIONS[arch].reads == "images":
        raise typer.BadParameter(
            f"{arch} reads images: expected height, width, channels, as 224,224,3; got {shape!r}."
        )
    table = Announced((Path.cwd(),)).skeleton(backbone, size)
    points = [point for point in survey(table) if every or point.natural or point.stage]
    if as_json:
        typer.echo(json.dumps([asdict(point) for point in points], indent=1))
        return
    from fusion.cli.tables import print_cuts

    print_cuts(table, points)


def schema() -> None:
    """Print the JSON Schema of the recipe format."""
    from fusion.recipe.schema import schema as recipe_schema

    typer.echo(json.dumps(recipe_schema(), indent=0))


def _sound(file: Path) -> FusionGraph | None:
    """Says what a recipe is or what is wrong with it; returns its graph if it has one."""
    try:
        graph = resolve(file)
    except RecipeError as error:
        typer.echo(str(error), err=True)
        return None
    total = costs(graph)
    count = len(graph.recipe.branches)
    branches = "1 branch" if count == 1 else f"{count} branches"
    typer.echo(f"{file}: ok, {branches}, {amount(total.params)} params, {_work(total)}")
    for line in _training(graph):
        typer.echo(f"  {line}")
    for remark in [*graph.remarks, *_missing_weights(graph, file)]:
        typer.echo(f"  note {remark.place}   {remark.text}")
    return graph


def _is_study(file: Path) -> bool:
    try:
        data = parse(read_text(file), source=str(file))
    except RecipeError:
        return False
    return isinstance(data, dict) and "study" in data and type(data.get("recipe")) is not int


def _work(found: Costs) -> str:
    if found.uncounted:
        return f"FLOP a sample not known, for those of {listed(found.uncounted)} are not"
    return f"{operations(found.flops)} a sample"


def _training(graph: FusionGraph) -> Iterator[str]:
    """Yields a line for each phase, and one for each input whose images are changed at random."""
    training = graph.recipe.training
    for phase, cost in zip(training.phases if training else (), costs(graph).phases, strict=True):
        how = phase.optimizer
        fall = f", {how.schedule}" if how.schedule != "constant" else ""
        rise = f", warm-up {how.warmup:.0%}" if how.warmup else ""
        epochs = counted(phase.epochs, "epoch")
        fresh = f", {listed(phase.reset)} begin with fresh weights" if phase.reset else ""
        yield f"{phase.name}: {amount(cost.trainable)} train, {epochs}, {how.name} {how.learning_rate:g}{fall}{rise}{fresh}"
    if training and training.precision != "float32":
        yield f"computed in {training.precision}"
    for name, changes in (training.augment if training else {}).items():
        made = [f"{kind} {value}" for each in map(to_data, changes) for kind, value in each.items()]
        views = (
            f"{counted(training.views, 'stored view')}"
            if training and training.views
            else "anew in every epoch"
        )
        yield f"augment {name}: {', '.join(made)} (training batches only, {views})"


def _is_as_locked(graph: FusionGraph, file: Path) -> bool:
    from fusion.locking import lock_file, moved, read_lock

    try:
        found = moved(graph, read_lock(lock_file(file)), folders=checking.places(file))
    except FusionError as error:
        typer.echo(f"{file}: {error}", err=True)
        return False
    if found:
        typer.echo(str(RecipeError.of(f"{file}, since it was locked", found)), err=True)
    return not found


def _missing_weights(graph: FusionGraph, file: Path) -> Iterator[Problem]:
    """Yields a remark for each weights file that is not here: the recipe is sound all the same."""
    from fusion.backbones.catalogue import find

    for name, backbone in graph.recipe.backbones.items():
        try:
            find(backbone, checking.places(file))
        except WeightsError as error:
            yield Problem(f"/backbones/{name}/weights", f"{error} It is needed to build.")


def _shape(text: str) -> tuple[int, ...]:
    parts = text.replace("x", ",").split(",")
    if len(parts) not in (1, 3) or not all(part.strip().isdecimal() for part in parts):
        raise typer.BadParameter(
            f"A shape is height,width,channels such as 224,224,3, of texts their length; got {text!r}."
        )
    return tuple(map(int, parts))
