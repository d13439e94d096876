"""What a study came to so far, as tables: a row a trial, an entry an arm."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fusion.errors import StudyError
from fusion.recipe.head import LOWER_IS_BETTER, METRICS, Task
from fusion.statistics.outcomes import Outcome
from fusion.study.arms import ArmFacts, read_arms
from fusion.study.declaration import BASE, Study, load_study
from fusion.study.racing import Stop, stops
from fusion.study.records import STUDY, Listed, Record, read_list, read_records, renamed
from fusion.study.searches import cv_results
from fusion.wording import table_cell

if TYPE_CHECKING:
    import pandas as pd

LEFT_OUT = ("losses", "correct", "metrics", "versions", "sizes", "inputs")
"""Fields of a record that no cell of a table holds."""


@dataclass(frozen=True, slots=True)
class Results:
    """The records of a study, and the trials it is made of.

    Args:
        study: What was declared.
        trials: All it is made of, in order.
        records: Of those that ran, in that order.
        stopped: Arms that a race stopped, which need no further trial.
        task: What `base` predicts; `None` where that was not kept.
        repeated: Of two runs as one, arms of the second that are left out, each with the arm of the first that is the same.
        recipes: By arm, its recipe as plain data, as far as that was kept.
    """

    study: Study
    trials: tuple[Listed, ...]
    records: tuple[Record, ...]
    stopped: Mapping[str, Stop] = field(default_factory=dict)
    task: Task | None = None
    repeated: Mapping[str, str] = field(default_factory=dict)
    recipes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def done(self) -> tuple[Record, ...]:
        """The records of trials that came to their end."""
        return tuple(record for record in self.records if record.status == "done")

    @property
    def failed(self) -> tuple[Record, ...]:
        """The records of trials that did not."""
        return tuple(record for record in self.records if record.status == "failed")

    @property
    def waiting(self) -> int:
        """How many trials have not run yet and will."""
        return len(self.trials) - len(self.records) - self.saved

    @property
    def saved(self) -> int:
        """How many trials a race spared."""
        known = {(record.arm, record.seed) for record in self.records}
        return sum(
            trial.arm in self.stopped and (trial.arm, trial.seed) not in known for trial in self.trials
        )

    @property
    def metric(self) -> str:
        """What arms are compared by: what the study names, or the first metric of its task."""
        if self.task is not None:
            return self.study.metric or METRICS[self.task][0]
        metrics = next((record.metrics.get(record.judged_on, {}) for record in self.done), {})
        return self.study.metric or ("mae" if "mae" in metrics else "accuracy")

    @property
    def better(self) -> Literal["higher", "lower"]:
        """Which values of the metric are good."""
        return "lower" if self.metric in LOWER_IS_BETTER else "higher"

    def frame(self) -> "pd.DataFrame":
        """Returns a pandas table with a row for each trial that ran.

        Raises:
            StudyError: If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise StudyError(
                "A frame needs pandas: pip install pandas. Without it fusion.study.results.rows(results.records) gives a "
                "dict for each trial, and `fusion study export` writes them as CSV or JSON."
            ) from None
        return pd.DataFrame(rows(self.records, self.stopped))

    @property
    def cv_results_(self) -> dict[str, Any]:
        """The trials that are done as scikit-learn has them: `fusion.study.searches.cv_results` says which keys there are."""
        return cv_results(self)


def load_results(folder: str | Path) -> Results:
    """Returns what the study in a folder came to so far, also while it runs.

    Raises:
        StudyError: If there is no study, or a file of it is damaged.
        RecipeError: If its declaration is damaged.
    """
    folder = Path(folder)
    trials = read_list(folder)
    by_key = {record.key: record for record in read_records(folder, dict.fromkeys(t.key for t in trials))}
    records = [renamed(by_key[trial.key], trial.arm) for trial in trials if trial.key in by_key]
    known = read_arms(folder)
    recipes = {name: each.recipe for name, each in known.items()}
    found = Results(load_study(folder / STUDY), trials, tuple(records), task=_task(known), recipes=recipes)
    arms = list(dict.fromkeys(trial.arm for trial in trials))
    return replace(found, stopped=stops(found.study, arms, records, better=found.better))


def results_of(source: Results | str | Path) -> Results:
    """Returns results as they are, and those of a run that is named by its folder.

    Raises:
        StudyError: If it is neither, there is no study, or a file of it is damaged.
        RecipeError: If its declaration is damaged.
    """
    if isinstance(source, Results):
        return source
    if not isinstance(source, str | Path):
        raise StudyError(
            f"Compared are Results or the folder of a run, got {type(source).__name__}. "
            "fusion.study.union.united makes one of the results of two runs."
        )
    return load_results(source)


def outcomes(results: Results) -> tuple[Outcome, ...]:
    """Returns the trials that are done as `fusion.statistics` takes them."""
    return tuple(
        Outcome(
            arm=record.arm,
            seed=record.seed,
            split=record.seed,
            value=float("nan") if record.value is None else record.value,
            epochs=record.epochs,
            converged=record.converged,
            selected_on=record.selected_on,  # type: ignore[arg-type]  # written by this package as one of these
            judged_on=record.judged_on,  # type: ignore[arg-type]  # so is this
            examples=record.examples,
            correct=tuple(each == "1" for each in record.correct) or None,
            stopped=record.arm in results.stopped,
        )
        for record in results.done
    )


def rows(records: Sequence[Record], stopped: Mapping[str, Stop] | None = None) -> list[dict[str, Any]]:
    """Returns a flat row for each record; metrics have a column for each split, such as `test_accuracy`.

    Arms that a race stopped have in `stopped` after how many seeds; without a race there is no such column.

    >>> one = Record(key="0a", arm="base", seed=0, status="done", value=0.9, metrics={"test": {"loss": 0.3}})
    >>> row = rows([one])[0]
    >>> row["arm"], row["value"], row["test_loss"]
    ('base', 0.9, 0.3)
    """
    made = []
    for record in records:
        flat = {name: value for name, value in asdict(record).items() if name not in LEFT_OUT}
        metrics = {
            f"{split}_{metric}": value
            for split, values in record.metrics.items()
            for metric, value in values.items()
        }
        if stopped:
            flat["stopped"] = stopped[record.arm].seeds if record.arm in stopped else None
        made.append(flat | metrics)
    return made


def to_csv(records: Sequence[Record], stopped: Mapping[str, Stop] | None = None) -> str:
    r"""Returns the rows as CSV; a cell that a spreadsheet would run is marked as text.

    >>> to_csv([Record(key="0a", arm="=1+1", seed=0, status="failed", error="no")]).splitlines()[1][:10]
    "0a,'=1+1,0"
    """
    table = rows(records, stopped)
    heads = list(dict.fromkeys(name for row in table for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, heads, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows([{name: table_cell(value) for name, value in row.items()} for row in table])
    return text.getvalue()


def _task(arms: Mapping[str, ArmFacts]) -> Task | None:
    base = arms.get(BASE)
    task: Task | None = base.recipe.get("head", {}).get("output", {}).get("task") if base else None
    return task
