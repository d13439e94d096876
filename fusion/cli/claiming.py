"""Commands that say what a study shows, and refuse what may not be claimed with exit code 3."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.cli.describing import AsJson
from fusion.wording import amount, work

if TYPE_CHECKING:
    from fusion.study.claims import Comparison, Cost
    from fusion.study.results import Results

REFUSED = 3
"""Exit code where a gate refuses what would be claimed."""

Runs = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN [RUN]", help="The folder of a study, or of two whose arms are paired by seed."
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        help="What the cheapest arm is cheapest in: flops, params, trainable or seconds; flops, or trainable where that "
        "is the same in all or not known of one, if it is not said.",
    ),
]


def compare(
    runs: Runs,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Say how arms differ from the reference, and what may be claimed; where nothing may, with exit code 3."""
    from fusion.study.claims import compare as compared

    results = _loaded(runs)
    found = compared(results, by=None if by is None else _cost(by))
    if as_json:
        typer.echo(json.dumps({**asdict(found), "repeated": dict(results.repeated)}, indent=1))
    else:
        _print(found)
        for arm, same in results.repeated.items():
            typer.echo(f"left out: {arm}, the same trials as {same}")
    if found.refused:
        raise typer.Exit(REFUSED)


def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a study that runs or ran.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the report.")],
) -> None:
    """Write what a study shows as one page of HTML, and the same as Markdown, CSV, JSON and SVG."""
    from fusion.report.writing import write_report

    files = write_report(folder, out)
    typer.echo(f"{files[0]}, and beside it {', '.join(path.name for path in files[1:])}")


def _loaded(runs: list[Path]) -> "Results":
    from fusion.study.results import load_results
    from fusion.study.union import united

    if len(runs) > 2:
        raise typer.BadParameter(f"One run or two are compared, got {len(runs)}.")
    found = [load_results(folder) for folder in runs]
    if len(found) == 1:
        return found[0]
    first, second = (folder.resolve() for folder in runs)
    if first == second:
        raise typer.BadParameter(
            f"{runs[0]} and {runs[1]} are the same folder. Name it once, or another beside it."
        )
    alike = first.name == second.name
    names = (str(runs[0]), str(runs[1])) if alike else (first.name, second.name)
    return united(found[0], found[1], names=names)


def _cost(by: str) -> "Cost":
    from typing import get_args

    from fusion.errors import listed, near
    from fusion.study.claims import Cost

    known: tuple[Cost, ...] = get_args(Cost)
    for name in known:
        if by == name:
            return name
    raise typer.BadParameter(f"There is no cost {by!r}.{near(by, known)} Costs: {listed(known)}.")


def _print(found: "Comparison") -> None:
    from rich.markup import escape

    from fusion.cli.tables import show, table
    from fusion.study.verdicts import interval, said_of, verdict

    rows = table(
        "arm",
        found.metric,
        "difference",
        "95 % interval",
        "p",
        "p Holm",
        "seeds",
        "params",
        "compute",
        "claim",
    )
    by_arm = {each.arm: each for each in found.differences}
    best = set(found.best.arms if found.best else ())
    for arm in found.arms:
        row = by_arm.get(arm.arm)
        said = said_of(found, arm)
        cells = (
            (f"{row.mean:+.4f}", interval(found, row), f"{row.p:.3g}", f"{row.p_holm:.3g}")
            if row
            else ("", "", "", "")
        )
        sizes = (str(arm.seeds), amount(arm.params), work(arm.flops))
        name = escape(arm.arm) + (" *" if arm.arm in best and not found.refused else "")
        rows.add_row(name, f"{arm.mean:.4f}", *cells, *sizes, said)
    show(rows)
    for line in _lines(found):
        typer.echo(line)
    for gate in found.gates:
        word = gate.word if gate.passed else "REFUSED"
        typer.echo(f"{word:7} {gate.name}: {gate.text}")
    typer.echo(verdict(found))


def _lines(found: "Comparison") -> list[str]:
    """Returns what is known beside the table: the set of best, other test examples, the winner's curse."""
    from fusion.study.verdicts import IN_WORDS

    lines = []
    if found.best:
        lines.append(
            f"May be the best: {', '.join(found.best.arms)}. Cheapest in {IN_WORDS[found.by]}: {found.cheapest_words}."
        )
    if found.optimism is not None:
        lines.append(
            f"The best mean is expected to be {found.optimism:.4f} too good, having been chosen by it."
        )
    if found.samples:
        lines.append(
            "With other test examples, the same models (95 % intervals; apart from the spread of seeds):"
        )
        lines += [
            f"  {each.arm}: {each.mean:+.4f}, {each.low:+.4f} to {each.high:+.4f}" for each in found.samples
        ]
    elif found.why_no_samples:
        lines.append(f"What other test examples could have given is not known: {found.why_no_samples}")
    return lines
