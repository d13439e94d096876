"""The short form of the commonest recipe: some backbones on one image, cut, concatenated, one head."""

import re
from collections.abc import Sequence
from typing import Literal

from fusion.errors import Problem, RecipeError
from fusion.recipe.backbones import Backbone, WeightsFile
from fusion.recipe.branches import Branch
from fusion.recipe.head import Head, Output
from fusion.recipe.inputs import Image
from fusion.recipe.joining import Concat
from fusion.recipe.recipe import Recipe
from fusion.recipe.training import Phase, Training

CUT = re.compile(r"(?P<arch>\w+)(\[(?P<cuts>[^\[\]]+)\])?")
"""An architecture, then the layer or layers it is cut at in brackets; without them, its last."""


def fuse(
    *cuts: str,
    output: Output | Sequence[str],
    shape: tuple[int, int, int] = (224, 224, 3),
    weights: str | None = "imagenet",
    epochs: int = 5,
) -> Recipe:
    """Returns the recipe of one image seen by several cut backbones, their pooled features concatenated, and a head.

    The input is called `photo`; a backbone as its architecture in small letters (`vgg16`, a second one `vgg16_2`), its
    branch as the backbone and `_view`. The one phase trains the head; change anything with `replaced` and `replace`.

    Args:
        cuts: Architectures, each with where it is cut: `"VGG16[block4_pool]"`, `"InceptionV3[mixed7, mixed10]"`.
        output: What is predicted, or the names of classes.
        shape: Height, width and channels of the image.
        weights: `"imagenet"`, `None` for random ones, or for a single backbone the name of a file.
        epochs: Of the phase that trains the head.

    >>> recipe = fuse("VGG16[block4_pool]", "ResNet50[stage:4]", output=["ants", "bees"])
    >>> list(recipe.branches), recipe.branches["vgg16_view"].cut
    (['vgg16_view', 'resnet50_view'], 'block4_pool')
    >>> fuse("VGG16(block4_pool)", output=["ants", "bees"])
    Traceback (most recent call last):
    ...
    fusion.errors.RecipeError: short form: 1 problem
      (whole file)   'VGG16(block4_pool)' is no cut backbone; write it as 'VGG16[block4_pool]'.

    Raises:
        RecipeError: Listing every problem, each with its JSON Pointer in the recipe.
    """
    named = _named(cuts)
    backbones = {
        name: Backbone(arch=arch, weights=_weights(weights, cuts)) for name, (arch, _) in named.items()
    }
    views = {
        f"{name}_view": Branch(input="photo", backbone=name, cut=layers)
        for name, (_, layers) in named.items()
    }
    made = output if isinstance(output, Output) else Output(task="classification", classes=tuple(output))
    return Recipe(
        name=" and ".join(cuts),
        inputs={"photo": Image(shape=shape)},
        backbones=backbones,
        branches=views,
        fusion=Concat(of=tuple(views)) if len(views) > 1 else None,
        head=Head(output=made),
        training=Training(phases=(Phase(name="head first", train=("head",), epochs=epochs),)),
    )


def _weights(weights: str | None, cuts: Sequence[str]) -> Literal["imagenet"] | WeightsFile | None:
    if weights is None or weights == "imagenet":
        return "imagenet" if weights else None
    if len(cuts) > 1:
        text = f"One file, {weights!r}, cannot hold the weights of {len(cuts)} backbones; name a file in each Backbone."
        raise RecipeError.of("short form", [Problem("", text)])
    return WeightsFile(file=weights)


def _named(cuts: Sequence[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Returns the architecture and the layers of each cut by a name of its own."""
    named: dict[str, tuple[str, tuple[str, ...]]] = {}
    wrong = []
    for cut in cuts:
        found = CUT.fullmatch(cut) if isinstance(cut, str) else None
        if found is None:
            wrong.append(Problem("", f"{cut!r} is no cut backbone; write it as 'VGG16[block4_pool]'."))
            continue
        arch, layers = found["arch"], tuple(part.strip() for part in (found["cuts"] or "last").split(","))
        times = 1 + sum(each == arch for each, _ in named.values())
        named[arch.lower() + (f"_{times}" if times > 1 else "")] = (arch, layers)
    if not cuts:
        wrong.append(Problem("", "There is no backbone to fuse; name one as 'VGG16[block4_pool]'."))
    if wrong:
        raise RecipeError.of("short form", wrong)
    return named
