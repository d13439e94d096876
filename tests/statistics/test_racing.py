import numpy as np
import pytest

from fusion.errors import DataError
from fusion.statistics.racing import beaten

RUNGS, SEEDS, ARMS, ALPHA, RACES = (3, 5, 8), 10, 8, 0.05, 1000

CHANCE = ALPHA + 2 * (ALPHA * (1 - ALPHA) / RACES) ** 0.5
"""What a share of so many races may be by chance where it is alpha."""


def race(table, rungs=RUNGS, alpha=ALPHA):
    """Returns by arm after how many seeds it was stopped, and how many trials that spared."""
    left, stopped = list(range(table.shape[1])), {}
    for rung in rungs:
        lost = beaten(table[:rung, left], alpha=alpha / len(rungs), began=table.shape[1])
        stopped |= {left[number]: rung for number in lost}
        left = [arm for arm in left if arm not in stopped]
    return stopped, sum(len(table) - rung for rung in stopped.values())


def accuracies(random, arms, examples):
    """Shares of right answers, which have few values and often equal differences."""
    return random.binomial(examples, 0.9, (SEEDS, arms)) / examples


DRAWS = {
    "normal": lambda random: random.normal(0, 1, (SEEDS, ARMS)),
    "heavy tails": lambda random: random.standard_t(3, (SEEDS, ARMS)),
    "seeds that differ much": lambda random: (
        random.normal(0, 1, (SEEDS, ARMS)) + random.normal(0, 9, (SEEDS, 1))
    ),
    "one arm that spreads more": lambda random: random.normal(0, [5] + [1] * (ARMS - 1), (SEEDS, ARMS)),
    "few examples": lambda random: accuracies(random, ARMS, 40),
    "two arms": lambda random: accuracies(random, 2, 40),
}


@pytest.mark.slow
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_of_equal_arms_one_is_stopped_in_no_more_races_than_alpha(draw):
    random = np.random.default_rng(0)

    wrong = sum(bool(race(draw(random))[0]) for _ in range(RACES))

    assert wrong / RACES <= CHANCE


@pytest.mark.slow
def test_with_other_arms_that_are_worse_the_best_are_kept_as_often():
    random = np.random.default_rng(1)
    means = np.array([0.0, 0.0, 0.0, -1.0, -1.0, -4.0, -20.0, -20.0])

    wrong = sum(
        bool({0, 1, 2} & race(means + random.normal(0, 1, (SEEDS, ARMS)))[0].keys()) for _ in range(RACES)
    )

    assert wrong / RACES <= CHANCE


def test_bad_arms_are_mostly_stopped_early_and_spare_trials():
    random = np.random.default_rng(2)
    means = np.array([0.0] * 4 + [-12.0] * 4)

    races = [race(means + random.normal(0, 1, (SEEDS, ARMS))) for _ in range(100)]

    early = np.mean([sum(stopped.get(arm, SEEDS) <= 5 for arm in (4, 5, 6, 7)) / 4 for stopped, _ in races])
    spared = np.mean([trials for _, trials in races]) / (SEEDS * ARMS)
    assert early > 0.8
    assert 0.2 < spared <= 0.5 * (SEEDS - 3) / SEEDS


def test_equal_differences_tell_nothing_of_their_spread():
    steady = np.column_stack([[0.9, 0.925, 0.95], [0.85, 0.875, 0.9]])

    assert beaten(steady, alpha=0.05) == {}


def test_splits_that_share_examples_stop_fewer():
    noise = np.array([0.0, 0.1, -0.1])
    table = np.column_stack([np.array([1.0, 1.0, 1.0]) + noise, np.zeros(3)])

    assert beaten(table, alpha=0.05) == {1: 0}
    assert beaten(table, alpha=0.05, overlap=10.0) == {}


def test_pairs_of_all_arms_that_began_count():
    noise = np.array([0.0, 0.1, -0.1])
    table = np.column_stack([np.array([1.0, 1.0, 1.0]) + noise, np.zeros(3)])

    assert beaten(table, alpha=0.05) == {1: 0}
    assert beaten(table, alpha=0.05, began=20) == {}


def test_one_seed_is_refused():
    with pytest.raises(DataError, match="judges arms by 2 seeds or more, got 1"):
        beaten(np.zeros((1, 2)), alpha=0.05)
