"""Commands that run studies: plan, run, status, export; those that judge them are beside."""

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.cli.claiming import compare, report
from fusion.cli.describing import AsJson
from fusion.cli.making import Folders
from fusion.cli.planning import duration
from fusion.errors import StudyError
from fusion.wording import amount, counted, memory, work

if TYPE_CHECKING:
    from fusion.execution.running import Executor
    from fusion.recipe.recipe import Recipe
    from fusion.study.planning import StudyPlan
    from fusion.study.results import Results

study = typer.Typer(
    help="Run variants of a recipe as trials, and say what may be claimed.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
study.command()(compare)
study.command()(report)
StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a study that runs or ran.")]
DataPath = Annotated[
    Path | None, typer.Option("--data", help="What it runs on, instead of what the study names.")
]


@study.command()
def plan(
    file: StudyFile,
    data: DataPath = None,
    examples: Annotated[
        int | None,
        typer.Option(
            "--examples", min=1, help="How many each trial trains on, instead of counting those of the data."
        ),
    ] = None,
    judged: Annotated[
        int | None, typer.Option("--judged", min=1, help="How many it is judged on, for what these can show.")
    ] = None,
    folder: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Say which trials a study is made of, what they take, and which differences they can show. Trains nothing."""
    from fusion.cli.catalogue import Announced
    from fusion.features.planning import machine_rates
    from fusion.study.declaration import BASE
    from fusion.study.drafts import open_variants
    from fusion.study.planning import plan_study

    declared, made = open_variants(file, folders=folder or (), shelf=Announced)
    if examples is None:
        examples, tested = _counted(file, data, made.arms[BASE].recipe)
        judged = judged or tested
    elif data is not None:
        raise StudyError("Say --examples N or --data, not both: examples of data are counted.")
    found = plan_study(declared, made.arms, examples=examples, judged=judged, rates=machine_rates())
    found = replace(found, repeated=made.repeated)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1))
        return
    _print_plan(found, reference=declared.reference)
    if declared.racing:
        typer.echo("That is the most: the race spares trials of arms that it stops")


def _counted(file: Path, data: Path | None, recipe: "Recipe") -> tuple[int, int | None]:
    """Returns how many examples the first seed of a study trains on, and how many it is judged on if there is a test split."""
    from fusion.cli.bars import examining
    from fusion.data.reading import read_data
    from fusion.study.declaration import open_study
    from fusion.study.own import path_of

    try:
        declared, _, there = open_study(file, data, use="plan")
    except StudyError as error:
        raise StudyError(f"{error} Or say how many examples a trial trains on: --examples N.") from error
    seed = declared.numbers[0]
    with examining() as progress:
        found = read_data(
            path_of(Path(str(there)), seed),
            inputs=recipe.inputs,
            output=recipe.head.output,
            seed=seed,
            progress=progress,
        )
    return len(found.train), len(found.test) if found.test else None


@study.command()
def run(
    file: StudyFile,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for its records, new or of this study.")],
    data: DataPath = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Trials at once, each in a process of its own: 1, or what a cluster has room for, if not said.",
        ),
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option(min=0, help="After how long no further trial begins.")
    ] = None,
    executor: Annotated[str, typer.Option(help="Where trials run: local, or ray for a cluster.")] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="HOST:PORT of a Ray cluster's head node, or auto for this machine's cluster."),
    ] = None,
    folder: Folders = None,
) -> None:
    """Run the trials of a study that are not done yet; what a killed run did is kept."""
    from rich.console import Console

    from fusion.backbones.quiet import load_keras

    load_keras()
    from fusion.cli.bars import bars
    from fusion.cli.trials import run_trials
    from fusion.execution.running import prepare
    from fusion.study.results import load_results

    where = _where(executor, address)
    prepared = prepare(file, data, folders=folder or ())
    with bars(Console(stderr=True)) as progress:
        run_trials(prepared, out, progress, workers=workers, max_seconds=max_seconds, executor=where)
    _print_status(load_results(out), out)


@study.command()
def status(folder: RunFolder) -> None:
    """Say how far a study is, also while it runs."""
    from fusion.study.results import load_results

    _print_status(load_results(folder), folder)


@study.command()
def export(
    folder: RunFolder,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A file to write, .csv or .json.", dir_okay=False)
    ] = None,
    mlflow: Annotated[
        bool,
        typer.Option("--mlflow", help="Log each trial as a run of MLflow, where MLFLOW_TRACKING_URI says."),
    ] = False,
    charts: Annotated[
        Path | None,
        typer.Option("--charts", help="Folder for the metric by layer and against operations, SVG and PNG."),
    ] = None,
) -> None:
    """Write a row for each trial as CSV, or all that is known of them as JSON, as the suffix says; draw them; log them in MLflow."""
    from fusion.report.charts import run_charts, write_charts
    from fusion.study.results import load_results
    from fusion.study.tracking import log_to_mlflow

    if out is None and charts is None and not mlflow:
        raise StudyError("Say where results go: -o FILE.csv, -o FILE.json, --charts FOLDER or --mlflow.")
    found = load_results(folder)
    if out is not None:
        _write_rows(found, out)
    if charts is not None:
        names = write_charts(run_charts(folder), charts)
        typer.echo(f"{charts}: {', '.join(names) or 'nothing to draw yet'}")
    if mlflow:
        count = log_to_mlflow(found)
        typer.echo(f"MLflow, experiment {found.study.name}: {counted(count, 'new run')}")


def _write_rows(found: "Results", out: Path) -> None:
    from fusion.files import replacing
    from fusion.study.results import to_csv

    if out.suffix not in {".csv", ".json"}:
        raise StudyError(f"Results are written as .csv or .json, got {out.name!r}.")
    every = [
        asdict(record) | ({"stopped": found.stopped[record.arm].seeds} if record.arm in found.stopped else {})
        for record in found.records
    ]
    text = json.dumps(every, indent=1, ensure_ascii=False) + "\n"
    with replacing(out) as part:
        part.write_text(
            to_csv(found.records, found.stopped) if out.suffix == ".csv" else text, encoding="utf-8"
        )
    typer.echo(f"{out}: {counted(len(found.records), 'trial')}")


def _where(executor: str, address: str | None) -> "Executor":
    from fusion.execution.clusters import Cluster

    for name in ("local", "ray"):
        if executor == name and not address:
            return name
    if executor != "ray":
        hint = (
            "There is no executor"
            if executor != "local"
            else "An address is one of a Ray cluster, not of executor"
        )
        raise typer.BadParameter(f"{hint} {executor!r}. Executors: local, ray.")
    return Cluster(address)


def _print_plan(found: "StudyPlan", *, reference: str) -> None:
    from rich.markup import escape

    from fusion.cli.tables import show, table
    from fusion.statistics.prospects import in_words

    rows = table("arm", "params", "compute", "epochs", "stored", "a trial")
    for arm in found.arms:
        rows.add_row(
            escape(arm.arm),
            amount(arm.params),
            work(arm.flops),
            f"{arm.epochs} after {arm.before}" if arm.before else str(arm.epochs),
            memory(arm.stored_bytes),
            duration(arm.seconds),
            style="bold" if arm.arm == reference else "",
        )
    show(rows)
    for name, same in found.repeated.items():
        typer.echo(f"left out: {name}, which means the same as {same}")
    typer.echo(
        f"{counted(found.trials, 'trial')}, {duration(found.seconds)} one after the other by what this machine does in a "
        f"second, without validation, building and compiling; at most {memory(found.stored_bytes)} stored"
    )
    typer.echo(in_words(found.prospect))


def _print_status(found: "Results", folder: Path) -> None:
    from rich.markup import escape

    from fusion.cli.tables import show, table

    of = Counter(trial.arm for trial in found.trials)
    rows = table("arm", "done", "failed", "of", f"mean {found.study.metric or 'metric'}", "seconds")
    for arm, count in of.items():
        done = [record for record in found.done if record.arm == arm]
        values = [record.value for record in done if record.value is not None]
        failed = sum(record.arm == arm for record in found.failed)
        mean = f"{sum(values) / len(values):.4f}" if values else ""
        spent = f"{sum(record.seconds for record in done):.0f}"
        rows.add_row(escape(arm), str(len(done)), str(failed or ""), str(count), mean, spent)
    show(rows)
    for record in found.failed[:5]:
        typer.echo(f"failed: {record.arm}, seed {record.seed}: {record.error}")
    for arm, stop in found.stopped.items():
        typer.echo(f"stopped: {arm}, after {counted(stop.seeds, 'seed')}: {stop.beaten_by} is better")
    spared = f"; the race spared {found.saved}" if found.stopped else ""
    left = counted(found.waiting, "trial")
    every = len(found.trials) - found.saved
    typer.echo(
        f"{folder}: {left} left{spared}" if found.waiting else f"{folder}: all {every} trials ran{spared}"
    )
