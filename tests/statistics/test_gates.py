import dataclasses

import pytest

from fusion.errors import DataError
from fusion.statistics.gates import gates, refusals
from fusion.statistics.outcomes import Outcome

SOUND = [
    Outcome(arm=arm, seed=seed, value=0.9, epochs=30, examples=f"split of {seed}")
    for seed in range(8)
    for arm in ("base", "A3B", "A4B")
]


def changed(arm, *, seeds=(3,), **changes):
    return [
        dataclasses.replace(each, **changes) if each.arm == arm and each.seed in seeds else each
        for each in SOUND
    ]


def refused(outcomes, **options):
    return {gate.name: gate.text for gate in refusals(gates(outcomes, "base", **options))}


def test_a_sound_study_is_refused_nothing():
    assert refused(SOUND) == {}
    assert [gate.name for gate in gates(SOUND, "base")] == [
        "pairs",
        "race",
        "examples",
        "budget",
        "convergence",
        "selection",
        "seeds",
    ]
    assert all(gate.text for gate in gates(SOUND, "base"))


def test_an_unbalanced_arm_is_refused():
    texts = refused([each for each in SOUND if (each.arm, each.seed) != ("A4B", 3)])

    assert list(texts) == ["pairs"]
    assert texts["pairs"].startswith(
        "The arms are not paired: 'A4B' has no run of seed 3, split 0. Differences would"
    )


def test_arms_on_other_splits_are_refused():
    assert "'A4B' has no run of seed 3, split 0" in refused(changed("A4B", split=1))["pairs"]


def test_arms_of_a_block_on_different_examples_are_refused():
    texts = refused(changed("A4B", examples="others"))

    assert list(texts) == ["examples"]
    assert texts["examples"].startswith(
        "Arms of one block were judged on different examples: seed 3, split 0."
    )


def test_unequal_budgets_are_refused():
    texts = refused(changed("A4B", seeds=range(8), epochs=60))

    assert texts == {
        "budget": "Budgets differ, in epochs: 'base' 30, 'A3B' 30, 'A4B' 60. "
        "What trained longer may be better for that alone. Give every arm the same."
    }


def test_budgets_that_differ_between_seeds_are_refused():
    assert "'A4B' 10 and 30" in refused(changed("A4B", epochs=10))["budget"]


def test_unconverged_runs_are_refused():
    texts = refused(changed("A4B", seeds=(1, 2), converged=False))

    assert list(texts) == ["convergence"]
    assert texts["convergence"].startswith("Training still improved when it ended: 'A4B' 2 runs. A slow arm")


@pytest.mark.parametrize("split", ["test", "validation"])
def test_a_choice_on_the_reported_split_is_refused(split):
    texts = refused([dataclasses.replace(each, judged_on=split, selected_on=split) for each in SOUND])

    assert list(texts) == ["selection"]
    assert f"chosen on the split that is reported: 'A3B' on {split}, 'A4B' on {split}" in texts["selection"]


def test_without_any_choice_any_split_may_be_reported():
    assert (
        refused([dataclasses.replace(each, judged_on="validation", selected_on=None) for each in SOUND]) == {}
    )


def test_too_few_seeds_are_refused_with_how_many_there_must_be():
    texts = refused([each for each in SOUND if each.seed < 6])

    assert texts == {
        "seeds": "6 seeds cannot make a difference of 2 arms significant: the smallest p is 0.0312, after Holm 0.0625, "
        "which is not below 0.05. Run 7 seeds or more."
    }


def test_a_stricter_error_rate_needs_more_seeds():
    assert "Run 9 seeds or more" in refused(SOUND, alpha=0.01)["seeds"]


def test_an_arm_the_race_stopped_is_left_out_and_named():
    outcomes = changed("A4B", stopped=True, epochs=5, converged=False)

    assert refused(outcomes) == {}
    assert "The race stopped 'A4B'; no interval tells about them." in [
        gate.text for gate in gates(outcomes, "base")
    ]


def test_a_reference_the_race_stopped_is_refused():
    assert refused(changed("base", stopped=True))["race"].startswith(
        "The race stopped the reference 'base'. Nothing"
    )


def test_several_faults_are_told_at_once():
    assert list(refused(changed("A4B", epochs=60, converged=False))) == ["budget", "convergence"]


def test_an_unknown_reference_is_refused():
    with pytest.raises(DataError, match=r"No trial is of the reference 'bas'\. Did you mean 'base'"):
        gates(SOUND, "bas")
