"""Taps of which is known what they tell: the end-to-end proof of the calculus."""

import numpy as np
import pytest

from fusion.scores.nulls import correct, shuffle
from fusion.scores.ridge import probe_ridge
from fusion.scores.shares import share_skill
from fusion.scores.spectra import decompose, standardise
from fusion.scores.subsets import best_by_size, make_kernel, score_fusions
from fusion.scores.targets import make_targets, take

SEEDS = 20


def planted(seed, examples=200):
    """Classes are the sign of a product of two features: the second tap has it, the first and the third have not."""
    generator = np.random.default_rng(seed)
    signs = generator.choice([-1.0, 1.0], (examples, 2))
    inputs = np.hstack(
        [signs + 0.1 * generator.standard_normal((examples, 2)), generator.standard_normal((examples, 6))]
    )
    product = inputs[:, :1] * inputs[:, 1:2]
    noise = generator.standard_normal((examples, 1))
    before, at, after = inputs, np.hstack([inputs, product]), np.hstack([inputs, noise])
    turns = [np.linalg.qr(generator.standard_normal((width, width)))[0] for width in (8, 9, 9)]
    taps = dict(
        zip(("before", "at", "after"), (before @ turns[0], at @ turns[1], after @ turns[2]), strict=True)
    )
    return taps, make_targets((signs[:, 0] * signs[:, 1] > 0).astype(int), "classification")


def fusions_of(seed):
    taps, targets = planted(seed)
    kernels = {name: make_kernel(standardise(features, by="tap")) for name, features in taps.items()}
    return score_fusions(kernels, targets)


QUICK = 3
"""Seeds of the quick run."""


@pytest.mark.parametrize(
    "seed", [*range(QUICK), *(pytest.param(each, marks=pytest.mark.slow) for each in range(QUICK, SEEDS))]
)
def test_the_right_tap_and_the_right_sets_are_found(seed):
    fusions = fusions_of(seed)

    assert best_by_size(fusions)[0].taps == ("at",)
    assert all((row.value > 0.9) == ("at" in row.taps) for row in fusions.rows)
    shares = share_skill(fusions)
    assert shares["at"] > 0.8 * sum(shares.values())


def alarms(seed, examples, permutations):
    """Whether any tap is called better than chance although targets were shuffled."""
    taps, targets = planted(seed, examples)
    shuffled = take(targets, np.random.default_rng((1, seed)).permutation(examples))
    nulls = []
    for features in taps.values():
        spectrum = decompose(standardise(features))
        nulls.append(
            shuffle(
                lambda answers, spectrum=spectrum: probe_ridge(spectrum, answers).value,
                shuffled,
                permutations=permutations,
                seed=seed,
            )
        )
    return min(correct(nulls)) <= 0.05


@pytest.mark.slow
def test_shuffled_targets_raise_a_false_alarm_once_in_twenty_at_most():
    assert sum(alarms(seed, 200, 99) for seed in range(SEEDS)) <= 1


@pytest.mark.slow
def test_false_alarms_stay_at_their_level_over_many_seeds():
    rate = np.mean([alarms(seed, 60, 39) for seed in range(400)])

    assert rate < 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 400)
