"""Colours: streams differ from each other and from ordinary lines, and their letters can be read."""

from collections.abc import Mapping
from itertools import combinations

import pytest

from fusion.drawing.palette import DARK, LIGHT, Colour
from fusion.drawing.streams import COLOURS


def luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_letters_of_six_streams_can_be_read_on_their_colours(palette: Mapping[Colour, str]) -> None:
    for name in COLOURS:
        low, high = sorted(luminance(palette[each]) for each in (name, "page"))
        assert (high + 0.05) / (low + 0.05) >= 4.5, name


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_six_streams_have_six_colours_that_no_other_line_has(palette: Mapping[Colour, str]) -> None:
    others = [palette[each] for each in ("line", "ghost", "frozen", "trainable", "edge", "mute")]

    assert len(COLOURS) == 6
    for one, other in combinations([*(palette[each] for each in COLOURS), *others[:4]], 2):
        apart = sum(abs(int(one[p : p + 2], 16) - int(other[p : p + 2], 16)) for p in (1, 3, 5))
        assert apart > 40 or {one, other} <= set(others)


FILLS: tuple[Colour, ...] = ("page", "paper", "panel", "frozen_fill", "trainable_fill", "ghost_fill")


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_words_can_be_read_on_everything_they_stand_on_and_signs_be_seen(
    palette: Mapping[Colour, str],
) -> None:
    # As WCAG 2.1 asks: 4.5 for words, 3 for what is no word.
    words = [(text, fill) for text in ("ink", "mute") for fill in FILLS]
    words += [("page", "frozen"), ("page", "trainable")]
    signs = [(each, f"{each}_fill") for each in ("frozen", "trainable")]
    signs += [(each, ground) for each in ("line", "ghost", "ink") for ground in ("page", "panel")]
    for pairs, least in ((words, 4.5), (signs, 3.0)):
        for pair in pairs:
            low, high = sorted(luminance(palette[each]) for each in pair)
            assert (high + 0.05) / (low + 0.05) >= least, pair
