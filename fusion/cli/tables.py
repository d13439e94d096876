"""Tables on the terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fusion.errors import listed
from fusion.graph.costs import Costs, PartCost, costs
from fusion.graph.nodes import FusionGraph
from fusion.skeleton.layers import Skeleton
from fusion.skeleton.survey import CutPoint
from fusion.wording import amount, cleaned, dimensions, memory, operations

if TYPE_CHECKING:
    from fusion.quickstart.comparison import Row
    from fusion.training.evaluation import Prediction


def table(*columns: str, title: str = "") -> Table:
    """Returns an empty table; the first column is text, the others are numbers."""
    made = Table(
        box=box.SIMPLE_HEAD,
        title=escape(cleaned(title)),
        title_justify="left",
        title_style="bold",
        pad_edge=False,
    )
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left", no_wrap=True)
    return made


def show(made: Table) -> None:
    """Prints a table, nothing cut off: where the terminal is too narrow its lines wrap."""
    needed = Console(width=10_000).measure(made).maximum
    Console(width=max(Console().width, needed)).print(made)


def print_costs(graph: FusionGraph) -> None:
    """Prints what a model costs by part and in all, and what each phase trains."""
    found = costs(graph)
    parts = table(
        "part", "width", "params", "compute", "memory", "cut: params", "compute", title=graph.recipe.name
    )
    for part in found.parts:
        parts.add_row(escape(part.name), str(part.width), *_sizes(part))
    parts.add_section()
    parts.add_row("in all", "", *_sizes(found), style="bold")
    if found.auxiliary:
        parts.add_section()
    for part in found.auxiliary:
        parts.add_row(escape(part.name), str(part.width), *_sizes(part), style="dim")
    show(parts)
    if found.phases:
        phases = table("phase", "trains", "frozen")
        every = found.params + sum(part.params for part in found.auxiliary)
        for phase in found.phases:
            phases.add_row(escape(phase.name), amount(phase.trainable), amount(every - phase.trainable))
        show(phases)
    for part in found.parts:
        if part.skipped:
            lost = f"{amount(part.skipped.params)} params and {operations(part.skipped.flops)}"
            Console().print(f"[dim]Of what {escape(part.name)} cuts, {lost} lie before its entrance.[/]")
    Console().print(
        "[dim]Compute and memory are per sample. A multiply-accumulate is 2 FLOP.\n"
        "Memory: what all layers give, in float32, an upper bound.\n"
        "Shared weights count once in all. Cut: what is left out."
        + (f"\nOf {listed(found.uncounted)} it is not known what they compute." if found.uncounted else "")
        + ("\nAuxiliary outputs are there in training only, and not in all." if found.auxiliary else "")
        + "[/]"
    )


def _sizes(part: Costs | PartCost) -> tuple[str, str, str, str, str]:
    lost = part.discarded
    unsaved = part.unsaved if isinstance(part, Costs) else part.uncounted
    return (
        amount(part.params),
        "not known" if part.uncounted else operations(part.flops),
        memory(part.activation_bytes),
        f"-{amount(lost.params)}" if lost and lost.params else "",
        f"-{operations(lost.flops)}" if lost and lost.flops and not unsaved else "",
    )


def print_cuts(skeleton: Skeleton, points: Sequence[CutPoint]) -> None:
    """Prints the places a backbone can be cut at."""
    title = f"{skeleton.source} at {dimensions(skeleton.input_shape)}, and what is kept up to each cut"
    rows = table("cut", "shape", "stride", "ends", "params", "compute", "", title=title)
    for point in points:
        rows.add_row(
            escape(point.name),
            dimensions(point.shape),
            str(point.stride or ""),
            f"stage:{point.stage}" if point.stage else "",
            amount(point.params),
            "not known" if point.uncounted else operations(point.flops),
            "" if point.articulation else "inside a block",
            style="bold" if point.stage else "",
        )
    show(rows)


def print_metrics(metrics: Mapping[str, Mapping[str, float]]) -> None:
    """Prints loss and metrics by split."""
    names = list(next(iter(metrics.values())))
    rows = table("split", *names)
    for split, values in metrics.items():
        rows.add_row(
            split, *(f"{values[name]:.4f}" for name in names), style="bold" if split == "test" else ""
        )
    show(rows)


def print_predictions(predictions: "Sequence[Prediction]", labels: Sequence[str] | None) -> None:
    """Prints what a model says of each example: the label, and the scores of all classes."""
    names = list(labels or [])
    width = len(predictions[0].scores)
    if len(names) != width:
        names = [names[-1]] if names else [f"output {number}" for number in range(width)]
    labelled = any(prediction.label is not None for prediction in predictions)
    rows = table("example", *(["label"] if labelled else []), *names)
    for prediction in predictions:
        label = [escape(prediction.label or "")] if labelled else []
        rows.add_row(escape(prediction.name), *label, *(f"{score:.3f}" for score in prediction.scores))
    show(rows)


def print_rows(found: "Sequence[Row]") -> None:
    """Prints what each arm of the quickstart came to."""
    rows = table(
        "Greek letters, 8 images each to learn from", "test accuracy", "params", "trained last", "seconds"
    )
    best = max(row.accuracy for row in found)
    for row in found:
        cells = (f"{row.accuracy:.3f}", amount(row.params), amount(row.trainable), f"{row.seconds:.0f}")
        rows.add_row(escape(row.arm), *cells, style="bold" if row.accuracy == best else "")
    show(rows)
