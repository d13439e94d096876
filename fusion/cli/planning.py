"""The command that says what training will take: plan."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.cli.describing import AsJson, File, resolve
from fusion.cli.making import Folders
from fusion.errors import TrainingError, listed
from fusion.wording import amount, counted, dimensions, memory, operations, work

if TYPE_CHECKING:
    from fusion.frontier.plans import Plan, PlannedPhase
    from fusion.frontier.tensors import NodeTensor
    from fusion.graph.nodes import FusionGraph

Examples = Annotated[int | None, typer.Option("--examples", min=1, help="How many examples it trains on.")]
DataPath = Annotated[Path | None, typer.Option("--data", help="Data as train takes them, to be counted.")]


def plan(
    file: File,
    examples: Examples = None,
    data: DataPath = None,
    folder: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Say what each phase trains, which tensors it stores, and what that takes, with the store and without."""
    if (examples is None) == (data is None):
        raise TrainingError(
            "Say how many examples it trains on: --examples N, or --data to have them counted."
        )
    graph = resolve(file, folder or ())
    found = _counted(graph, examples) if data is None else _looked_at(graph, data)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
        return
    _print(found)


def _counted(graph: "FusionGraph", examples: int | None) -> "Plan":
    from fusion.features.planning import machine_rates
    from fusion.frontier.plans import plan as planned
    from fusion.store.room import bound

    most = bound() / max(1, len(graph.phases))
    return planned(graph, examples=examples or 1, rates=machine_rates(), most=most)


def _looked_at(graph: "FusionGraph", path: Path) -> "Plan":
    from fusion.cli.bars import examining
    from fusion.data.reading import read_data
    from fusion.features.planning import plan_for

    recipe = graph.recipe
    with examining() as progress:
        data = read_data(
            path, inputs=recipe.inputs, output=recipe.head.output, seed=recipe.seed, progress=progress
        )
    return plan_for(graph, data)


def _print(found: "Plan") -> None:
    from rich.console import Console
    from rich.markup import escape

    from fusion.cli.tables import show, table
    from fusion.store.shelf import store_folder

    out = Console(highlight=False, soft_wrap=True)
    rows = table("an epoch", "epochs", "stored", "compute", "without", "time", "without", "once before")
    for phase in found.phases:
        split = phase.frontier
        out.print(escape(_trained(phase)))
        for line in _read(phase):
            out.print(f"  {escape(line)}")
        rows.add_row(
            escape(split.phase),
            str(split.epochs),
            memory(phase.stored_bytes) if split.tensors else "",
            work(phase.flops, phase.uncounted),
            work(phase.whole_flops, phase.uncounted),
            *(duration(each) for each in (phase.epoch_seconds, phase.whole_seconds, phase.once_seconds)),
        )
    show(rows)
    out.print(
        f"In all {duration(found.seconds)}, with {memory(found.stored_bytes)} stored; {duration(found.whole_seconds)} "
        "with nothing stored."
    )
    if unknown := found.phases[0].uncounted:
        out.print(
            f"Operations of {escape(listed(unknown))} are not known: times are those of all else, and take longer."
        )
    if found.stored_bytes:
        out.print(f"`fusion train` stores in {escape(str(store_folder()))}, or in the folder --store names.")
    rates = found.rates
    out.print(
        f"[dim]On {counted(found.examples, 'example')}, without validation, building and compiling. Reckoned with {operations(rates.compute)} "
        f"and {memory(rates.read)} read in a second, {duration(rates.decode)} to decode an image.[/]"
    )


def _trained(phase: "PlannedPhase") -> str:
    fresh = f", after {', '.join(phase.reset)} got fresh weights" if phase.reset else ""
    return (
        f"{phase.frontier.phase}: trains {', '.join(phase.train)} ({amount(phase.trainable)} weights){fresh}"
    )


def _read(phase: "PlannedPhase") -> list[str]:
    """Returns what is stored and what is decoded anew, a line for each tensor and input."""
    found = phase.frontier
    lines = [
        f"stored: {each.name} {dimensions(each.shape)}, {memory(each.bytes)} an example{_views(each)}"
        for each in found.tensors
    ]
    if not lines:
        lines = [f"nothing is stored: it would save {duration(max(0.0, phase.saving))}"]
    return [*lines, *(f"read anew in every epoch: {name}" for name in found.inputs)]


def _views(tensor: "NodeTensor") -> str:
    """Returns what views cost and stand for."""
    if tensor.views == 1:
        return ""
    return (
        f" in {tensor.views} views: extraction takes {tensor.views} times as long, and epochs take them in turn where "
        "otherwise each would draw its own"
    )


def duration(seconds: float) -> str:
    """Returns a time in words.

    >>> duration(0.0004), duration(0.25), duration(75), duration(7320)
    ('0 ms', '250 ms', '1 min 15 s', '2 h 2 min')
    """
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
