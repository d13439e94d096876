"""Augmentation: how the images of training batches are changed at random; what is validated or predicted never is."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from fusion.errors import Problem, listed, near, shown
from fusion.recipe.inputs import NOUNS, Image, Input
from fusion.recipe.translation import pointer
from fusion.recipe.values import Named, Several, Value, by_key

Amount = Annotated[float, Field(strict=True, gt=0, lt=1)]
"""How far a change goes at most: more than 0, less than 1."""


class Flip(Value):
    """Mirrors half of the images; in JSON `{"flip": "horizontal"}`.

    Args:
        mode: Left and right change places (`horizontal`), top and bottom (`vertical`), or either by itself.

    >>> Flip(mode="horizontal").mode
    'horizontal'
    """

    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = Field(
        validation_alias="flip", serialization_alias="flip"
    )


class Rotation(Value):
    """Turns by up to a part of a full turn, either way; in JSON `{"rotation": 0.05}`, which is 18 degrees.

    >>> Rotation(factor=0.05).factor
    0.05
    """

    factor: Amount = Field(validation_alias="rotation", serialization_alias="rotation")


class Zoom(Value):
    """Shows up to a part more of the image or less, its proportions kept; in JSON `{"zoom": 0.1}`.

    >>> Zoom(factor=0.1).factor
    0.1
    """

    factor: Amount = Field(validation_alias="zoom", serialization_alias="zoom")


class Translation(Value):
    """Shifts by up to a part of the height and of the width, each drawn by itself; in JSON `{"translation": 0.1}`.

    >>> Translation(factor=0.1).factor
    0.1
    """

    factor: Amount = Field(validation_alias="translation", serialization_alias="translation")


class Contrast(Value):
    """Multiplies the distance from each channel's mean by 1 give or take a part; in JSON `{"contrast": 0.2}`.

    >>> Contrast(factor=0.2).factor
    0.2
    """

    factor: Amount = Field(validation_alias="contrast", serialization_alias="contrast")


class Brightness(Value):
    """Adds up to a part of the input's range, or takes it off; in JSON `{"brightness": 0.2}`.

    >>> Brightness(factor=0.2).factor
    0.2
    """

    factor: Amount = Field(validation_alias="brightness", serialization_alias="brightness")


KINDS: dict[type, str] = {
    Flip: "flip",
    Rotation: "rotation",
    Zoom: "zoom",
    Translation: "translation",
    Contrast: "contrast",
    Brightness: "brightness",
}
"""The key that tells each kind of change in JSON."""

Change = Annotated[
    Annotated[Flip, Tag("<flip>")]
    | Annotated[Rotation, Tag("<rotation>")]
    | Annotated[Zoom, Tag("<zoom>")]
    | Annotated[Translation, Tag("<translation>")]
    | Annotated[Contrast, Tag("<contrast>")]
    | Annotated[Brightness, Tag("<brightness>")],
    Discriminator(by_key(KINDS)),
]
"""A change of any kind; names and numbers mean what they do in `keras.layers.RandomFlip` and its like."""

Changes = Annotated[Several[Change], Field(min_length=1)]
"""Changes in order."""

Augmentation = Named[Changes]
"""Changes by the name of the image input they are made to."""


def misplaced(
    augmentation: Mapping[str, Sequence[Change]],
    inputs: Mapping[str, Input],
    declared: Collection[str] | None,
) -> Iterator[Problem]:
    """Yields a problem for each augmented input that is not declared, or is no image.

    Args:
        augmentation: Changes by input.
        inputs: The inputs that could be read.
        declared: The names of all that are declared; `None` where nobody knows them.

    >>> from fusion.recipe.inputs import Table
    >>> [problem.text for problem in misplaced({"facts": ()}, {"facts": Table(columns=["a"])}, ["facts"])]
    ["Input 'facts' is a table; only images are augmented."]
    >>> from fusion.recipe.inputs import Category
    >>> [problem.text for problem in misplaced({"zip": ()}, {"zip": Category(column="zip", most=5)}, ["zip"])]
    ["Input 'zip' is a category; only images are augmented."]
    """
    for name in augmentation:
        place = pointer(("training", "augment", name))
        if declared is not None and name not in declared:
            text = f"There is no input {shown(name)}.{near(name, declared)} Declared: {listed(declared)}."
            yield Problem(place, text)
        elif name in inputs and not isinstance(inputs[name], Image):
            what = NOUNS[inputs[name].kind]
            yield Problem(place, f"Input {name!r} is a {what}; only images are augmented.")
