"""How fast a machine reads, computes and decodes: what a frontier is weighed with."""

from dataclasses import dataclass, fields

from fusion.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Rates:
    """What one machine does in a second, and how long one image takes it; they are all weighed against each other.

    The usual values were measured on one core of a server with AVX-512: ResNet50 and MobileNet in Keras, and photographs
    of 300 by 260 pixels decoded for an input of 224. What is read is taken to come from a disk in part; out of memory it
    was two to six times as fast.

    Args:
        read: Bytes of stored tensors read in a second, in shuffled rows; writing is taken to be as fast.
        compute: Floating point operations in a second, a multiply-accumulate being two.
        decode: Seconds to read and decode one image file.

    >>> Rates(compute=2e12).decode
    0.003

    Raises:
        TrainingError: If one is no number above 0; only to decode may take no time.
    """

    read: float = 1e9
    compute: float = 5e10
    decode: float = 0.003

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = "0 or more" if field.name == "decode" else "more than 0"
            if not (0 < value < float("inf")) and not (field.name == "decode" and value == 0):
                raise TrainingError(f"The rate {field.name!r} is {least}, got {value!r}.")
