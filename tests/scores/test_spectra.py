import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.spectra import decompose, decompose_gram, standardise


@pytest.mark.parametrize("width", [1, 5, 29, 30, 31, 80])
@pytest.mark.parametrize("form", ["primal", "dual", None])
def test_a_spectrum_keeps_every_inner_product(width, form):
    features = np.random.default_rng(0).standard_normal((30, width)) + 3
    centred = features - features.mean(0)

    spectrum = decompose(features, form=form)

    assert np.allclose(spectrum.scores @ spectrum.scores.T, centred @ centred.T, atol=1e-10)
    assert np.allclose(spectrum.scores.T @ spectrum.scores, np.diag(spectrum.energies), atol=1e-10)
    assert len(spectrum.energies) == min(width, 29)
    assert spectrum.width == width


def test_the_smaller_matrix_is_decomposed():
    features = np.random.default_rng(0).standard_normal((10, 20))

    assert decompose(features).form == "dual"
    assert decompose(features.T).form == "primal"


def test_the_gram_matrix_of_taps_side_by_side_is_the_sum_of_theirs():
    generator = np.random.default_rng(0)
    one, other = generator.standard_normal((12, 3)), generator.standard_normal((12, 20)) + 1

    fused = decompose_gram(one @ one.T + other @ other.T, width=23)

    assert np.allclose(fused.energies, decompose(np.hstack([one, other])).energies)


def test_each_feature_gets_one_scale_and_each_tap_the_same_length():
    features = np.random.default_rng(0).standard_normal((20, 4)) * [1, 10, 100, 0] + 5

    scaled = standardise(features)

    assert np.allclose(scaled.std(0), [np.sqrt(1 / 3)] * 3 + [0])
    assert np.trace(scaled @ scaled.T) == pytest.approx(20)


def test_a_tap_scaled_as_a_whole_keeps_the_shape_of_its_features():
    features = np.random.default_rng(0).standard_normal((20, 2)) * [1, 10] + 5

    scaled = standardise(features, by="tap")

    assert scaled.std(0)[1] / scaled.std(0)[0] == pytest.approx(features.std(0)[1] / features.std(0)[0])
    assert (scaled**2).sum() == pytest.approx(20)


def test_what_rounding_leaves_of_a_constant_is_no_feature():
    features = np.full((100, 2), 0.1, dtype=np.float32)
    features[::2, 0] = 0.3
    features[::3, 1] = np.nextafter(features[0, 1], np.float32(1))

    assert standardise(features)[:, 1].tolist() == [0.0] * 100


def test_what_rounding_leaves_of_the_mean_is_no_direction():
    features = np.random.default_rng(0).standard_normal((30, 80)) + 1e6

    assert len(decompose_gram(features @ features.T, width=80).energies) <= 29


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.ones((4, 2)), "None of the 2 features varies over the 4 examples"),
        (np.ones((4, 2, 2)), r"shape \(4, 2, 2\)\. Pool grids first"),
        (np.ones((2, 2)), r"3 examples or more, and these have shape \(2, 2\)"),
        (np.array([[1.0], [np.inf], [2.0], [np.nan]]), "2 of 4 examples have features that are not finite"),
    ],
)
def test_features_that_tell_nothing_are_refused(features, message):
    with pytest.raises(DataError, match=message):
        standardise(features)


def test_a_mistyped_scaling_is_refused():
    with pytest.raises(DataError, match=r"not scaled by 'features'\. Did you mean 'feature'"):
        standardise(np.eye(4), by="features")


@pytest.mark.parametrize("form", ["primal", "dual"])
def test_features_that_never_vary_have_no_spectrum(form):
    with pytest.raises(DataError, match="No feature varies"):
        decompose(np.ones((5, 3)), form=form)
