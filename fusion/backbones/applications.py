"""The list of architectures as plain values: those of `keras.applications`, small ones of our own, registered ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from fusion.errors import BackboneError, near
from fusion.recipe.preprocessing import Preprocess

Reads = Literal["images", "tokens"]
"""What an architecture is fed: images, or lists of the numbers of tokens or words."""


@dataclass(frozen=True, slots=True)
class Application:
    """One architecture whose pretrained weights want pictures in one way, or that reads texts as numbers.

    Args:
        name: Name of its constructor.
        preprocess: What its weights want; `"none"` for a network that scales 0..255 itself.
        min_size: Smallest height and width its constructor takes.
        size: Height and width its ImageNet weights were trained at, or 28 for our own; of texts 32 tokens.
        options: Constructor options a recipe may set; they change the network.
        imagenet: Whether Keras publishes ImageNet weights for it.
        reads: What it is fed.
    """

    name: str
    preprocess: Preprocess
    min_size: int = 32
    size: int = 224
    options: tuple[str, ...] = ()
    imagenet: bool = True
    reads: Reads = "images"


_LISTED = (
    Application("ConvNeXtTiny", "none"),
    Application("ConvNeXtSmall", "none"),
    Application("ConvNeXtBase", "none"),
    Application("ConvNeXtLarge", "none"),
    Application("ConvNeXtXLarge", "none"),
    Application("DenseNet121", "torch"),
    Application("DenseNet169", "torch"),
    Application("DenseNet201", "torch"),
    Application("EfficientNetB0", "none"),
    Application("EfficientNetB1", "none", size=240),
    Application("EfficientNetB2", "none", size=260),
    Application("EfficientNetB3", "none", size=300),
    Application("EfficientNetB4", "none", size=380),
    Application("EfficientNetB5", "none", size=456),
    Application("EfficientNetB6", "none", size=528),
    Application("EfficientNetB7", "none", size=600),
    Application("EfficientNetV2B0", "none"),
    Application("EfficientNetV2B1", "none", size=240),
    Application("EfficientNetV2B2", "none", size=260),
    Application("EfficientNetV2B3", "none", size=300),
    Application("EfficientNetV2S", "none", size=384),
    Application("EfficientNetV2M", "none", size=480),
    Application("EfficientNetV2L", "none", size=480),
    Application("InceptionResNetV2", "tf", min_size=75, size=299),
    Application("InceptionV3", "tf", min_size=75, size=299),
    Application("MobileNet", "tf", options=("alpha", "depth_multiplier")),
    Application("MobileNetV2", "tf", options=("alpha",)),
    Application("MobileNetV3Large", "none", options=("alpha", "minimalistic")),
    Application("MobileNetV3Small", "none", options=("alpha", "minimalistic")),
    Application("NASNetLarge", "tf", size=331),
    Application("NASNetMobile", "tf"),
    Application("ResNet50", "caffe"),
    Application("ResNet101", "caffe"),
    Application("ResNet152", "caffe"),
    Application("ResNet50V2", "tf"),
    Application("ResNet101V2", "tf"),
    Application("ResNet152V2", "tf"),
    Application("VGG16", "caffe"),
    Application("VGG19", "caffe"),
    Application("Xception", "tf", min_size=71, size=299),
    Application("TinyVGG", "tf", min_size=16, size=28, options=("width",), imagenet=False),
    Application("TinyResNet", "tf", min_size=16, size=28, options=("width",), imagenet=False),
    Application("TinyText", "none", 1, 32, ("vocabulary", "width"), imagenet=False, reads="tokens"),
)

APPLICATIONS: dict[str, Application] = {application.name: application for application in _LISTED}
"""Every architecture that is built in, by name."""


@dataclass(frozen=True, slots=True)
class Registered:
    """An architecture that a function registered in Python builds.

    Args:
        application: What is known of it.
        function: What builds it.
        takes_any: Whether the function takes any option.
    """

    application: Application
    function: Callable[..., Any]
    takes_any: bool = False


REGISTERED: dict[str, Registered] = {}
"""Architectures registered in this process, by name; `fusion.register_backbone` adds to them."""


def find_application(arch: str) -> Application:
    """Returns what is known of an architecture.

    >>> find_application("VGG16").preprocess
    'caffe'

    Raises:
        BackboneError: If there is no such architecture.
    """
    if arch in REGISTERED:
        return REGISTERED[arch].application
    if arch not in APPLICATIONS:
        known = [*APPLICATIONS, *REGISTERED]
        raise BackboneError(
            f"There is no architecture {arch!r}.{near(arch, known)} Known: {', '.join(known)}."
        )
    return APPLICATIONS[arch]
