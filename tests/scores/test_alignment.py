import numpy as np
import pytest

from fusion.errors import DataError
from fusion.scores.alignment import align
from fusion.scores.spectra import decompose


def u_centred(features):
    """The definition of Szekely and Rizzo, element by element."""
    gram = features @ features.T
    count = len(gram)
    np.fill_diagonal(gram, 0.0)
    rows = gram.sum(0)
    centred = np.zeros_like(gram)
    for i in range(count):
        for j in range(count):
            if i != j:
                centred[i, j] = (
                    gram[i, j]
                    - rows[i] / (count - 2)
                    - rows[j] / (count - 2)
                    + rows.sum() / ((count - 1) * (count - 2))
                )
    return centred


@pytest.mark.parametrize("widths", [(3, 5), (3, 50), (60, 50)])
def test_alignment_is_that_of_u_centred_gram_matrices(widths):
    generator = np.random.default_rng(0)
    one, other = (generator.standard_normal((14, width)) + 3 for width in widths)
    other[:, 0] += one[:, 0]
    left, right = u_centred(one), u_centred(other)

    found = align([decompose(one), decompose(other)])

    expected = (left * right).sum() / np.sqrt((left**2).sum() * (right**2).sum())
    assert found == pytest.approx(np.array([[1, expected], [expected, 1]]), abs=1e-10)


def test_turning_scaling_and_shifting_change_nothing():
    generator = np.random.default_rng(0)
    features = generator.standard_normal((50, 8))
    turn = np.linalg.qr(generator.standard_normal((8, 8)))[0]

    assert align([decompose(features), decompose(3 * features @ turn + 7)])[0, 1] == pytest.approx(
        1, abs=1e-10
    )


@pytest.mark.parametrize("width", [8, 64, 512, 2048])
def test_taps_that_have_nothing_in_common_are_not_alike_at_any_width(width):
    generator = np.random.default_rng(0)
    spectra = [decompose(generator.standard_normal((300, width))) for _ in range(2)]

    assert abs(align(spectra)[0, 1]) < 0.02


@pytest.mark.parametrize(("first", "second"), [(3, 3), (5, 6)])
def test_taps_of_other_or_too_few_examples_are_refused(first, second):
    generator = np.random.default_rng(0)
    spectra = [decompose(generator.standard_normal((count, 4))) for count in (first, second)]

    with pytest.raises(DataError, match=r"same examples at each tap, 4 or more.*\["):
        align(spectra)


def test_a_tap_without_structure_is_refused():
    with pytest.raises(DataError, match="equally unlike each other"):
        align([decompose(np.eye(6))])
