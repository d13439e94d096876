import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.agreement import compare_scores, regret, tau


@pytest.mark.parametrize("levels", [2, 4, 1000])
def test_tau_is_that_of_scipy_with_and_without_ties(levels, scipy):
    generator = np.random.default_rng(levels)
    scores, measured = generator.integers(0, levels, (2, 12)) / levels

    assert tau(scores, measured) == pytest.approx(
        scipy.stats.kendalltau(scores, measured).statistic, abs=1e-12
    )


def test_an_order_of_ties_has_no_tau():
    assert tau([1, 1, 1], [1, 2, 3]) is None
    assert tau([1, 2, 3], [1, 1, 1]) is None


def test_regret_is_the_loss_of_the_tap_put_first():
    assert regret([0.1, 0.9, 0.5], [0.7, 0.6, 0.8]) == pytest.approx(0.2)
    assert regret([0.9, 0.9, 0.5], [0.7, 0.6, 0.8]) == pytest.approx(0.15)
    assert regret([0.1, 0.2, 0.5], [0.7, 0.6, 0.8]) == 0


def test_depth_and_width_stand_beside_every_score():
    rows = compare_scores({"knn": [3, 1, 2]}, [0.5, 0.7, 0.9], depths=[1, 2, 3], widths=[9, 4, 1])

    assert [row.score for row in rows] == ["knn", "depth", "width"]
    assert [row.tau for row in rows] == pytest.approx([-1 / 3, 1, -1])
    assert [row.regret for row in rows] == pytest.approx([0.4, 0, 0.4])


@pytest.mark.parametrize("function", [tau, regret])
@pytest.mark.parametrize(("scores", "measured"), [([1, 2], [1, 2, 3]), ([], [])])
def test_scores_and_measurements_are_of_the_same_taps(function, scores, measured):
    with pytest.raises(DataError, match=f"scores of {len(scores)} taps and measurements of {len(measured)}"):
        function(scores, measured)
