import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.holding import hold_out
from fusion.scores.spectra import scale_of, standardise
from fusion.scores.targets import make_targets, take


@pytest.mark.parametrize("width", [5, 90])
def test_a_held_out_probe_is_that_of_scikit_learn(width):
    linear_model = pytest.importorskip("sklearn.linear_model")
    generator = np.random.default_rng(width)
    features = generator.standard_normal((60, width)) + 3
    every = make_targets(
        features @ generator.standard_normal((width, 2)) + generator.standard_normal((60, 2)), "regression"
    )
    here, there = take(every, np.arange(40)), take(every, np.arange(40, 60))

    found = hold_out(features[:40], here, features[40:], there, penalty=0.3)

    scale = scale_of(features[:40])
    model = linear_model.Ridge(alpha=0.3, solver="cholesky").fit(scale.applied(features[:40]), here.columns)
    error = ((model.predict(scale.applied(features[40:])) - there.columns) ** 2).mean()
    blind = ((there.centred * 20 / 19) ** 2).mean()
    assert found == pytest.approx(1 - error / blind, abs=1e-8)


def test_examples_a_scale_was_learned_from_come_out_standardised():
    features = np.random.default_rng(0).standard_normal((30, 4))
    features[:, 2] = 7.0

    for by in ("feature", "tap"):
        assert np.array_equal(scale_of(features, by=by).applied(features), standardise(features, by=by))


def test_other_features_than_those_fitted_are_refused():
    targets = make_targets([0, 1, 0], "binary")

    with pytest.raises(
        DataError, match="A probe of 3 features and 1 columns of targets cannot be asked about 2 and 1"
    ):
        hold_out(np.eye(3), targets, np.eye(3)[:, :2], targets, penalty=1.0)
