import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.nulls import Null, correct, shuffle
from fusion.scores.targets import make_targets

TARGETS = make_targets(np.arange(30.0), "regression")


def test_p_counts_the_order_that_was_observed():
    assert Null(1.0, (0.0, 1.0, 2.0)).p == 3 / 4
    assert Null(3.0, (0.0, 1.0, 2.0)).p == 1 / 4


def test_z_is_in_deviations_of_the_shuffled_scores():
    assert Null(3.0, (0.0, 1.0, 2.0)).z == 2.0
    assert Null(3.0, (1.0, 1.0)).z == 0.0


def test_targets_are_shuffled_whole_and_alike_for_one_seed():
    seen = []

    def score(targets):
        seen.append(targets.columns[:, 0].tolist())
        return 0.0

    shuffle(score, TARGETS, permutations=3, seed=1)
    shuffle(score, TARGETS, permutations=3, seed=1)
    shuffle(score, TARGETS, permutations=3, seed=2)

    assert seen[:4] == seen[4:8]
    assert seen[1] != seen[9]
    assert all(sorted(one) == TARGETS.columns[:, 0].tolist() for one in seen)
    assert len({tuple(one) for one in seen[:4]}) == 4


def test_p_is_as_often_small_as_it_says():
    noise = np.random.default_rng(0).standard_normal((400, 30))

    ps = np.array(
        [
            shuffle(
                lambda targets, row=row: float(row @ targets.columns[:, 0]),
                TARGETS,
                permutations=39,
                seed=place,
            ).p
            for place, row in enumerate(noise)
        ]
    )

    for level in (0.05, 0.1, 0.5):
        assert abs((ps <= level).mean() - level) < 3 * np.sqrt(level * (1 - level) / 400)


def test_copies_of_one_tap_need_no_correction():
    null = Null(1.9, tuple(np.linspace(0, 2, 39)))

    assert correct([null] * 5) == (null.p,) * 5


def test_unlike_taps_are_corrected_about_as_bonferroni_does():
    generator = np.random.default_rng(0)
    nulls = [Null(2.8, tuple(generator.standard_normal(999))) for _ in range(10)]

    assert correct(nulls) == pytest.approx([10 * 0.0026] * 10, abs=0.015)


def test_a_score_that_never_changes_is_not_significant():
    assert correct([Null(1.0, (1.0, 1.0, 1.0)), Null(9.0, (0.0, 1.0, 2.0))]) == (1.0, 0.25)


def test_one_permutation_is_no_null():
    with pytest.raises(DataError, match="2 permutations or more, not 1"):
        shuffle(lambda targets: 0.0, TARGETS, permutations=1)


def test_nulls_of_other_shufflings_are_not_corrected_together():
    with pytest.raises(DataError, match="same shufflings"):
        correct([Null(1.0, (0.0, 1.0)), Null(1.0, (0.0, 1.0, 2.0))])
