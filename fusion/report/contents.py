"""The parts of a report in their order: what stands under each head, before it is a page or a text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fusion.checking import draw
from fusion.errors import FusionError, listed
from fusion.recipe.reading import from_data
from fusion.report.curves import Curve, curves, layers
from fusion.report.forest import forest
from fusion.report.pareto import pareto, priced
from fusion.report.rows import Table, arms_table, gates_table, samples_table
from fusion.report.scored import Scores, against, likeness, measured, read_scores, shapley
from fusion.study.arms import ArmFacts, read_arms
from fusion.study.claims import Comparison, compare
from fusion.study.records import STUDY
from fusion.study.results import Results
from fusion.study.trials import digest_of
from fusion.study.verdicts import IN_WORDS, verdict
from fusion.wording import counted


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report.

    Args:
        title: Its head.
        lines: Sentences below it.
        table: Cells, the heads first; empty for none.
        charts: Names of files without suffix, and their SVG.
    """

    title: str
    lines: tuple[str, ...] = ()
    table: Table = ()
    charts: tuple[tuple[str, str], ...] = ()


def sections(results: Results, folder: Path) -> tuple[Section, ...]:
    """Returns the parts of the report on a run; a part with nothing to show is left out, but for what must be said.

    Args:
        results: What the run came to.
        folder: Its folder, where its arms and, after `fusion study score`, its scores are.

    Raises:
        DataError: If no trial of the reference is done.
        StudyError: If a file of the run is damaged.
    """
    found, facts, scores = compare(results), read_arms(folder), read_scores(folder)
    drawn = curves(facts)
    made = (
        Section("Verdict", (verdict(found), *_beside(found))),
        Section("What may be claimed", table=gates_table(found)),
        Section("Arms", _arm_lines(found), arms_table(found)),
        Section("By layer", _layer_lines(found), charts=(("layers", layers(found, drawn)),)),
        Section("Differences", charts=(("forest", forest(found)),)),
        _other_examples(found),
        Section(
            "What accuracy costs",
            charts=(("pareto", pareto(priced(found), found.metric, better=found.better, by=found.by)),),
        ),
        _foretold(found, scores, measured(found, drawn)),
        _architecture(found, facts, drawn),
        _provenance(results, folder),
    )
    kept = (_without_empty(each) for each in made)
    return tuple(
        each for each in kept if each.table or each.charts or each.title in {"Verdict", "Architecture"}
    )


def _without_empty(section: Section) -> Section:
    charts = tuple((name, chart) for name, chart in section.charts if chart)
    return Section(section.title, section.lines, section.table, charts)


def _beside(found: Comparison) -> tuple[str, ...]:
    lines = []
    if found.refused:
        lines.append("What follows is what was measured; it must not be read as a result.")
    if found.best and found.refused:
        best = listed(map(repr, found.best.arms), limit=6)
        cheap = f"its cheapest in {IN_WORDS[found.by]} {found.cheapest_words}"
        lines.append(f"The set of best would be {best}; {cheap}.")
    if found.optimism is not None:
        lines.append(
            f"The highest mean is expected to be {found.optimism:.4f} too good, having been chosen by it (winner's curse)."
        )
    return tuple(lines)


def _arm_lines(found: Comparison) -> tuple[str, ...]:
    said = f"Differences are {found.metric} of an arm minus that of {found.reference}, seed by seed; {found.better} is better."
    intervals = "Each interval is for its own arm; Holm's p holds for all together."
    return (said, intervals)


def _layer_lines(found: Comparison) -> tuple[str, ...]:
    return (
        f"Each point is an arm against {found.reference}, pair by pair; lines without points are controls.",
    )


def _other_examples(found: Comparison) -> Section:
    said = (
        "The same trained models on other test examples: a paired bootstrap, apart from the spread of seeds."
    )
    return Section("Other test examples", (said,), samples_table(found) if found.samples else ())


def _foretold(found: Comparison, scores: Scores | None, taps: Mapping[str, float]) -> Section:
    if scores is None:
        return Section("Scores")
    names = [
        name for name in ("depth", "width", "ridge", "knn", "logme", "hscore", "p") if name in scores.taps[0]
    ]
    rows = [
        (
            each["tap"],
            *("" if each.get(name) is None else f"{each[name]:.4g}" for name in names),
            f"{taps[each['tap']]:.4f}" if each["tap"] in taps else "",
        )
        for each in scores.taps
    ]
    charts = (
        ("scores", against(scores, found, taps)),
        ("likeness", likeness(scores)),
        ("shares", shapley(scores)),
    )
    said = "Scores tell where to tap for a small head; they do not tell where to cut and retrain."
    return Section("Scores", (said,), (("tap", *names, f"measured {found.metric}"), *rows), charts)


def _architecture(found: Comparison, facts: Mapping[str, ArmFacts], drawn: Sequence[Curve]) -> Section:
    name = found.cheapest or found.reference
    shown, values = name, {}
    if drawn:
        taps = {place.tap: arm for place, arm in drawn[0].points}
        means = {each.arm: each.mean for each in found.whole_arms}
        values = {tap: means[arm] for tap, arm in taps.items() if arm in means}
        # All layers are in every arm of a study of cuts, else in that which is cut last.
        is_whole = name in taps.values() and name in facts and bool(facts[name].kind)
        shown = name if is_whole else drawn[0].points[-1][1]
    if shown not in facts:
        return Section("Architecture", ("Which recipes the arms are was not kept in this run.",))
    said = f"The recipe of {shown}" + (
        f"; layers are coloured by {found.metric} of the arm cut there" if values else ""
    )
    try:
        recipe = from_data(dict(facts[shown].recipe))
        level = "layer" if values else "branch"
        picture = draw(recipe, level=level, values=values or None, values_name=found.metric).svg()
    except FusionError as error:
        return Section("Architecture", (f"The recipe of {shown} cannot be drawn here: {error}",))
    return Section("Architecture", (f"{said}.",), charts=(("architecture", picture),))


def _provenance(results: Results, folder: Path) -> Section:
    done = results.done
    versions = {name: version for record in done for name, version in record.versions.items()}
    machines = Counter(record.machine for record in done if record.machine)
    shared = sum(record.together > 1 for record in done)
    apart = (
        f"; {counted(shared, 'trial')} trained with others at once: a share each of the time"
        if shared
        else ""
    )
    rows = [
        ("study", results.study.name),
        ("declaration", digest_of((folder / STUDY).read_text(encoding="utf-8"))),
        ("trials", f"{len(done)} done, {len(results.failed)} failed, {results.waiting} waiting"),
        ("keys of trials", digest_of([trial.key for trial in results.trials])),
        ("data", digest_of(sorted({record.data for record in done}))),
        ("seeds", ", ".join(map(str, results.study.numbers))),
        ("time", f"{sum(record.seconds for record in done):.0f} s, all trials together{apart}"),
        *(("machine", f"{name}: {counted(count, 'trial')}") for name, count in machines.items()),
        *((name, version) for name, version in sorted(versions.items())),
    ]
    return Section("Provenance", table=(("", ""), *rows))
