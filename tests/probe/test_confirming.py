import numpy as np
import pytest

from fusion.errors import StudyError
from fusion.probe.confirming import confirm, said
from fusion.study.declaration import Study
from fusion.study.records import Listed, Record
from fusion.study.results import Results

NAMES = {"base": "eye/a", "best-two": "eye/a + eye/b"}


@pytest.fixture
def results_of(recipe):
    def make(gain, *, seeds=6, lost=0, wrong=(), **fields):
        records = []
        for arm in ("base", "best-two", "as-it-stands"):
            for seed in range(seeds):
                fused = arm == "best-two"
                right = np.arange(100) < 60 + seed + gain * fused
                right[: lost * fused] = False
                value = float(right.mean())
                metrics = {"test": {"accuracy": value}, "validation": {"accuracy": value}}
                given = {
                    "value": value,
                    "metrics": metrics,
                    "correct": "".join("01"[each] for each in right.astype(int)),
                }
                key = f"{len(records):032x}"
                records.append(Record(key=key, arm=arm, seed=seed, status="done", **(given | fields)))
        trials = tuple(Listed(each.key, each.arm, each.seed) for each in records)
        kept = tuple(each for number, each in enumerate(records) if number not in wrong)
        return Results(Study(name="picks", recipe=recipe, seeds=seeds), trials, kept)

    return make


def test_a_steady_gain_is_found_and_said(results_of):
    found = confirm(results_of(20), "accuracy")

    assert (found.winner, found.fused) == ("best-two", "best-two")
    assert found.difference.mean == pytest.approx(0.2)
    assert found.difference.p == 2 / 2**6
    assert "Fusing eye/a + eye/b instead of eye/a alone changes test accuracy by +0.200" in said(found, NAMES)
    assert said(found, NAMES).endswith("): significant.")


def test_what_fusing_costs_is_said_as_well_and_the_best_tap_wins(results_of):
    found = confirm(results_of(-1), "accuracy")

    assert (found.winner, found.fused) == ("base", "best-two")
    assert "by -0.010" in said(found, NAMES)


def test_a_gain_that_other_examples_could_undo_is_not_called_significant(results_of):
    found = confirm(results_of(8, lost=5), "accuracy")

    assert found.samples.low <= 0
    assert "within what other test examples could give" in said(found, NAMES)


def test_no_gain_is_not_significant_and_few_seeds_cannot_be(results_of):
    assert said(confirm(results_of(0), "accuracy"), NAMES).endswith("): not significant.")
    few = said(confirm(results_of(20, seeds=3), "accuracy"), NAMES)
    assert (
        "(over 3 paired seeds, too few for an interval that says anything; 95 % interval over 100 test examples"
        in few
    )
    assert few.endswith("): not significant; with 3 seeds nothing could be.")
    assert "p = " not in few


def test_the_recipe_as_it_stands_is_no_pick(results_of):
    only = results_of(20)
    arms = {"base", "as-it-stands"}
    rest = Results(
        only.study,
        tuple(t for t in only.trials if t.arm in arms),
        tuple(r for r in only.records if r.arm in arms),
    )

    assert "nothing to say about fusing" in said(confirm(rest, "accuracy"), NAMES)


def test_trials_that_are_missing_and_data_without_validation_are_refused(results_of):
    with pytest.raises(StudyError, match="1 trial of 18 told nothing"):
        confirm(results_of(1, wrong=(3,)), "accuracy")
    with pytest.raises(StudyError, match="these data lack one"):
        confirm(results_of(1, metrics={"test": {"accuracy": 0.5}}), "accuracy")
