import numpy as np
import pytest

from fusion.statistics.convergence import has_converged


def test_a_loss_that_has_levelled_off_has_converged():
    assert has_converged(np.exp(-np.arange(60) / 5))


def test_a_loss_that_still_falls_has_not():
    assert not has_converged(np.exp(-np.arange(20) / 20))


def test_a_loss_that_rises_again_has_stopped_improving():
    assert has_converged([1, 0.5, 0.3, 0.35, 0.4, 0.45])


def test_the_unit_of_the_loss_does_not_matter():
    curve = np.exp(-np.arange(30) / 12)

    assert [has_converged(curve * scale) for scale in (1e-6, 1, 1e6)] == [has_converged(curve)] * 3


def test_only_the_last_tenth_tells():
    fallen = np.r_[np.linspace(10, 1, 90), np.ones(10)]

    assert has_converged(fallen)
    assert not has_converged(fallen[:92])


@pytest.mark.parametrize(
    "curve", [[], [1.0], [1.0, 1.0, 1.0], [1, 1, 1, 1, float("nan")], [1, 1, float("inf"), 1, 1]]
)
def test_what_cannot_be_judged_has_not_converged(curve):
    assert not has_converged(curve)


def test_a_tolerance_may_be_wider():
    curve = [1.0, 0.5, 0.3, 0.25, 0.22, 0.2]

    assert not has_converged(curve)
    assert has_converged(curve, tolerance=0.2)
