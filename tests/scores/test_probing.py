import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores import evidence, ridge
from fusion.scores.evidence import logme
from fusion.scores.neighbours import nearest, probe_neighbours
from fusion.scores.nulls import orders
from fusion.scores.probing import SCORES, Probing, Tap, corrected, judge, probe
from fusion.scores.ridge import probe_ridge
from fusion.scores.separation import hscore, hscore_draws
from fusion.scores.spectra import decompose, standardise
from fusion.scores.targets import make_targets, take

CLASSES = np.arange(60) % 3
PLAIN = Probing(permutations=0)


def taps_of(examples=60, width=5):
    generator = np.random.default_rng(3)
    # Features that go together: the H-score would be shrunk to nothing otherwise.
    shared = 2 * generator.standard_normal((examples, 1))
    signal = np.eye(3, width)[np.arange(examples) % 3]
    return {
        f"tap{place}": Tap(generator.standard_normal((examples, width)) + shared + place * signal, place / 3)
        for place in range(3)
    }


def targets_of(task, examples=60):
    classes = np.arange(examples) % 3
    values = {
        "classification": classes,
        "binary": classes == 1,
        "multilabel": np.eye(3)[classes],
        "regression": np.eye(3)[classes] + 0.1 * np.arange(examples)[:, None],
    }
    return make_targets(values[task], task)


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
def test_a_probe_is_its_scores(task):
    taps, targets = taps_of(), targets_of(task)

    row = probe(taps, targets, PLAIN).taps[1]

    features = standardise(taps["tap1"].features)
    spectrum = decompose(features)
    assert (row.name, row.depth, row.width) == ("tap1", 1 / 3, 5)
    assert row.ridge == probe_ridge(spectrum, targets)
    assert row.scores == {
        "ridge": row.ridge.value,
        "knn": probe_neighbours(nearest(features), targets),
        "logme": logme(spectrum, targets),
        "hscore": hscore(spectrum, targets).excess,
    }
    assert row.nulls == {}


def test_a_better_tap_scores_higher_everywhere_and_beats_its_null():
    found = probe(taps_of(), targets_of("classification"), Probing(permutations=39))

    for score in SCORES:
        values = [row.scores[score] for row in found.taps]
        assert values == sorted(values)
        assert found.taps[0].nulls[score].p > 0.05 >= found.taps[2].nulls[score].p
        assert corrected(found, score)["tap2"] <= 0.05
    assert found.similarity.shape == (3, 3)
    assert found.similarity[0, 0] == pytest.approx(1)


def test_scores_are_judged_beside_depth_and_width():
    found = probe(taps_of(), targets_of("classification"), PLAIN)

    rows = {row.score: row for row in judge(found, [0.3, 0.9, 0.5])}

    assert list(rows) == [*SCORES, "depth", "width"]
    assert rows["ridge"].tau == rows["depth"].tau == pytest.approx(1 / 3)
    assert rows["ridge"].regret == pytest.approx(0.4)
    assert rows["width"].tau is None


def test_many_examples_of_few_features_are_all_scored():
    found = probe(taps_of(300), targets_of("classification", 300), Probing(permutations=0, rows=100))

    assert not found.sampled
    assert len(found.rows) == 300


def test_many_examples_of_many_features_are_sampled_and_say_so():
    taps, targets = taps_of(300, width=120), targets_of("classification", 300)

    found = probe(taps, targets, Probing(permutations=0, rows=100))

    assert found.sampled
    assert len(found.rows) == 100
    assert np.bincount(np.arange(300)[found.rows] % 3).tolist() in ([33, 33, 34], [33, 34, 33], [34, 33, 33])
    spectrum = decompose(standardise(taps["tap2"].features[found.rows]))
    assert found.taps[2].ridge == probe_ridge(spectrum, take(targets, found.rows))


def test_a_probe_of_other_examples_or_of_nothing_is_refused():
    with pytest.raises(DataError, match=r"targets of 60 examples, and features of others: tap0 of \(30, 5\)"):
        probe(taps_of(30), targets_of("classification"))
    with pytest.raises(DataError, match=r"features of others: none\. Give one tap or more"):
        probe({}, targets_of("classification"))


def test_nulls_that_were_not_drawn_are_not_corrected():
    with pytest.raises(
        DataError, match=r"no nulls of 'knn'\. Probe with permutations, and name one of ridge, knn"
    ):
        corrected(probe(taps_of(), targets_of("classification"), PLAIN), "knn")


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
def test_scores_of_many_orders_at_once_are_those_of_each(task, monkeypatch):
    taps, targets = taps_of(), targets_of(task)
    drawn = orders(len(targets), permutations=7, seed=3)
    # So that they go through in several blocks.
    monkeypatch.setattr(ridge, "BLOCK", 19 * targets.columns.size * 3)
    monkeypatch.setattr(evidence, "BLOCK", targets.columns.size * 2)

    for tap in taps.values():
        features = standardise(tap.features)
        spectrum = decompose(features)
        each = [take(targets, order) for order in drawn]
        np.testing.assert_allclose(
            ridge.ridge_draws(spectrum, targets, drawn),
            [probe_ridge(spectrum, one).value for one in each],
            rtol=1e-8,
        )
        np.testing.assert_allclose(
            evidence.logme_draws(spectrum, targets, drawn), [logme(spectrum, one) for one in each], rtol=1e-8
        )
        np.testing.assert_allclose(
            hscore_draws(spectrum, targets, drawn),
            [hscore(spectrum, one).excess for one in each],
            rtol=1e-8,
            atol=1e-10,
        )
