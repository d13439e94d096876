"""Whether images are turned into what ImageNet weights were trained on, where a recipe says it itself."""

from collections.abc import Iterator

from fusion.backbones.applications import APPLICATIONS
from fusion.backbones.ranges import check_picture, is_reversed, scaling
from fusion.errors import BackboneError, InputSizeError, Problem
from fusion.recipe.backbones import Backbone
from fusion.recipe.preprocessing import Mode, Preprocess, Scaling
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import pointer

CLOSE = 0.02
"""Part of what a pixel can become that two preprocessings may be apart and still be the same, written roughly."""

WORDS: dict[Mode, str] = {
    "caffe": "as blue, green and red less their means (caffe)",
    "tf": "in -1..1 (tf)",
    "torch": "in deviations from their means (torch)",
    "none": "in 0..255 (none)",
}
"""What images are after each preprocessing."""


def misprepared(recipe: Recipe) -> Iterator[Problem]:
    """Yields a problem for each backbone with ImageNet weights that is fed what those were not trained on.

    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (64, 64, 3)}},
    ...     backbones={"net": Backbone(arch="MobileNet", weights="imagenet", preprocess={"scale": 1 / 255})},
    ...     branches={"all": {"input": "photo", "backbone": "net"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> [problem.place for problem in misprepared(one)]
    ['/backbones/net/preprocess']
    """
    for name, backbone in recipe.backbones.items():
        if not isinstance(backbone, Backbone) or backbone.weights != "imagenet":
            continue
        declared, known = backbone.preprocess, APPLICATIONS.get(backbone.arch)
        if declared == "auto" or known is None or not _is_for_colour(declared):
            continue
        if is_same(declared, known.preprocess):
            continue
        wanted, fed = _said(known.preprocess), _said(declared)
        text = (
            f"The ImageNet weights of {backbone.arch} were trained on images {wanted}, not {fed}: "
            'that loses accuracy without an error. Leave "preprocess" out; the "range" of the input says what its pixels are.'
        )
        yield Problem(pointer(("backbones", name, "preprocess")), text)


def is_same(one: Preprocess, other: Preprocess) -> bool:
    """Returns whether two preprocessings turn 0..255 into the same, but for roughly written numbers.

    >>> is_same("tf", Scaling(scale=0.00784, offset=-1)), is_same("tf", Scaling(scale=1 / 255))
    (True, False)
    """
    if is_reversed(one) != is_reversed(other):
        return False
    (low, high), (lower, higher) = _ends(one), _ends(other)
    room = [CLOSE * (top - bottom) for bottom, top in zip(low, high, strict=True)]
    return all(
        abs(a - b) <= span
        for mine, theirs in ((low, lower), (high, higher))
        for a, b, span in zip(mine, theirs, room, strict=True)
    )


def _ends(mode: Preprocess) -> tuple[list[float], list[float]]:
    """Returns what 0 and what 255 become, by channel."""
    scale, offset = scaling(mode, (0, 255))
    factors, shifts = (part * 3 if len(part) == 1 else part for part in (scale, offset))
    return list(shifts), [255 * factor + shift for factor, shift in zip(factors, shifts, strict=True)]


def _is_for_colour(mode: Preprocess) -> bool:
    """Whether it can be done to colour images; what cannot is refused where images are read."""
    try:
        check_picture(mode, value_range=(0, 255), shape=(1, 1, 3))
    except (BackboneError, InputSizeError):
        return False
    return True


def _said(mode: Preprocess) -> str:
    return str(mode) if isinstance(mode, Scaling) else WORDS[mode]
