from itertools import combinations

import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.spectra import standardise
from fusion.scores.subsets import Fusion, Fusions, best_by_size, make_kernel, rank, score_fusions
from fusion.scores.targets import make_targets, skill

CLASSES = np.arange(40) % 4


def taps_of(count, examples=40):
    generator = np.random.default_rng(0)
    signal = np.eye(4)[np.arange(examples) % 4]
    return {
        f"tap{place}": standardise(
            np.hstack([signal[:, place % 4 :][:, :1], np.zeros((examples, place))])
            + generator.standard_normal((examples, place + 1))
        )
        for place in range(count)
    }


def kernels_of(taps):
    return {name: make_kernel(features) for name, features in taps.items()}


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_every_set_of_taps_is_scored_as_if_fitted_without_each_example(task, sklearn):
    taps = taps_of(3)
    values = {"classification": CLASSES, "multilabel": np.eye(4)[CLASSES], "regression": taps["tap2"][:, :1]}
    targets = make_targets(values[task], task)

    fusions = score_fusions(kernels_of(taps), targets)

    assert [row.taps for row in fusions.rows] == [
        chosen for size in (1, 2, 3) for chosen in combinations(taps, size)
    ]
    for row in fusions.rows:
        features = np.hstack([taps[name] for name in row.taps])
        fitted = sklearn.model_selection.cross_val_predict(
            sklearn.linear_model.Ridge(alpha=row.penalty, solver="svd"),
            features,
            targets.columns,
            cv=sklearn.model_selection.LeaveOneOut(),
        )
        error = ((fitted.reshape(targets.columns.shape) - targets.columns) ** 2).mean()
        assert row.skill == pytest.approx(skill(targets, error), abs=1e-8)
        if task == "classification":
            assert row.value == (fitted.argmax(1) == CLASSES).mean()


def test_sets_can_be_kept_small():
    fusions = score_fusions(kernels_of(taps_of(5)), make_targets(CLASSES, "classification"), largest=2)

    assert fusions.exhaustive
    assert fusions.largest == 2
    assert len(fusions.rows) == 5 + 10


def test_a_beam_as_wide_as_all_sets_tries_all_of_them():
    kernels, targets = kernels_of(taps_of(5)), make_targets(CLASSES, "classification")

    whole = score_fusions(kernels, targets)
    beam = score_fusions(kernels, targets, most=3, beam=10)

    assert not beam.exhaustive
    assert set(beam.rows) == set(whole.rows)


def test_a_narrow_beam_adds_the_best_tap_each_time():
    kernels, targets = kernels_of(taps_of(6)), make_targets(CLASSES, "classification")
    every = {row.taps: row.skill for row in score_fusions(kernels, targets).rows}

    fusions = score_fusions(kernels, targets, most=3, beam=1)

    assert len(fusions.rows) == 6 + 5 + 4 + 3 + 2 + 1
    chosen = frozenset()
    for row in best_by_size(fusions):
        longer = {
            taps: value
            for taps, value in every.items()
            if chosen < set(taps) and len(taps) == len(chosen) + 1
        }
        assert row.taps == max(longer, key=longer.get)
        chosen = set(row.taps)


def test_fifteen_taps_are_too_many_to_try_every_set():
    generator = np.random.default_rng(0)
    kernels = {f"tap{place:02}": make_kernel(generator.standard_normal((6, 1))) for place in range(15)}

    fusions = score_fusions(kernels, make_targets([0, 1] * 3, "classification"), beam=1)

    assert not fusions.exhaustive
    assert len(fusions.rows) == 120


def test_of_equally_good_sets_the_smaller_comes_first():
    rows = [Fusion(("a", "b"), 0.5, 1, 1), Fusion(("a",), 0.5, 1, 1), Fusion(("b",), 0.1, 1, 1)]
    fusions = Fusions(("a", "b"), tuple(rows), True, 2)

    assert [row.taps for row in rank(fusions)] == [("a",), ("a", "b"), ("b",)]
    assert [row.taps for row in best_by_size(fusions)] == [("a",), ("a", "b")]


@pytest.mark.parametrize(
    ("taps", "options", "message"),
    [
        (0, {}, "no tap to fuse"),
        (2, {"largest": 0}, "1 tap or more and a beam 1 set; asked for were 0 and 16"),
        (2, {"beam": 0}, "asked for were None and 0"),
    ],
)
def test_nothing_to_fuse_is_refused(taps, options, message):
    with pytest.raises(DataError, match=message):
        score_fusions(kernels_of(taps_of(taps)), make_targets(CLASSES, "classification"), **options)


def test_kernels_of_other_examples_are_refused():
    kernels = kernels_of(taps_of(1)) | {"short": make_kernel(np.eye(3))}

    with pytest.raises(DataError, match="targets of 40 examples and kernels of others: short of 3"):
        score_fusions(kernels, make_targets(CLASSES, "classification"))
