import numpy as np
import pytest

from fusion.errors import DataError
from fusion.statistics.optimism import optimism


def normal(shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


def latent(generator, *, images, arms, correlation, rate):
    """Right answers of equal arms: normal scores that go together, cut where `rate` of them lie below."""
    shared = generator.normal(size=(images, 1))
    own = generator.normal(size=(images, arms))
    scores = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
    return (scores < np.quantile(generator.normal(size=200_000), rate)).astype(float)


def test_sixteen_equal_taps_judged_on_200_images_look_five_points_too_good():
    generator = np.random.default_rng(0)
    studies = [(generator.random((200, 16)) < 0.8).astype(float) for _ in range(60)]

    true = np.mean([study.mean(axis=0).max() - 0.8 for study in studies])
    estimated = np.mean([optimism(study) for study in studies])

    assert true == pytest.approx(0.050, abs=0.004)
    assert estimated == pytest.approx(true, abs=0.004)


@pytest.mark.slow
def test_arms_that_err_on_the_same_images_deceive_less():
    generator = np.random.default_rng(0)
    # Latent correlation .87 is about .7 between answers.
    studies = [latent(generator, images=200, arms=16, correlation=0.87, rate=0.8) for _ in range(60)]

    assert np.mean([np.corrcoef(study[:, 0], study[:, 1])[0, 1] for study in studies]) == pytest.approx(
        0.7, abs=0.06
    )
    assert np.mean([optimism(study) for study in studies]) == pytest.approx(0.027, abs=0.004)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10, 11])
@pytest.mark.slow
def test_over_seeds_it_is_right_on_average_for_equal_arms(seeds):
    studies = [normal((seeds, 8), seed) for seed in range(300)]

    # The mean of the largest of 8 standard normal values is 1.4236.
    assert np.mean([optimism(study) for study in studies]) == pytest.approx(1.4236 / seeds**0.5, rel=0.1)


def test_a_winner_that_leads_by_far_deceives_nobody():
    # All halves of ten units are tried, so noise cancels.
    table = normal((10, 4), 0) + np.array([100, 0, 0, 0])

    assert optimism(table) == pytest.approx(0, abs=1e-9)


def test_arms_that_never_differ_deceive_nobody():
    table = np.repeat(normal((41, 1), 0), 4, axis=1)

    assert optimism(table) == pytest.approx(0, abs=1e-12)


def test_of_a_far_leader_only_the_lead_matters_whatever_the_units_have_in_common():
    table = normal((41, 4), 0) / 10 + 1000 * normal((41, 1), 1) + np.array([100, 0, 0, 0])

    assert optimism(table) == pytest.approx(0, abs=0.02)


def test_a_winner_never_looks_too_bad():
    table = normal((41, 4), 0) + np.array([100, 0, 0, 0])

    # About one half of the draws would come out below 0.
    assert 0 in [optimism(table, seed=seed) for seed in range(8)]


def test_one_arm_was_not_chosen():
    assert optimism(normal((5, 1), 0)) == 0


def test_one_unit_is_refused():
    with pytest.raises(DataError, match="cannot be seen with one unit"):
        optimism(np.zeros((1, 3)))


def test_the_same_seed_gives_the_same_number():
    table = normal((40, 6), 0)

    assert optimism(table, seed=1) == optimism(table, seed=1) != optimism(table, seed=2)
