import itertools

import numpy as np
import pytest

from fusion.errors import DataError
from fusion.statistics.best import BestSet, best_set, cheapest
from fusion.statistics.outcomes import Scores
from fusion.statistics.signs import sign_flip_p


def scores(values, **changes):
    rows, columns = values.shape
    arms = tuple(f"arm{number}" for number in range(columns))
    return Scores(
        **{"arms": arms, "blocks": tuple((seed, 0) for seed in range(rows)), "values": values, **changes}
    )


def naive(values, alpha):
    """The set by the book: Student's t, one pattern of signs after another, nothing saved."""
    left = list(range(values.shape[1]))
    while len(left) > 1:
        gaps = values[:, left].mean(axis=1, keepdims=True) - values[:, left]

        def t(table):
            return table.mean(axis=0) / (table.std(axis=0, ddof=1) / np.sqrt(len(table)))

        seen = t(gaps)
        patterns = itertools.product((1, -1), repeat=len(gaps))
        p = np.mean([t(np.array(each)[:, None] * gaps).max() >= seen.max() - 1e-9 for each in patterns])
        if p > alpha:
            break
        left.pop(int(seen.argmax()))
    return {f"arm{number}" for number in left}


@pytest.mark.parametrize("seed", range(8))
def test_the_set_is_that_of_the_definition_taken_literally(seed):
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(8, 5)) + np.array([0, 0, -1, -2, 0.5])

    assert set(best_set(scores(values)).arms) == naive(values, 0.05)


def test_sure_losers_leave_and_the_rest_stays():
    noise = np.random.default_rng(0).normal(0, 0.01, size=(8, 1))
    wobble = np.random.default_rng(1).normal(0, 0.002, size=(8, 4))

    found = best_set(scores(np.array([0.9, 0.9, 0.7, 0.5]) + noise + wobble))

    assert set(found.arms) == {"arm0", "arm1"}
    assert found.p["arm3"] <= found.p["arm2"] <= 0.05
    assert max(found.p.values()) == 1


def test_lower_values_are_best_where_lower_is_better():
    values = np.array([0.9, 0.5]) + np.random.default_rng(0).normal(0, 0.01, size=(8, 2))

    found = best_set(scores(values, better="lower"))

    assert found.arms == ("arm1",)
    assert found.means["arm1"] == pytest.approx(values[:, 1].mean())


def test_equal_arms_all_stay_though_their_mean_is_rounded():
    values = np.repeat(
        np.array([[0.003], [0.023], [0.045], [0.05], [0.09], [0.095], [0.1], [0.178]]), 3, axis=1
    )

    assert (values.mean(axis=1) > values[:, 0]).all()
    assert best_set(scores(values)).arms == ("arm0", "arm1", "arm2")


@pytest.mark.parametrize("seed", range(5))
def test_two_arms_are_told_apart_as_by_the_two_sided_test(seed):
    # Tenths make many sums that are equal but for rounding.
    values = np.random.default_rng(seed).integers(0, 9, size=(7, 2)) / 10

    assert min(best_set(scores(values)).p.values()) == sign_flip_p(values[:, :1] - values[:, 1:])[0]


def test_one_arm_is_the_best():
    assert best_set(scores(np.array([[0.5], [0.6]]))).arms == ("arm0",)


def test_with_one_seed_nothing_is_sure():
    assert len(best_set(scores(np.array([[0.9, 0.1, 0.5]]))).arms) == 3


def test_a_member_of_unknown_cost_is_refused():
    best = BestSet(arms=("a", "b"), p={}, means={}, alpha=0.05)

    with pytest.raises(DataError, match="What 'b' costs is not given"):
        cheapest(best, {"a": 1})


def test_of_members_that_cost_the_same_the_better_is_chosen():
    best = BestSet(arms=("b", "a", "c"), p={}, means={}, alpha=0.05)

    assert cheapest(best, {"a": 1, "b": 1, "c": 2}) == "b"


def share_covered(truth, *, seeds, studies, spreads=1.0):
    generator = np.random.default_rng(len(truth) + seeds)
    best = {f"arm{number}" for number in np.flatnonzero(truth == truth.max())}
    found = [
        best <= set(best_set(scores(truth + spreads * generator.normal(size=(seeds, len(truth))))).arms)
        for _ in range(studies)
    ]
    return np.mean(found)


@pytest.mark.slow
def test_the_set_covers_all_best_arms_in_95_of_100_studies():
    assert share_covered(np.zeros(6), seeds=8, studies=600) >= 0.93
    assert share_covered(np.array([0, 0, 0, -1.0, -2, -3]), seeds=8, studies=600) >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [6, 8, 12])
@pytest.mark.parametrize(
    ("truth", "spreads"),
    [
        (np.zeros(16), 1.0),
        (np.array([0.0, 0, 0, 0, -1, -1, -2, -4]), 1.0),
        (np.array([0.0, -0.3, -0.6, -0.9]), 1.0),
        (np.array([0.0, 0, 0, -1, -2]), np.array([0.2, 1, 2, 1, 3])),
    ],
    ids=["all equal", "some equal", "one best", "unequal spreads"],
)
def test_the_set_covers_in_many_kinds_of_studies(truth, spreads, seeds):
    # Three standard errors of 1000 studies below 0.95.
    assert share_covered(truth, seeds=seeds, studies=1000, spreads=spreads) >= 0.93
