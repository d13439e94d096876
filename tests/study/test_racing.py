import dataclasses
import json
import random

import pytest

from fusion.errors import RecipeError
from fusion.recipe.writing import to_json
from fusion.report.pareto import priced
from fusion.report.rows import arms_table
from fusion.statistics.prospects import prospect
from fusion.study.claims import compare
from fusion.study.declaration import Racing, load_study
from fusion.study.racing import Stop, rungs_of, stops
from fusion.study.records import STUDY, write_list, write_record
from fusion.study.results import load_results, rows, to_csv
from fusion.study.union import united
from fusion.study.variants import variants
from fusion.study.verdicts import verdict

NOISE = (0.00, 0.01, -0.01, 0.015, -0.005, 0.005, -0.015, 0.01)
ARMS = {"base": 0.0, "good": 0.2, "as good": 0.2, "bad": -0.6}


@pytest.fixture
def raced(study, record_of, listed_of):
    """A study with a race, its trials, and the records of those that the race has run."""
    declared = study.replaced(seeds=8, racing={"rungs": [3, 5]})
    records = [
        record_of(
            100 * seed + number,
            arm,
            seed,
            value=0.7 + gap + NOISE[(seed * (number + 1)) % 8],
            epochs=3,
            converged=True,
            examples="all",
            sizes={"train": 80, "test": 20},
        )
        for seed in range(8)
        for number, (arm, gap) in enumerate(ARMS.items())
    ]
    trials = [listed_of(record) for record in records]
    return declared, trials, [record for record in records if record.arm != "bad" or record.seed < 3]


@pytest.fixture
def results(raced, tmp_path):
    declared, trials, records = raced
    for record in records:
        write_record(record, tmp_path / "run")
    write_list(trials, tmp_path / "run")
    (tmp_path / "run" / STUDY).write_text(to_json(declared))
    return load_results(tmp_path / "run")


def test_an_arm_that_is_surely_worse_is_stopped_and_the_others_run_on(raced):
    declared, _, records = raced

    found = stops(declared, list(ARMS), records, better="higher")

    assert found.keys() == {"bad"}
    assert found["bad"].seeds == 3
    assert found["bad"].beaten_by in {"good", "as good"}


def test_a_race_follows_from_the_records_whatever_their_order_and_whatever_came_later(raced):
    declared, _, records = raced
    mixed = random.Random(0).sample(records, len(records))
    early = [record for record in records if record.seed < 3]

    assert stops(declared, list(ARMS), mixed, better="higher") == stops(
        declared, list(ARMS), early, better="higher"
    )


def test_the_reference_is_never_stopped_and_no_arm_before_its_rung(raced):
    declared, _, records = raced
    lower = stops(declared, list(ARMS), records, better="lower")
    assert lower.keys() == {"good", "as good"}
    assert stops(declared.replaced(reference="good"), list(ARMS), records, better="lower").keys() == {
        "base",
        "as good",
    }

    assert stops(declared, list(ARMS), [r for r in records if r.seed < 2], better="higher") == {}


def test_arms_that_failed_or_diverged_are_left_out_of_the_rung(raced):
    declared, _, records = raced
    worst = [
        dataclasses.replace(record, status="failed", value=None)
        if record.arm == "bad" and record.seed == 1
        else record
        for record in records
    ]
    wild = [dataclasses.replace(r, value=float("nan")) if r.arm == "bad" else r for r in records]

    assert stops(declared, list(ARMS), worst, better="higher") == {}
    assert stops(declared, list(ARMS), wild, better="higher") == {}


def test_without_a_race_nothing_is_stopped(raced):
    declared, _, records = raced

    assert stops(declared.replaced(racing=None), list(ARMS), records, better="higher") == {}
    assert rungs_of(declared.replaced(racing=None)) == (8,)


def test_a_stopped_arm_is_in_no_interval_and_no_set_of_best_and_said_to_be_stopped(results):
    found = compare(results)

    assert not found.refused
    assert [each.arm for each in found.differences] == ["good", "as good"]
    assert set(found.best.arms) == {"good", "as good"}
    assert "bad" not in found.best.means
    gates = {gate.name: gate.text for gate in found.gates}
    assert "All 27 trials that were needed ran; the race spared 5 of 32 trials" in gates["trials"]
    assert "The race stopped 'bad'" in gates["race"]
    said = {row[0]: row[2] for row in arms_table(found)}
    assert said["bad"] == "stopped after 3 seeds"
    assert "bad" not in {each.name for each in priced(found)}
    assert "may be the best" in verdict(found)


def test_of_a_race_that_stopped_every_other_arm_the_reference_is_said_to_be_left(results):
    left = dataclasses.replace(
        results,
        trials=[trial for trial in results.trials if trial.arm in {"base", "bad"}],
        records=[record for record in results.records if record.arm in {"base", "bad"}],
    )

    found = compare(left)

    assert not found.refused
    assert "Only the reference 'base' is left, over 8 seeds" in verdict(found)
    assert [each.stopped for each in found.arms] == [0, 3]


def test_what_is_significant_counts_the_arms_that_a_race_stopped(results):
    found = compare(results)

    assert [each.p_holm for each in found.differences] == [3 * each.p for each in found.differences]


def test_a_stopped_arm_waits_for_no_trial(results):
    assert (results.waiting, results.saved) == (0, 5)
    assert "stopped" in to_csv(results.records, results.stopped).splitlines()[0]
    assert {row["arm"]: row["stopped"] for row in rows(results.records, results.stopped)}["bad"] == 3


def test_two_runs_keep_their_own_races(results):
    other = dataclasses.replace(
        results, trials=[dataclasses.replace(t, key=f"b{t.key}") for t in results.trials], stopped={}
    )

    both = united(results, other, names=("a", "b"))

    assert both.stopped == {"a/bad": Stop(3, f"a/{results.stopped['bad'].beaten_by}")}


def test_few_seeds_are_refused_for_all_arms_that_began(results):
    few = dataclasses.replace(
        results,
        trials=[trial for trial in results.trials if trial.seed < 6],
        records=[record for record in results.records if record.seed < 6],
    )

    refused = {gate.name: gate.text for gate in compare(few).refused}

    assert prospect(6, 2).needed == prospect(6, 3).needed == 7
    assert "6 seeds cannot make a difference of 3 arms significant" in refused["seeds"]


@pytest.mark.parametrize("rungs", [[1, 3], [3, 3], [5, 3]])
def test_rungs_rise_from_two_on(study, tmp_path, rungs):
    (tmp_path / "s.json").write_text(json.dumps(json.loads(to_json(study)) | {"racing": {"rungs": rungs}}))

    with pytest.raises(RecipeError, match="Rungs are rising numbers of seeds from 2 on"):
        load_study(tmp_path / "s.json")


def test_a_race_is_part_of_the_study_file_only_where_there_is_one(study):
    assert "racing" not in to_json(study)
    assert Racing(rungs=[3]).rungs == (3,)


@pytest.mark.parametrize("rungs", [[3], [5, 8]])
def test_a_race_that_would_begin_when_all_has_run_is_refused(study, rungs):
    declared = study.replaced(racing={"rungs": rungs})

    with pytest.raises(
        RecipeError, match=f"/racing/rungs   No rung is below the 3 seeds .* got {str(rungs)[1:-1]}"
    ):
        variants(declared)
    assert variants(declared.replaced(seeds=rungs[0] + 1))
