import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores import weights
from fusion.scores.spectra import standardise
from fusion.scores.subsets import make_kernel
from fusion.scores.targets import make_targets, skill
from fusion.scores.weights import press, weigh

CLASSES = np.arange(45) % 3


def taps_of(strengths, width=6):
    generator = np.random.default_rng(0)
    return {
        f"tap{place}": standardise(
            generator.standard_normal((45, width)) + strength * np.eye(3, width)[CLASSES]
        )
        for place, strength in enumerate(strengths)
    }


def kernels_of(taps):
    return {name: make_kernel(features) for name, features in taps.items()}


def test_the_error_is_that_of_ridge_without_each_example(sklearn):
    taps = taps_of([1, 2, 0])
    targets = make_targets(CLASSES, "classification")
    logs = np.array([-1.0, 0.5, -3.0])
    grams = np.array([kernel.gram for kernel in kernels_of(taps).values()])

    error, _ = press(grams, targets.centred, logs)

    features = np.hstack([tap * np.exp(log / 2) for tap, log in zip(taps.values(), logs, strict=True)])
    fitted = sklearn.model_selection.cross_val_predict(
        sklearn.linear_model.Ridge(alpha=1.0, solver="svd"),
        features,
        targets.columns,
        cv=sklearn.model_selection.LeaveOneOut(),
    )
    assert error == pytest.approx(((fitted - targets.columns) ** 2).mean(), abs=1e-10)


def test_the_gradient_is_that_of_the_error(scipy):
    grams = np.array([kernel.gram for kernel in kernels_of(taps_of([1, 2, 0])).values()])
    columns = make_targets(CLASSES, "classification").centred
    logs = np.array([-1.0, 0.5, -3.0])

    _, gradient = press(grams, columns, logs)

    assert gradient == pytest.approx(
        scipy.optimize.approx_fprime(logs, lambda at: press(grams, columns, at)[0], 1e-7), abs=1e-7
    )


@pytest.mark.parametrize("strengths", [(1, 2, 0), (0.5, 0.5), (0, 0, 0.7, 0)])
def test_weights_are_where_a_library_ends(strengths, scipy):
    kernels = kernels_of(taps_of(strengths))
    targets = make_targets(CLASSES, "classification")
    grams = np.array([kernel.gram for kernel in kernels.values()])

    found = weigh(kernels, targets)

    start = np.log(np.full(len(grams), 0.01))
    options = {"gtol": 1e-9, "maxiter": 1000}
    best = scipy.optimize.minimize(
        lambda logs: press(grams, targets.centred, logs), start, jac=True, method="BFGS", options=options
    )
    assert found.converged
    assert found.skill == pytest.approx(skill(targets, best.fun), abs=1e-5)
    assert sum(found.weights.values()) == pytest.approx(1)


def test_weights_and_penalty_give_the_skill_they_say(sklearn):
    taps, targets = taps_of([1, 2, 0]), make_targets(CLASSES, "classification")

    found = weigh(kernels_of(taps), targets)

    features = np.hstack([tap * np.sqrt(found.weights[name]) for name, tap in taps.items()])
    model = sklearn.linear_model.Ridge(alpha=found.penalty, solver="svd")
    fitted = sklearn.model_selection.cross_val_predict(
        model, features, targets.columns, cv=sklearn.model_selection.LeaveOneOut()
    )
    assert found.skill == pytest.approx(skill(targets, ((fitted - targets.columns) ** 2).mean()), abs=1e-8)
    assert found.skill > found.equal_skill + 0.01


def test_a_tap_of_noise_gets_next_to_nothing():
    found = weigh(kernels_of(taps_of([0, 3, 0])), make_targets(CLASSES, "classification"))

    assert found.weights["tap1"] > 0.95


def test_the_scale_of_kernels_is_taken_back_by_weights():
    taps, targets = taps_of([1, 2]), make_targets(CLASSES, "classification")

    before = weigh(kernels_of(taps), targets)
    after = weigh(kernels_of({name: 1000 * tap for name, tap in taps.items()}), targets)

    assert after.weights == pytest.approx(before.weights, abs=1e-6)
    assert after.penalty == pytest.approx(before.penalty * 1e6, rel=1e-5)


def test_targets_that_features_give_exactly_end_the_search():
    taps = taps_of([0, 0])

    found = weigh(kernels_of(taps), make_targets(taps["tap0"][:, :1], "regression"))

    assert found.skill > 0.999999
    assert np.isfinite(found.penalty)


@pytest.mark.parametrize("seed", [1, 2])
def test_more_features_than_examples_that_give_targets_exactly_do_so_too(seed):
    generator = np.random.default_rng(seed)
    taps = {name: standardise(generator.standard_normal((45, 60))) for name in "ab"}

    found = weigh(kernels_of(taps), make_targets(taps["a"][:, :3].sum(1), "regression"))

    assert found.skill > found.equal_skill
    # Below this, what one example alone decides is lost in rounding and is divided by.
    assert found.penalty > 4e-7


def test_a_search_that_was_cut_off_says_so(monkeypatch):
    monkeypatch.setattr(weights, "STEPS", 1)

    assert not weigh(kernels_of(taps_of([1, 2, 0])), make_targets(CLASSES, "classification")).converged


@pytest.mark.parametrize("taps", [{}, {"short": np.eye(3)}])
def test_kernels_of_other_examples_are_refused(taps):
    with pytest.raises(DataError, match="all of the 45 examples that have targets"):
        weigh(kernels_of(taps), make_targets(CLASSES, "classification"))
