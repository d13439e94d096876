import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.sampling import sample_rows
from fusion.scores.targets import make_targets


@pytest.mark.parametrize("seed", range(5))
def test_each_class_keeps_its_share(seed):
    classes = np.random.default_rng(seed).choice(4, 1000, p=[0.5, 0.3, 0.15, 0.05])

    rows = sample_rows(make_targets(classes, "classification"), most=100, seed=seed)

    assert len(set(rows.tolist())) == 100
    assert (np.abs(np.bincount(classes[rows]) - np.bincount(classes) / 10) <= 1).all()
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_other_targets_are_drawn_along_their_first_column(task):
    values = np.random.default_rng(0).permutation(100) > 74 if task == "binary" else np.arange(100.0)[::-1]

    rows = sample_rows(make_targets(values, task), most=20)

    assert values[rows].mean() == pytest.approx(np.mean(values), abs=5 if task == "regression" else 0.05)


def test_few_examples_are_all_taken():
    assert sample_rows(make_targets([0, 1, 1], "binary"), most=3).tolist() == [0, 1, 2]


def test_the_seed_decides_and_nothing_else():
    targets = make_targets(np.arange(200) % 2, "classification")

    first, again, other = (sample_rows(targets, most=20, seed=seed) for seed in (1, 1, 2))

    assert (first == again).all()
    assert (first != other).any()


def test_two_examples_are_refused():
    with pytest.raises(DataError, match="3 examples or more, and 2 were asked for"):
        sample_rows(make_targets([0, 1, 1], "binary"), most=2)
