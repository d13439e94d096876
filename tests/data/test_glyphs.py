import numpy as np
import pytest

from fusion.data.examples import splits
from fusion.data.glyphs import ALPHABETS, _draw, fonts_with, glyph_data, glyphs
from fusion.errors import DataError


def test_glyphs_follow_from_the_seed():
    one, same, other = (glyphs("greek", per_class=2, seed=seed) for seed in (3, 3, 4))

    assert (one.images == same.images).all()
    assert (one.targets == same.targets).all()
    assert (one.images != other.images).any()


def test_more_glyphs_are_the_same_and_others_in_another_order():
    few, many = (glyphs("greek", per_class=count, seed=3) for count in (2, 3))

    first, second = ([image.tobytes() for image in drawn.images] for drawn in (few, many))
    assert set(first) < set(second)
    assert first != second[: len(first)]


def test_every_class_has_as_many_glyphs_in_mixed_order():
    drawn = glyphs("symbols", per_class=3, seed=0)

    assert np.bincount(drawn.targets).tolist() == [3] * len(drawn.labels)
    assert drawn.targets.tolist() != sorted(drawn.targets)
    assert drawn.images.dtype == np.uint8
    assert drawn.targets.dtype == np.int64


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_every_character_has_ink_in_every_font_it_is_drawn_from(alphabet):
    for character in ALPHABETS[alphabet]:
        for font in fonts_with(character):
            ink = _draw(character, font, np.random.default_rng(0))
            assert ink.max() > 0.3, (character, font)
            assert ink[[0, -1]].max() < 0.5, (character, font)


def test_fonts_without_a_character_are_not_drawn_from():
    assert "DejaVuSerif.ttf" in fonts_with("β")
    assert "DejaVuSerif.ttf" not in fonts_with("∅")


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_characters_of_an_alphabet_differ(alphabet):
    assert len(set(ALPHABETS[alphabet])) == len(ALPHABETS[alphabet])
    assert all(len(fonts_with(character)) >= 10 for character in ALPHABETS[alphabet])


def test_splits_of_glyph_data_have_their_sizes_and_share_no_image():
    data = glyph_data("greek", train=3, validation=1, test=2, seed=1)

    assert {name: len(part) for name, part in splits(data).items()} == {
        "train": 87,
        "validation": 29,
        "test": 58,
    }
    images = [part.columns["photo"].values for part in splits(data).values()]
    assert len(np.unique(np.concatenate(images).reshape(174, -1), axis=0)) == 174


def test_more_training_glyphs_leave_the_test_split_alone():
    few, many = (glyph_data("greek", train=train, validation=1, test=1) for train in (1, 3))

    assert (few.test.columns["photo"].values == many.test.columns["photo"].values).all()


def test_unknown_alphabet_is_refused_with_the_near_one():
    with pytest.raises(DataError, match=r"no alphabet 'Greek'\. Did you mean 'greek'"):
        glyphs("Greek", per_class=1, seed=0)


def test_no_glyphs_per_class_is_refused():
    with pytest.raises(DataError, match="at least 1 glyph per class, got 0"):
        glyphs("greek", per_class=0, seed=0)
