import pytest

from fusion.backbones.ranges import check_picture, needs_preprocessing, scaling
from fusion.errors import BackboneError, InputSizeError
from fusion.recipe.preprocessing import Scaling


def apply(mode, value_range, value, channel=0):
    scale, offset = scaling(mode, value_range)
    return value * scale[channel % len(scale)] + offset[channel % len(offset)]


@pytest.mark.parametrize("value_range", [(0, 255), (0, 1), (-1, 1), (10, 20)])
@pytest.mark.parametrize(
    ("mode", "low", "high"),
    [("none", 0, 255), ("tf", -1, 1), ("caffe", -103.939, 151.061), ("torch", -0.485 / 0.229, 0.515 / 0.229)],
)
def test_any_range_becomes_what_the_mode_wants(mode, low, high, value_range):
    assert apply(mode, value_range, value_range[0]) == pytest.approx(low)
    assert apply(mode, value_range, value_range[1]) == pytest.approx(high)


@pytest.mark.parametrize(
    ("mode", "value_range", "size", "expected"),
    [
        ("none", (0, 255), None, False),
        ("none", (0.0, 255.0), (32, 48), False),
        ("none", (0, 255), (32, 32), True),
        ("none", (0, 1), None, True),
        ("tf", (-1, 1), None, False),
        ("tf", (0, 255), None, True),
        ("caffe", (0, 255), None, True),
        ("torch", (0, 1), None, True),
    ],
)
def test_whether_anything_has_to_be_done_is_known_beforehand(mode, value_range, size, expected):
    assert needs_preprocessing(mode, value_range=value_range, shape=(32, 48, 3), size=size) is expected


@pytest.mark.parametrize("mode", ["caffe", "torch"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (None, None, 4)])
def test_modes_with_a_mean_for_each_channel_need_three(mode, shape):
    with pytest.raises(
        InputSizeError, match=rf"Preprocessing '{mode}' needs pictures with 3 channels \(RGB\), got "
    ):
        check_picture(mode, value_range=(0, 255), shape=shape)


@pytest.mark.parametrize("mode", ["tf", "none"])
def test_other_modes_take_any_channels(mode):
    assert check_picture(mode, value_range=(0, 255), shape=(28, 28, 1)) is None


@pytest.mark.parametrize("value_range", [(1, 0), (3, 3)])
def test_an_empty_range_is_refused(value_range):
    with pytest.raises(BackboneError, match=r"goes from low to high, such as \(0, 255\); got "):
        needs_preprocessing("tf", value_range=value_range, shape=(28, 28, 3), size=None)


def test_an_unknown_mode_is_answered_with_the_nearest():
    with pytest.raises(
        BackboneError,
        match=r"no preprocessing 'cafe'\. Did you mean 'caffe'\? Known: caffe, tf, torch, none\.",
    ):
        scaling("cafe", (0, 255))


def test_scale_and_offset_for_different_numbers_of_channels_are_refused():
    uneven = Scaling(scale=(1, 2, 3), offset=(1, 2))

    with pytest.raises(BackboneError, match="different numbers of channels"):
        check_picture(uneven, value_range=(0, 255), shape=(8, 8, 3))
