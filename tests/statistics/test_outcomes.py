import numpy as np
import pytest

from fusion.errors import DataError
from fusion.statistics.outcomes import Outcome, apart, column, oriented, pair


def outcome(arm, seed, value=0.5, **changes):
    return Outcome(**{"arm": arm, "seed": seed, "value": value, "epochs": 10, **changes})


def test_a_block_is_a_seed_with_a_split():
    rows = [outcome("a", 0, split=split, value=split) for split in (1, 0)]

    scores = pair(rows)

    assert scores.blocks == ((0, 0), (0, 1))
    assert scores.values.tolist() == [[0], [1]]


def test_the_table_cannot_be_changed():
    scores = pair([outcome("a", 0)])

    with pytest.raises(ValueError, match="read-only"):
        scores.values[0, 0] = 1


def test_an_arm_with_a_stopped_trial_leaves_the_table():
    rows = [outcome("a", 0), outcome("a", 1), outcome("b", 0), outcome("b", 1, stopped=True)]

    assert pair(rows).arms == ("a",)


def test_nothing_to_compare_is_refused():
    with pytest.raises(DataError, match="No arm ran to its end"):
        pair([outcome("a", 0, stopped=True)])


def test_an_arm_without_a_block_is_refused():
    with pytest.raises(DataError, match=r"not paired: 'b' has no run of seed 1, split 0\. Run every arm"):
        pair([outcome("a", 0), outcome("a", 1), outcome("b", 0)])


def test_an_arm_with_a_block_twice_is_refused():
    with pytest.raises(DataError, match="'b' has more than one run of seed 0, split 0"):
        pair([outcome("a", 0), outcome("b", 0), outcome("b", 0)])


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(DataError, match="The metric of 1 run is not a number: 'b', seed 0, split 0"):
        pair([outcome("a", 0), outcome("b", 0, value=float("nan"))])


def test_an_unknown_arm_is_refused_with_the_nearest():
    with pytest.raises(DataError, match=r"no arm 'fozen'\. Did you mean 'frozen'"):
        column(pair([outcome("frozen", 0)]), "fozen")


def test_more_is_better_once_oriented():
    scores = pair([outcome("a", 0, 0.2), outcome("b", 0, 0.9)], better="lower")

    assert oriented(scores).argmax() == 0


def test_what_differs_by_rounding_does_not_differ():
    same, other = apart(np.array([0.1 + 0.2, 0.3001]), np.array([0.3, 0.3]))

    assert same == 0
    assert other == pytest.approx(0.0001)
