import math

import numpy as np
import pytest

from fusion.statistics.prospects import detectable, detectable_on, in_words, prospect
from fusion.statistics.signs import seeds_needed, sign_flip_p


@pytest.mark.parametrize(
    ("blocks", "alpha", "expected"),
    # statsmodels.stats.power.TTestPower().solve_power(power=0.8), 0.15.
    [
        (12, 0.05, 0.8886543444414026),
        (20, 0.05, 0.6604416544380312),
        (40, 0.05, 0.45425711232469046),
        (40, 0.05 / 16, 0.6361745473957892),
    ],
)
@pytest.mark.slow
def test_with_many_seeds_it_is_that_of_the_t_test(blocks, alpha, expected):
    assert detectable(blocks, alpha=alpha) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(("blocks", "arms"), [(8, 1), (10, 16), (16, 4)])
@pytest.mark.slow
def test_a_difference_of_that_size_is_found_as_often_as_said(blocks, arms):
    alpha = 0.05 / arms
    table = np.random.default_rng(1).normal(detectable(blocks, alpha=alpha), 1, size=(blocks, 1500))

    assert (sign_flip_p(table) <= alpha).mean() == pytest.approx(0.8, abs=0.035)


def test_with_just_enough_seeds_all_must_agree():
    # The chance that 10 of 10 differences have one sign is the 10th power of that of one.
    limit = detectable(10, alpha=0.05 / 16)

    assert (0.5 * (1 + math.erf(limit / 2**0.5))) ** 10 == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("arms", [1, 5, 16])
def test_with_one_seed_too_few_no_difference_is_large_enough(arms):
    needed = seeds_needed(arms)

    assert math.isinf(prospect(needed - 1, arms).detectable)
    assert math.isfinite(prospect(needed, arms).detectable)


def test_more_seeds_show_less():
    limits = [detectable(blocks) for blocks in (6, 8, 10)]

    assert limits == sorted(limits, reverse=True)


def test_a_plan_says_what_can_be_found():
    text = in_words(prospect(10, 4))

    assert text.startswith("10 seeds, 4 comparisons: a difference of 1.")
    assert text.endswith("is found with a chance of 80%; the smallest p is 0.002.")


def test_a_plan_says_what_the_test_examples_can_show_where_they_are_known():
    _, text = in_words(prospect(10, 4, judged=200)).split("\n")

    assert text.startswith("200 examples to judge on: on others too, a difference of 7.5 points of accuracy")
    assert "\n" not in in_words(prospect(10, 4))


def test_so_many_test_examples_show_what_was_planned_for():
    size, share = 800, 0.1
    limit = detectable_on(size, disagreement=share)
    generator = np.random.default_rng(0)
    better, worse = generator.multinomial(
        size, [(share + limit) / 2, (share - limit) / 2, 1 - share], size=4000
    ).T[:2]

    found = np.abs(better - worse) / np.sqrt(better + worse) > 1.959964

    assert found.mean() == pytest.approx(0.8, abs=0.03)


def test_more_arms_need_more_examples():
    assert detectable_on(800, disagreement=0.1, arms=16) > detectable_on(800, disagreement=0.1)


def test_two_arms_are_one_comparison():
    assert in_words(prospect(3, 1)).startswith("3 seeds, 1 comparison: nothing can be significant.")
