from itertools import combinations, permutations

import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.shares import shapley, share_by_orders, share_skill
from fusion.scores.spectra import standardise
from fusion.scores.subsets import make_kernel, score_fusions
from fusion.scores.targets import make_targets

NAMES = ("a", "b", "c", "d", "e")


def worth_of(names):
    generator = np.random.default_rng(0)
    return {
        chosen: float(generator.standard_normal())
        for size in range(1, len(names) + 1)
        for chosen in combinations(names, size)
    }


def test_a_share_is_the_mean_of_what_is_added_over_all_orders():
    worth = {**worth_of(NAMES), (): 0.0}
    added = dict.fromkeys(NAMES, 0.0)
    for order in permutations(NAMES):
        for place, name in enumerate(order):
            before, after = tuple(sorted(order[:place])), tuple(sorted(order[: place + 1]))
            added[name] += (worth[after] - worth[before]) / 120

    assert shapley(worth, NAMES) == pytest.approx(tuple(added.values()), abs=1e-12)


@pytest.mark.parametrize("count", [1, 2, 5, 10])
def test_shares_add_up_to_the_value_of_all(count):
    names = tuple("abcdefghij"[:count])
    worth = worth_of(names)

    assert sum(shapley(worth, names)) == pytest.approx(worth[names], abs=1e-10)


def fusions_of(count, **options):
    generator = np.random.default_rng(0)
    classes = np.arange(60) % 3
    features = [generator.standard_normal((60, 4)) + classes[:, None] * (place < 3) for place in range(count)]
    features[0] = features[1]
    kernels = {name: make_kernel(standardise(matrix)) for name, matrix in zip(NAMES, features, strict=False)}
    return score_fusions(kernels, make_targets(classes, "classification"), **options)


def test_skill_is_shared_in_full_and_alike_among_copies():
    fusions = fusions_of(4)

    shares = share_skill(fusions)

    assert sum(shares.values()) == pytest.approx(fusions.rows[-1].skill, abs=1e-10)
    assert shares["a"] == pytest.approx(shares["b"], abs=1e-10)
    assert shares["d"] < 0.02 < shares["b"] < shares["c"]


@pytest.mark.parametrize("options", [{"largest": 2}, {"most": 2}])
def test_shares_of_sets_that_were_not_scored_are_refused(options):
    with pytest.raises(DataError, match=r"need every set of the 3 taps, and \d of 7 were scored"):
        share_skill(fusions_of(3, **options))


def test_a_missing_set_is_named():
    with pytest.raises(DataError, match="that of a, b is missing"):
        shapley({("a",): 1.0, ("b",): 1.0}, ("a", "b"))


def test_shares_by_orders_add_up_and_come_to_the_shares_of_every_set():
    generator = np.random.default_rng(0)
    classes = np.arange(60) % 3
    targets = make_targets(classes, "classification")
    kernels = {
        name: make_kernel(standardise(generator.standard_normal((60, 8)) + strength * np.eye(8)[classes]))
        for name, strength in (("a", 0.5), ("b", 1.0), ("c", 2.0), ("d", 0.0))
    }
    fusions = score_fusions(kernels, targets)
    whole = next(row.skill for row in fusions.rows if len(row.taps) == 4)

    few = share_by_orders(kernels, targets, orders=3)
    many = share_by_orders(kernels, targets, orders=300)

    assert sum(few.values()) == pytest.approx(whole, abs=1e-12)
    exact = share_skill(fusions)
    assert [many[name] for name in kernels] == pytest.approx([exact[name] for name in kernels], abs=0.02)
    with pytest.raises(DataError, match="1 order of joining or more, not 0"):
        share_by_orders(kernels, targets, orders=0)
