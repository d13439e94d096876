"""What has to be done to a picture's values before a backbone reads them, as plain numbers."""

from typing import get_args

from fusion.errors import BackboneError, InputSizeError, near
from fusion.recipe.preprocessing import Mode, Preprocess, Scaling
from fusion.skeleton.layers import Shape

Triple = tuple[float, ...]

# Blue, green, red, as Caffe's ResNet and VGG were trained; red, green, blue of torchvision.
# Source: keras/src/applications/imagenet_utils.py.
CAFFE_MEAN: Triple = (103.939, 116.779, 123.68)
TORCH_MEAN: Triple = (0.485, 0.456, 0.406)
TORCH_DEVIATION: Triple = (0.229, 0.224, 0.225)


def needs_preprocessing(
    mode: Preprocess, *, value_range: tuple[float, float], shape: Shape, size: tuple[int, int] | None
) -> bool:
    """Returns whether a picture as declared differs from what a backbone wants.

    >>> needs_preprocessing("none", value_range=(0, 255), shape=(224, 224, 3), size=(224, 224))
    False
    >>> needs_preprocessing("none", value_range=(0, 1), shape=(224, 224, 3), size=None)
    True

    Raises:
        BackboneError: If the mode is unknown or the range is empty.
        InputSizeError: If the pictures have other channels than the mode wants.
    """
    check_picture(mode, value_range=value_range, shape=shape)
    resized = size is not None and tuple(size) != tuple(shape[:2])
    scale, offset = scaling(mode, value_range)
    return resized or is_reversed(mode) or set(scale) != {1.0} or set(offset) != {0.0}


def is_reversed(mode: Preprocess) -> bool:
    """Returns whether a backbone reads blue, green, red.

    >>> is_reversed("caffe"), is_reversed(Scaling(scale=1.0))
    (True, False)
    """
    return mode == "caffe" or (isinstance(mode, Scaling) and mode.channels == "bgr")


def scaling(mode: Preprocess, value_range: tuple[float, float]) -> tuple[Triple, Triple]:
    """Returns scale and offset, one for all channels or one each, that turn `value_range` into what `mode` wants.

    Where the channels are reversed they hold after that.

    >>> scaling("tf", (0, 1))
    ((2.0,), (-1.0,))

    Raises:
        BackboneError: If the mode is unknown.
    """
    low, high = value_range
    # As a line through 0..255 first: scale and offset to reach raw bytes, then those of the mode.
    scale, offset = 255 / (high - low), -255 * low / (high - low)
    match mode:
        case Scaling():
            return _as_read(mode, scale, offset)
        case "none":
            return (scale,), (offset,)
        case "tf":
            return (2 / (high - low),), (-2 * low / (high - low) - 1,)
        case "caffe":
            return (scale,), tuple(offset - mean for mean in CAFFE_MEAN)
        case "torch":
            pairs = list(zip(TORCH_MEAN, TORCH_DEVIATION, strict=True))
            return (
                tuple(scale / 255 / deviation for _, deviation in pairs),
                tuple((offset / 255 - mean) / deviation for mean, deviation in pairs),
            )
    known = get_args(Mode)
    raise BackboneError(f"There is no preprocessing {mode!r}.{near(mode, known)} Known: {', '.join(known)}.")


def check_picture(mode: Preprocess, *, value_range: tuple[float, float], shape: Shape) -> None:
    """Raises if pictures of this range and shape cannot be preprocessed in this mode; says nothing if they can.

    >>> check_picture("caffe", value_range=(0, 255), shape=(28, 28, 1))
    Traceback (most recent call last):
    ...
    fusion.errors.InputSizeError: Preprocessing 'caffe' needs pictures with 3 channels (RGB), got 28x28x1. ...

    Raises:
        BackboneError: If the mode is unknown or the range is empty.
        InputSizeError: If the pictures have other channels than the mode wants.
    """
    if value_range[0] >= value_range[1]:
        raise BackboneError(
            f"A range of values goes from low to high, such as (0, 255); got {tuple(value_range)}."
        )
    wanted = _channels(mode)
    scaling(mode, value_range)
    if wanted not in (None, shape[-1]):
        got = "x".join("?" if size is None else str(size) for size in shape)
        raise InputSizeError(
            f"Preprocessing {str(mode)!r} needs pictures with {wanted} channels{' (RGB)' if wanted == 3 else ''}, "
            f"got {got}. Repeat the channel three times, or take a backbone that wants 'tf' or 'none'."
        )


def _channels(mode: Preprocess) -> int | None:
    """Returns how many channels a mode is for; `None` if for any number."""
    if isinstance(mode, Scaling):
        each = {len(part) for part in (mode.scale, mode.offset) if isinstance(part, tuple)}
        if len(each) > 1:
            raise BackboneError(
                f"Scale and offset are for different numbers of channels: {mode.scale} and {mode.offset}."
            )
        return each.pop() if each else 3 if mode.channels == "bgr" else None
    return 3 if mode in ("caffe", "torch") else None


def _as_read(line: Scaling, scale: float, offset: float) -> tuple[Triple, Triple]:
    """Returns a line over 0..255 as one over values that `scale` and `offset` bring there."""
    factors = line.scale if isinstance(line.scale, tuple) else (line.scale,)
    shifts = line.offset if isinstance(line.offset, tuple) else (line.offset,)
    wide = max(len(factors), len(shifts))
    factors, shifts = factors * (wide // len(factors)), shifts * (wide // len(shifts))
    return (
        tuple(factor * scale for factor in factors),
        tuple(factor * offset + shift for factor, shift in zip(factors, shifts, strict=True)),
    )
