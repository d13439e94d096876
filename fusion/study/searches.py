"""Finished trials as the searches of scikit-learn have them, for what reads their `cv_results_`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.recipe.reading import from_data
from fusion.study.records import Record

if TYPE_CHECKING:
    from fusion.study.results import Results

Values = dict[str, Any]
"""What an arm has at the places that a study varies, by place."""


def cv_results(results: "Results") -> dict[str, Any]:
    """Returns the finished trials under the keys that `GridSearchCV` has: an entry for each arm, a split for each seed.

    `params` has the `arm` and, by JSON Pointer, what its recipe says at every place that some arm changes; each is a
    column `param_...` too, masked where an arm's recipe has no such place. Scores of metrics of which less is better are
    negative, as scikit-learn has them. To judge is part of a trial's time, so `mean_score_time` is no number. Times are as
    trials took them: less where one went on with programs of another (`reused`), a share where several trained as one.
    """
    sign = -1.0 if results.better == "lower" else 1.0
    cells = {(record.arm, record.seed): record for record in results.done if record.value is not None}
    arms = list(dict.fromkeys(trial.arm for trial in results.trials))
    seeds = list(dict.fromkeys(trial.seed for trial in results.trials))
    scores = np.array([[_score(cells, arm, seed, sign) for seed in seeds] for arm in arms])
    times = [[cells[arm, seed].seconds for seed in seeds if (arm, seed) in cells] for arm in arms]
    params = _params(results, arms)
    means = scores.mean(axis=1)
    known = np.where(np.isnan(means), -np.inf, means)
    unknown = np.full(len(arms), np.nan)
    return {
        "mean_fit_time": np.array([np.mean(each) if each else np.nan for each in times]),
        "std_fit_time": np.array([np.std(each) if each else np.nan for each in times]),
        "mean_score_time": unknown,
        "std_score_time": unknown.copy(),
        **{f"param_{name}": _column(params, name) for name in dict.fromkeys(n for p in params for n in p)},
        "params": params,
        **{f"split{number}_test_score": scores[:, number] for number in range(len(seeds))},
        "mean_test_score": means,
        "std_test_score": scores.std(axis=1),
        "rank_test_score": np.array([1 + int((known > value).sum()) for value in known], dtype=np.int32),
    }


def _params(results: "Results", arms: Sequence[str]) -> list[Values]:
    """Returns for each arm its name, and what its recipe says wherever the study varies anything."""
    study = results.study
    changes = (place for arm in study.arms.values() for place in arm.change)
    places = list(dict.fromkeys([*study.axes, *changes]))
    found: list[Values] = []
    for arm in arms:
        recipe = results.recipes.get(arm)
        # Defaults are not written, and are values all the same.
        whole = from_data(recipe).model_dump(mode="json", by_alias=True) if recipe and places else {}
        found.append({"arm": arm} | _there(whole, places))
    return found


def _there(data: Mapping[str, Any], places: Sequence[str]) -> Values:
    """Returns what is written at those of some places that there are."""
    found = {}
    for place in places:
        value: Any = data
        try:
            for part in place.split("/")[1:]:
                key = part.replace("~1", "/").replace("~0", "~")
                value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError):
            continue
        found[place] = value
    return found


def _column(params: Sequence[Values], name: str) -> "np.ma.MaskedArray[Any, Any]":
    values = np.empty(len(params), dtype=object)
    for row, each in enumerate(params):
        # At once an array of lists would become one of more dimensions.
        values[row] = each.get(name)
    return np.ma.MaskedArray(values, mask=[name not in each for each in params])


def _score(cells: Mapping[tuple[str, int], Record], arm: str, seed: int, sign: float) -> float:
    record = cells.get((arm, seed))
    return float("nan") if record is None or record.value is None else sign * record.value
