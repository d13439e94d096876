import numpy as np
import pytest

from fusion.errors import DataError
from fusion.statistics.differences import differences, holm
from fusion.statistics.outcomes import Scores

GAPS = np.array([0.01, 0.02, 0.04, 0.03, -0.01, 0.02, 0.05])


def scores(values, **changes):
    rows, columns = values.shape
    arms = ("base", *(f"arm{number}" for number in range(1, columns)))
    return Scores(
        **{"arms": arms, "blocks": tuple((seed, 0) for seed in range(rows)), "values": values, **changes}
    )


def against_base(gaps):
    return scores(np.column_stack([np.zeros(len(gaps)), gaps]))


def test_the_interval_is_that_of_scipys_paired_t_test():
    (found,) = differences(against_base(GAPS), "base")

    # scipy.stats.ttest_1samp(GAPS, 0).confidence_interval(), 1.17.
    assert found.low == pytest.approx(0.004581755821840429)
    assert found.high == pytest.approx(0.04113252989244529)
    assert found.spread == pytest.approx(0.019760470401187075)
    assert (found.p, found.smallest_p, found.blocks) == (0.046875, 2 / 2**7, 7)


def test_the_reference_may_stand_anywhere():
    (found,) = differences(against_base(GAPS), "arm1")

    assert (found.arm, found.reference) == ("base", "arm1")
    assert found.mean == pytest.approx(-GAPS.mean())


def test_holm_gives_what_statsmodels_does():
    given = [0.01, 0.04, 0.03, 0.2, 0.005, 0.04, 0.9, 0.0004]

    # statsmodels.stats.multitest.multipletests(method="holm"), 0.15.
    assert holm(given) == pytest.approx([0.06, 0.16, 0.15, 0.4, 0.035, 0.16, 0.9, 0.0032])


def test_holm_is_over_all_arms():
    table = np.column_stack([np.zeros(7), GAPS, -GAPS, np.zeros(7)])

    assert [found.p_holm for found in differences(scores(table), "base")] == [0.140625, 0.140625, 1]


def test_overlapping_training_sets_widen_the_interval_and_raise_p():
    (apart,) = differences(against_base(GAPS), "base")
    (sharing,) = differences(against_base(GAPS), "base", overlap=0.25)

    # Nadeau and Bengio: the variance of the mean is spread^2 (1/7 + 1/4), not spread^2 / 7.
    assert (sharing.high - sharing.low) / (apart.high - apart.low) == pytest.approx((1 + 7 / 4) ** 0.5)
    # Twice scipy.stats.t.sf of the mean over that error, 6 degrees of freedom.
    assert sharing.p == pytest.approx(0.11450656545509832)
    assert (sharing.low < 0 < sharing.high) == (sharing.p > 0.05)


def test_an_arm_that_equals_the_reference_but_for_rounding_does_not_differ():
    table = np.column_stack([np.full(7, 0.3), np.full(7, 0.1 + 0.2)])

    (found,) = differences(scores(table), "base", overlap=0.25)

    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_one_seed_is_refused():
    with pytest.raises(DataError, match="One seed tells nothing"):
        differences(against_base(GAPS[:1]), "base")


def test_a_reference_alone_is_refused():
    with pytest.raises(DataError, match="There is only the reference, 'base'"):
        differences(scores(np.zeros((3, 1))), "base")


def test_an_unknown_reference_is_refused():
    with pytest.raises(DataError, match=r"no arm 'bas'\. Did you mean 'base'"):
        differences(against_base(GAPS), "bas")


def accuracies(generator, *, seeds, arms, images=500, rate=0.8, noise=0.02):
    """Accuracies of equal arms: one difficulty for all arms of a seed, and for each cell its own, on `images` images."""
    difficulty = generator.normal(rate, noise, size=(seeds, 1))
    return (
        generator.binomial(images, np.clip(difficulty + generator.normal(0, 0.01, (seeds, arms)), 0, 1))
        / images
    )


@pytest.mark.slow
def test_of_sixteen_equal_arms_one_is_called_different_in_a_twentieth_of_studies_at_most():
    generator = np.random.default_rng(0)
    studies = 1000

    wrong = sum(
        min(found.p_holm for found in differences(scores(accuracies(generator, seeds=10, arms=17)), "base"))
        <= 0.05
        for _ in range(studies)
    )

    assert wrong / studies <= 0.05
    # And not because nothing can ever be found.
    assert wrong > 0


@pytest.mark.slow
@pytest.mark.parametrize("draw", ["normal", "laplace", "uniform"])
@pytest.mark.parametrize("seeds", [5, 12, 16])
def test_the_family_error_holds_for_other_noise_and_numbers_of_seeds(draw, seeds):
    generator = np.random.default_rng(seeds)
    studies = 1000

    wrong = sum(
        min(found.p_holm for found in differences(scores(getattr(generator, draw)(size=(seeds, 17))), "base"))
        <= 0.05
        for _ in range(studies)
    )

    # Three standard errors of 1000 studies above 0.05.
    assert wrong / studies <= 0.07


@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.slow
def test_intervals_cover_the_true_difference_in_95_of_100_studies(seeds):
    generator = np.random.default_rng(seeds)
    # Each arm has a reference of its own, or all would be wrong together.
    arms, references = np.split(accuracies(generator, seeds=seeds, arms=8000), 2, axis=1)
    table = np.column_stack([np.zeros(seeds), arms + 0.03 - references])

    covered = np.mean([found.low <= 0.03 <= found.high for found in differences(scores(table), "base")])

    assert 0.93 <= covered <= 0.97
