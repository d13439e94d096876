import numpy as np
import pytest

from fusion.statistics.signs import EXACT, SAMPLED, seeds_needed, sign_flip_p, signs, smallest_p

TABLE = np.array(
    [
        [0.01, 0.03, -0.02],
        [0.02, 0.01, 0.01],
        [0.04, -0.01, 0.00],
        [0.03, 0.02, -0.01],
        [-0.01, 0.05, 0.02],
        [0.02, 0.04, -0.03],
        [0.05, 0.03, 0.01],
    ]
)


def test_p_is_that_of_scipys_exact_permutation_test():
    # scipy.stats.permutation_test (1.17), permutation_type="samples", all resamples.
    assert sign_flip_p(TABLE).tolist() == [0.046875, 0.046875, 0.84375]


@pytest.mark.parametrize("blocks", [1, 2, 5, 10])
def test_differences_of_one_sign_have_the_smallest_p_there_is(blocks):
    assert sign_flip_p(np.arange(1.0, blocks + 1)[:, None]).tolist() == [smallest_p(blocks)]


def test_equal_differences_need_no_spread():
    assert sign_flip_p(np.full((6, 1), 0.1)).tolist() == [2 / 64]


def test_arms_that_never_differ_have_p_one():
    assert sign_flip_p(np.zeros((6, 1))).tolist() == [1]


def test_sums_that_tie_but_for_rounding_count_as_equal():
    tied = np.array([[0.1], [0.2], [-0.3], [0.1], [0.2], [0.3]])

    # In whole numbers nothing is rounded.
    assert sign_flip_p(tied) == sign_flip_p((tied * 10).round())


def test_the_unit_of_the_metric_does_not_matter():
    assert sign_flip_p(TABLE * 1e-9).tolist() == sign_flip_p(TABLE).tolist()


def test_with_many_blocks_p_is_sampled_and_never_zero():
    steady = np.full((EXACT + 6, 1), 1.0)

    assert sign_flip_p(steady) == [1 / SAMPLED] == [smallest_p(EXACT + 6)]


def test_sampled_and_exact_p_agree():
    noise = np.random.default_rng(1).normal(0.4, 1, size=(EXACT + 1, 1))
    half = 2**EXACT
    patterns = np.array(
        [[1 - 2 * (number >> bit & 1) for bit in range(EXACT + 1)] for number in range(2 * half)]
    )

    exact = (np.abs(patterns @ noise) >= np.abs(noise.sum()) - 1e-9).mean()

    assert sign_flip_p(noise)[0] == pytest.approx(exact, abs=4 * (exact / SAMPLED) ** 0.5)


@pytest.mark.parametrize("arms", range(1, 40))
def test_one_seed_fewer_than_needed_can_never_be_significant(arms):
    needed = seeds_needed(arms)

    assert arms * 2.0 ** (1 - needed) <= 0.05 < arms * 2.0 ** (2 - needed)


def test_patterns_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        signs(3)[0, 0] = 2
