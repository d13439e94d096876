import dataclasses

import numpy as np
import pytest

from fusion.errors import DataError, StudyError
from fusion.report.pareto import priced
from fusion.report.rows import arms_table, gates_table, numbers_table
from fusion.study.claims import compare
from fusion.study.results import Results, load_results
from fusion.study.union import united
from fusion.study.verdicts import claim, verdict

SEEDS = range(8)
EXAMPLES = 40


@pytest.fixture
def results_of(study, record_of, listed_of):
    """Results of arms by how far each lies above the base, with what is changed in some records."""

    def make(gaps, changes=None, **fields):
        noise = np.random.default_rng(0).normal(0, 0.01, (len(SEEDS), len(gaps)))
        records = []
        for seed in SEEDS:
            for number, (arm, gap) in enumerate(gaps.items()):
                given = {
                    "value": 0.5 + gap + noise[seed, number],
                    "epochs": 3,
                    "converged": True,
                    "examples": "all",
                    "data": f"{seed}",
                    "sizes": {"train": 80, "test": EXAMPLES},
                    "correct": "10" * (EXAMPLES // 2),
                    "flops": 100 - number,
                }
                given |= fields | (changes or {}).get((arm, seed), {})
                records.append(record_of(100 * seed + number, arm, seed, **given))
        return Results(study.replaced(seeds=len(SEEDS)), tuple(map(listed_of, records)), tuple(records))

    return make


def refused(results):
    return {gate.name: gate.text for gate in compare(results).refused}


def test_a_sound_study_claims_what_is_better_and_names_the_cheapest_of_the_best(results_of):
    found = compare(results_of({"base": 0.0, "good": 0.2, "as good": 0.2, "same": 0.0}))

    assert not found.refused
    assert [claim(found, each) for each in found.differences] == ["better", "better", "not told apart"]
    assert set(found.best.arms) == {"good", "as good"}
    assert found.cheapest == "as good"
    assert "2 arms of 4 may be the best" in verdict(found)
    assert "cheapest of them in flops is 'as good'" in verdict(found)
    assert found.samples[0].examples == EXAMPLES
    assert found.optimism < 0.01


def test_arms_that_cost_the_same_are_told_to_tie(results_of):
    same = {("good", seed): {"flops": 98} for seed in SEEDS}

    found = compare(results_of({"base": 0.0, "good": 0.2, "as good": 0.2}, same))
    assert found.cheapest in {"good", "as good"}
    assert "cheapest of them in flops is a tie of 'good', 'as good'" in verdict(found).replace(
        "'as good', 'good'", "'good', 'as good'"
    )


def test_where_predictions_cost_the_same_the_cheapest_is_what_trains_least(results_of):
    sizes = {("as good", seed): {"trainable": 5} for seed in SEEDS}
    results = results_of({"base": 0.0, "good": 0.2, "as good": 0.2}, sizes, flops=98, trainable=50)

    found = compare(results)

    assert (found.by, found.cheapest) == ("trainable", "as good")
    assert "cheapest of them in weights that train is 'as good'" in verdict(found)
    assert compare(results, by="flops").by == "flops"


def test_no_arm_is_the_cheapest_where_what_one_computes_is_not_known(results_of):
    unknown = {("good", seed): {"flops": None} for seed in SEEDS}

    results = results_of({"base": 0.0, "good": 0.2, "as good": 0.2}, unknown, params=5)

    assert (compare(results).by, compare(results).cheapest is None) == ("trainable", False)
    found = compare(results, by="flops")
    assert found.cheapest is None
    assert (
        "the cheapest of them in flops is not known, for 'good' has layers whose operations nobody counts"
        in verdict(found)
    )
    assert compare(results, by="params").cheapest is not None
    assert [each.name for each in priced(found)] == ["base", "as good"]
    assert "FLOP not known" in arms_table(found)[2]
    assert "None" not in numbers_table(found)[2]


def test_seconds_of_trials_that_ran_with_others_and_alone_are_not_compared(results_of):
    some = {("good", seed): {"together": 4} for seed in SEEDS[1:]}

    with pytest.raises(StudyError, match=r"not compared by seconds: trials trained 1, 4 at once"):
        compare(results_of({"base": 0.0, "good": 0.2}, some), by="seconds")
    assert compare(results_of({"base": 0.0, "good": 0.2}, some)).cheapest == "good"
    assert compare(results_of({"base": 0.0, "good": 0.2}, together=4), by="seconds").by == "seconds"


def test_seconds_of_an_arm_are_those_of_trials_that_made_their_programs(results_of):
    took = {
        (arm, seed): {"seconds": 2.0, "reused": True} if seed else {"seconds": cost}
        for arm, cost in (("base", 9.0), ("good", 5.0))
        for seed in SEEDS
    }

    found = compare(results_of({"base": 0.0, "good": 0.2}, took), by="seconds")

    assert [each.seconds for each in found.arms] == [9.0, 5.0]


def test_seconds_of_an_arm_that_made_no_programs_are_not_compared(results_of):
    gone_on = {("good", seed): {"reused": True} for seed in SEEDS}

    with pytest.raises(StudyError, match="every trial of 'good' went on with the programs of another"):
        compare(results_of({"base": 0.0, "good": 0.2}, gone_on), by="seconds")


def test_of_a_loss_the_lower_is_better(results_of, study):
    results = results_of({"base": 0.0, "low": -0.2})

    found = compare(dataclasses.replace(results, study=results.study.replaced(metric="loss")))

    assert claim(found, found.differences[0]) == "better"
    assert verdict(found).startswith("'low' is the best of 2 arms by loss")


def test_what_did_not_run_in_every_seed_is_shown_and_refused(results_of):
    whole = results_of({"base": 0.0, "good": 0.2})
    broken = dataclasses.replace(whole, records=whole.records[:-1])

    found = compare(broken)

    assert set(refused(broken)) == {"trials", "pairs"}
    assert "1 trial did not run" in refused(broken)["trials"]
    assert found.differences[0].blocks == 7
    assert claim(found, found.differences[0]) == "not claimed"
    assert verdict(found) == "Nothing is claimed: 2 gates refuse it (trials, pairs)."


def test_arms_that_failed_everywhere_are_missed(results_of):
    gone = {("good", seed): {"status": "failed", "value": None} for seed in SEEDS}

    assert "8 failed" in refused(results_of({"base": 0.0, "good": 0.2, "third": 0.1}, gone))["trials"]


def test_an_arm_that_diverged_is_refused_and_in_no_interval(results_of):
    found = results_of({"base": 0.0, "wild": 0.2, "good": 0.1}, {("wild", 3): {"value": float("nan")}})

    assert "'wild': training diverged" in refused(found)["numbers"]
    assert [each.arm for each in compare(found).differences] == ["good"]


def test_unequal_budgets_and_unconverged_runs_and_choice_on_test_are_refused(results_of):
    changes = {("good", 2): {"epochs": 9, "converged": False, "selected_on": "test"}}

    assert set(refused(results_of({"base": 0.0, "good": 0.2}, changes))) == {
        "budget",
        "convergence",
        "selection",
    }


def test_too_few_seeds_are_refused(results_of):
    whole = results_of({"base": 0.0, "good": 0.2})
    few = dataclasses.replace(whole, trials=whole.trials[:6], records=whole.records[:6])

    assert "Run 6 seeds or more" in refused(few)["seeds"]
    assert compare(few).differences[0].blocks == 3


def test_one_seed_gives_no_difference_at_all(results_of):
    whole = results_of({"base": 0.0, "good": 0.2})
    one = dataclasses.replace(whole, trials=whole.trials[:2], records=whole.records[:2])

    found = compare(one)

    assert found.differences == ()
    assert found.best is None
    assert "seeds" in {gate.name for gate in found.refused}


def test_of_a_study_with_one_arm_it_is_said_that_the_reference_alone_is_left(results_of):
    found = compare(results_of({"base": 0.0}))

    assert not found.refused
    assert (found.differences, found.blocks) == ((), 8)
    assert verdict(found) == "Only the reference 'base' is left, over 8 seeds: no arm is compared with it."


def test_splits_drawn_anew_widen_the_intervals(results_of):
    anew = {(arm, seed): {"examples": f"of {seed}"} for arm in ("base", "good") for seed in SEEDS}

    fixed = compare(results_of({"base": 0.0, "good": 0.2}))
    found = compare(results_of({"base": 0.0, "good": 0.2}, anew))

    assert found.overlap == 0.5
    assert "it may be too small" in verdict(found)
    assert "error rate" not in verdict(found)
    assert not found.refused
    widths = [each.differences[0].high - each.differences[0].low for each in (fixed, found)]
    assert widths[1] / widths[0] == pytest.approx(((1 / 8 + 0.5) / (1 / 8)) ** 0.5)
    assert "judged on different examples" in found.why_no_samples


def test_of_data_of_each_seed_of_its_own_it_is_said_that_shared_examples_are_not_known_of(results_of):
    anew = {(arm, seed): {"examples": f"of {seed}"} for arm in ("base", "good") for seed in SEEDS}
    results = results_of({"base": 0.0, "good": 0.2}, anew)

    found = compare(dataclasses.replace(results, study=results.study.replaced(data="halves/{seed}.npz")))

    assert found.overlap == 0.0
    assert verdict(found).endswith("with an error rate of 0.05, if the data of seeds share no examples.")
    fixed = compare(results_of({"base": 0.0, "good": 0.2}))
    assert found.differences == fixed.differences
    (gate,) = (each for each in found.gates if each.name == "splits")
    assert "Whether they share examples was not looked into" in gate.text
    assert gates_table(found)[-1][:2] == ("splits", "not known")
    assert not found.refused


def test_splits_of_an_unknown_size_are_refused(results_of):
    anew = {(arm, seed): {"examples": f"of {seed}"} for arm in ("base", "good") for seed in SEEDS}

    assert "do not say how many" in refused(results_of({"base": 0.0, "good": 0.2}, anew, sizes={}))["splits"]


def test_without_the_reference_there_is_nothing_to_say(results_of):
    with pytest.raises(DataError, match="No trial is of the reference 'base'"):
        compare(results_of({"good": 0.2}))


def test_before_any_trial_is_done_nothing_is_claimed(results_of):
    whole = results_of({"base": 0.0, "good": 0.2})

    found = compare(dataclasses.replace(whole, records=()))

    assert "Of 16 trials 16 trials did not run" in found.refused[0].text
    assert "Nothing is claimed" in verdict(found)


@pytest.fixture
def two_runs(results_of):
    first, second = results_of({"base": 0.0, "good": 0.2}), results_of({"base": 0.0, "other": 0.3})
    changed = [dataclasses.replace(each, key=f"b{each.key}") for each in second.records]
    listed = [dataclasses.replace(each, key=f"b{each.key}") for each in second.trials]
    return first, dataclasses.replace(second, trials=tuple(listed), records=tuple(changed))


def test_arms_of_two_runs_are_paired_by_seed(two_runs):
    found = compare(united(*two_runs, names=("a", "b")))

    assert not found.refused
    assert [each.arm for each in found.arms] == ["a/base", "a/good", "b/base", "b/other"]
    assert found.reference == "a/base"
    assert found.best.arms == ("b/other",)


def arms(*several):
    return [each.arm for each in compare(united(*several, names=("a", "b"))).arms]


def test_an_arm_that_the_first_run_has_done_counts_once(results_of):
    one = results_of({"base": 0.0, "good": 0.2})
    fewer = dataclasses.replace(one, trials=one.trials[:8], records=one.records[:8])

    assert arms(one, one) == arms(one, fewer) == ["a/base", "a/good"]
    assert united(one, fewer, names=("a", "b")).repeated == {"b/base": "a/base", "b/good": "a/good"}


def test_an_arm_of_which_the_first_run_lacks_a_trial_is_there_with_all_seeds_of_the_second(results_of):
    one = results_of({"base": 0.0, "good": 0.2})
    fewer = dataclasses.replace(one, trials=one.trials[:8], records=one.records[:8])
    failed = [
        dataclasses.replace(each, status="failed", value=None) if each.arm == "good" else each
        for each in one.records
    ]

    both = compare(united(fewer, one, names=("a", "b"))).arms

    assert {each.arm: each.seeds for each in both} == {"a/base": 4, "a/good": 4, "b/base": 8, "b/good": 8}
    assert arms(dataclasses.replace(one, records=tuple(failed)), one) == ["a/base", "b/good"]


def test_runs_on_different_data_are_refused(two_runs):
    first, second = two_runs
    moved = [dataclasses.replace(each, data=f"other {each.seed}") for each in second.records]

    found = refused(united(first, dataclasses.replace(second, records=tuple(moved)), names=("a", "b")))

    assert "given different data: seed 0, seed 1, seed 2, seed 3 and 4 more" in found["data"]


def test_runs_with_one_name_or_different_metrics_are_refused(two_runs):
    first, second = two_runs
    with pytest.raises(StudyError, match="Both runs are called 'a'"):
        united(first, second, names=("a", "a"))
    other = dataclasses.replace(second, study=second.study.replaced(metric="loss"))
    with pytest.raises(StudyError, match="a compares by accuracy and b by loss"):
        united(first, other, names=("a", "b"))


def test_arms_that_read_other_inputs_of_the_same_rows_are_paired_and_others_are_not(results_of):
    whole = results_of({"base": 0.0, "bare": 0.1})
    read = {"base": {"photo": "1", "facts": "2"}, "bare": {"photo": "1"}}
    records = tuple(dataclasses.replace(each, inputs=read[each.arm]) for each in whole.records)
    moved = tuple(dataclasses.replace(each, inputs={"photo": each.arm}) for each in whole.records)

    assert "data" not in refused(dataclasses.replace(whole, records=records))
    assert "given different data" in refused(dataclasses.replace(whole, records=moved))["data"]


def test_a_run_is_compared_by_its_folder_too(write_run):
    folder = write_run(base=0.0, good=0.2)

    assert compare(folder) == compare(str(folder)) == compare(load_results(folder))


def test_what_cannot_be_compared_is_refused_in_words(results_of):
    with pytest.raises(StudyError, match="Results or the folder of a run, got list"):
        compare([])
    with pytest.raises(
        StudyError, match=r"no cost 'flop'\. Did you mean 'flops'\? .*: flops, params, trainable, seconds"
    ):
        compare(results_of({"base": 0.0, "good": 0.2}), by="flop")
