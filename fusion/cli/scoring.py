"""The command that scores the taps of a study: score."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.cli.making import Folders, Store
from fusion.cli.studying import DataPath, StudyFile
from fusion.wording import counted, work

if TYPE_CHECKING:
    from fusion.probe.confirming import Confirmed
    from fusion.probe.fusing import Fused
    from fusion.probe.scored import Scored
    from fusion.probe.scoring import PreparedTaps


def score(
    file: StudyFile,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for what is found.")],
    data: DataPath = None,
    test: Annotated[
        bool, typer.Option("--test", help="Ask a ridge probe at each tap about the test split too.")
    ] = False,
    permutations: Annotated[int, typer.Option(min=0, help="Shufflings of each null; 0 for none.")] = 99,
    sets: Annotated[
        int, typer.Option(min=1, help="Sets of taps that are all tried; of more, a beam looks for good ones.")
    ] = 2**14,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Train the recipe's head on the picked sets, with every seed.")
    ] = False,
    store: Store = None,
    folder: Folders = None,
) -> None:
    """Score every tap of a study's backbones, and every set of them, for a small head; trains nothing but with --confirm."""
    from fusion.backbones.quiet import load_keras

    load_keras()
    from fusion.cli.extracting import extracting
    from fusion.probe.fusing import Fusing, fuse_taps, fused_data
    from fusion.probe.probing import check_confirmable
    from fusion.probe.scored import scores_csv, scores_json
    from fusion.probe.scoring import pool_taps, prepare_taps
    from fusion.probe.scoring import score as scored
    from fusion.report.charts import write_charts
    from fusion.report.depths import score_charts
    from fusion.report.scored import Scores
    from fusion.scores.probing import Probing

    prepared = prepare_taps(file, data, folders=folder or ())
    if confirm:
        check_confirmable(prepared)
    with extracting() as watch:
        pooled = pool_taps(prepared, test=test, store=store, watch=watch)
    found = scored(prepared, pooled, Probing(permutations=permutations))
    _write(out, {"scores.json": scores_json(found), "scores.csv": scores_csv(found)})
    _print(found)
    fused = fuse_taps(pooled, Fusing(sets=sets))
    _write(out, {"fusions.json": _json(fused_data(fused)), "values.json": _json(dict(fused.shares))})
    _print_fused(fused)
    told = Scores(tuple(asdict(tap) for tap in found.taps), found.similarity, fused.shares)
    drawn = write_charts(score_charts(told, found.measure), out)
    typer.echo(f"{out}: {', '.join(('scores.json', 'scores.csv', 'fusions.json', 'values.json', *drawn))}")
    if confirm:
        _confirm(prepared, fused, out)


def _confirm(prepared: "PreparedTaps", fused: "Fused", out: Path) -> None:
    """Trains the picks, says what fusing is worth, and writes the winner."""
    from rich.console import Console

    from fusion.backbones.relocation import relocated
    from fusion.checking import resolve
    from fusion.cli.bars import bars
    from fusion.cli.trials import run_trials
    from fusion.probe.confirming import confirm, said
    from fusion.probe.probing import pick, tap_values, winner
    from fusion.recipe.writing import to_json
    from fusion.study.results import load_results

    picked = pick(prepared, fused)
    where = out / "confirmed"
    with bars(Console(stderr=True)) as progress:
        run_trials(picked.trials, where, progress)
    confirmed = confirm(load_results(where), picked.metric)
    best = winner(picked, confirmed)
    values = tap_values(resolve(best, folders=prepared.folders), fused)
    _write(
        out, {"winner.json": to_json(relocated(best, prepared.folders, out)), "values.json": _json(values)}
    )
    _print_confirmed(confirmed, picked.names)
    typer.echo(said(confirmed, picked.names))
    typer.echo(f"{out}: winner.json, cut at {picked.names[confirmed.winner]}, and its values.json")


def _write(out: Path, texts: "Mapping[str, str]") -> None:
    from fusion.files import replacing

    for name, text in texts.items():
        with replacing(out / name) as part:
            part.write_text(text, encoding="utf-8")


def _json(data: object) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _print_fused(fused: "Fused") -> None:
    from rich.markup import escape

    from fusion.cli.tables import show, table

    shares = table("tap", "Shapley share of skill", "kernel weight")
    for tap, share in sorted(fused.shares.items(), key=lambda each: -each[1]):
        shares.add_row(escape(tap), f"{share:.3f}", f"{fused.weights[tap]:.2f}")
    shares.add_section()
    shares.add_row("all taps", f"{fused.every.skill:.3f}", "1.00", style="bold")
    show(shares)
    picks = table("pick", "left-out value", "skill", "taps")
    for name, each in fused.picks.items():
        taps = " + ".join(each.taps) if len(each.taps) < 6 else f"{len(each.taps)} taps"
        picks.add_row(name.replace("-", " "), f"{each.value:.3f}", f"{each.skill:.3f}", escape(taps))
    show(picks)
    typer.echo(fused_in_words(fused))


def fused_in_words(fused: "Fused") -> str:
    """Returns how sets of taps were scored, in a sentence or two."""
    tried = counted(len(fused.fusions.rows), "set")
    how = "all of them" if fused.exact else f"up to {fused.fusions.largest} taps"
    if not fused.fusions.exhaustive:
        how += ", a beam's choice"
    shares = "" if fused.exact else " Shares are estimated from orders of joining; they still add up."
    return (
        f"{tried} of taps, {how}, each feature of a tap standardised, every one of {fused.rows} examples left out "
        f"of a ridge head; skill is the share of squared error taken away.{shares}"
    )


def _print_confirmed(confirmed: "Confirmed", names: "Mapping[str, str]") -> None:
    from rich.markup import escape

    from fusion.cli.tables import show, table

    rows = table("trained", f"mean test {confirmed.metric}", "taps")
    for arm, mean in confirmed.means.items():
        called = "best tap" if arm == "base" else arm.replace("-", " ")
        rows.add_row(
            called, f"{mean:.4f}", escape(names[arm]), style="bold" if arm == confirmed.winner else ""
        )
    show(rows)


def _print(found: "Scored") -> None:
    from rich.markup import escape

    from fusion.cli.tables import show, table

    tested = found.judged == "test"
    rows = table(
        "tap",
        "depth",
        "width",
        "compute",
        "ridge",
        "knn",
        "LogME",
        "H-score",
        "p",
        *(["test"] if tested else []),
    )
    for tap in found.taps:
        rows.add_row(
            escape(tap.tap),
            f"{tap.depth:.2f}",
            str(tap.width),
            work(tap.flops),
            f"{tap.ridge:.3f}",
            f"{tap.knn:.3f}",
            f"{tap.logme:.3f}",
            f"{tap.hscore:.3f}",
            "" if tap.p is None else f"{tap.p:.2f}",
            *([] if tap.test is None else [f"{tap.test:.3f}"]),
            style="bold" if tap is found.best else "",
        )
    show(rows)
    agreement = table(f"against {found.judged}", "rank correlation", "regret")
    for row in found.agreement:
        agreement.add_row(row.score, "" if row.tau is None else f"{row.tau:.2f}", f"{row.regret:.3f}")
    show(agreement)
    typer.echo(in_words(found))


def in_words(found: "Scored") -> str:
    """Returns what the numbers of a table are, in a sentence or two."""
    of = counted(found.rows, "example") + (
        f" of {found.examples}, drawn evenly," if found.rows < found.examples else ""
    )
    said = f"{found.measure.capitalize()} of ridge and of neighbours on {of} of {' and '.join(found.splits)}, each left out in turn"
    nulls = (
        f"; p for {counted(len(found.taps), 'tap')} together, {found.permutations} permutations"
        if found.permutations
        else ""
    )
    return f"{said}{nulls}.{_without_skill(found)}"


def _without_skill(found: "Scored") -> str:
    """Returns how to read ridge scores below that of a constant answer, where there are any."""
    below = sum(tap.ridge < found.blind for tap in found.taps)
    if not below:
        return ""
    why = "" if found.measure == "skill" else ", as the example left out makes its own class the rarer"
    return (
        f" By ridge {counted(below, 'tap')} {'is' if below == 1 else 'are'} below {found.blind:.3f}, what one answer for all "
        f"is worth: that is little skill or none, not less{why}."
    )
