import math

import pytest

from fusion.statistics.student import quantile, within

QUANTILES = [
    (1, 0.95, 12.706204736174694),
    (2, 0.95, 4.302652729749462),
    (3, 0.99, 5.840909309733355),
    (4, 0.95, 2.7764451051977934),
    (9, 0.95, 2.262157162798205),
    (9, 0.996875, 3.9969024388460186),
    (29, 0.9, 1.6991270265334972),
    (200, 0.95, 1.9718962236339088),
]
"""Degrees of freedom, confidence and what scipy.stats.t.ppf (1.17) gives for (1 + confidence) / 2."""


@pytest.mark.parametrize(("freedom", "confidence", "expected"), QUANTILES)
def test_quantiles_are_those_of_scipy(freedom, confidence, expected):
    assert quantile(confidence, freedom) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("t", "freedom", "expected"),
    [
        (0.3, 1, 0.18554715815548461),
        (2, 2, 0.816496580927726),
        (1.5, 7, 0.82270151301003),
        (3, 10, 0.9866563449774304),
    ],
)
def test_probabilities_are_those_of_scipy(t, freedom, expected):
    assert within(t, freedom) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("freedom", range(1, 40))
def test_a_quantile_is_where_the_probability_is(freedom):
    assert within(quantile(0.9, freedom), freedom) == pytest.approx(0.9, abs=1e-12)


def test_all_of_it_lies_within_infinity():
    assert within(math.inf, 4) == 1
