import numpy as np
import pytest

from fusion.errors import DataError
from fusion.statistics.outcomes import Outcome
from fusion.statistics.samples import correctness, sample_differences


def outcome(arm, seed, correct, **changes):
    right = None if correct is None else tuple(bool(each) for each in correct)
    return Outcome(**{"arm": arm, "seed": seed, "value": 0.5, "epochs": 10, "correct": right, **changes})


def test_the_interval_is_that_of_scipys_bootstrap():
    base = np.r_[np.zeros(60), np.ones(35), np.ones(305)]
    new = np.r_[np.ones(60), np.zeros(35), np.ones(305)]

    (found,) = sample_differences([outcome("base", 0, base), outcome("new", 0, new)], "base")

    # scipy.stats.bootstrap, 1.17, method="percentile", 200000 resamples; means are multiples of 1/400.
    assert (found.low, found.high) == pytest.approx((0.015, 0.11), abs=0.0026)
    assert (found.mean, found.disagreement, found.examples) == (0.0625, 95 / 400, 400)


def test_more_seeds_leave_the_noise_of_the_examples():
    easy = np.random.default_rng(0).random(200) < 0.3
    rows = [
        outcome(arm, seed, easy if arm == "new" else np.zeros(200))
        for seed in range(30)
        for arm in ("base", "new")
    ]

    (many,) = sample_differences(rows, "base")
    (one,) = sample_differences(rows[:2], "base")

    assert (many.low, many.high) == (one.low, one.high)


def test_disagreement_is_that_of_each_pair_of_models():
    rows = [
        outcome(arm, seed, [seed == number] * 3) for seed in (0, 1) for number, arm in enumerate(("a", "b"))
    ]

    (found,) = sample_differences(rows, "a")

    assert (found.mean, found.disagreement) == (0, 1)


def test_arms_keep_their_order_and_seeds_are_sorted():
    rows = [
        outcome("b", 1, [1, 1]),
        outcome("a", 1, [0, 1]),
        outcome("a", 0, [0, 0]),
        outcome("b", 0, [1, 0]),
    ]

    found = correctness(rows)

    assert list(found) == ["b", "a"]
    assert found["b"].tolist() == [[1, 0], [1, 1]]


def test_a_stopped_arm_has_no_interval():
    rows = [outcome(arm, 0, [1, 0], stopped=arm == "c") for arm in "abc"]

    assert [found.arm for found in sample_differences(rows, "a")] == ["b"]


def test_answers_that_were_not_kept_are_refused():
    with pytest.raises(DataError, match="was not kept for b, so what other examples"):
        correctness([outcome("a", 0, [1]), outcome("b", 0, None)])


@pytest.mark.parametrize(
    "changes", [{"examples": "other"}, {"judged_on": "validation"}, {"correct": (True, True)}]
)
def test_answers_on_different_examples_are_refused(changes):
    with pytest.raises(DataError, match="judged on different examples, so an example has no answer"):
        correctness(
            [
                outcome("a", 0, [1]),
                Outcome(**{"arm": "a", "seed": 1, "value": 1, "epochs": 1, "correct": (True,), **changes}),
            ]
        )


def test_an_unknown_reference_is_refused():
    with pytest.raises(DataError, match="There is no arm 'bas'"):
        sample_differences([outcome("base", 0, [1]), outcome("new", 0, [1])], "bas")


@pytest.mark.slow
def test_intervals_cover_the_true_difference_in_95_of_100_test_splits():
    generator = np.random.default_rng(0)
    # 20 arms a study: an example is hard or easy for all, and each arm then right or wrong on its own.
    covered = []
    for _ in range(30):
        rate = generator.choice([0.5, 0.95], size=400)
        rows = [outcome(f"a{number}", 0, generator.random(400) < rate) for number in range(2)]
        for number in range(2, 22):
            rows.append(outcome(f"a{number}", 0, generator.random(400) < rate))
        # Each arm against another, so that not all are wrong together.
        for first, second in zip(rows[::2], rows[1::2], strict=True):
            (found,) = sample_differences([first, second], first.arm)
            covered.append(found.low <= 0 <= found.high)

    assert 0.93 <= np.mean(covered) <= 0.97
