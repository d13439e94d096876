"""What each branch calls its backbone on: the size it sees, the layers it reads, and where it begins."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Protocol, cast

from fusion.errors import BackboneError, InputSizeError, LayerNotFoundError, Problem, WeightsError
from fusion.graph.stitches import Entry, unsound
from fusion.recipe.backbones import KINDS, AnyBackbone, BackbonePreset
from fusion.recipe.inputs import NOUNS, Image
from fusion.recipe.preprocessing import Preprocess
from fusion.recipe.recipe import Recipe
from fusion.recipe.savedmodels import SavedModel
from fusion.recipe.stitching import in_turn, root
from fusion.recipe.texts import Listed, Words
from fusion.recipe.translation import pointer
from fusion.skeleton.cuts import resolve
from fusion.skeleton.entrances import entrance
from fusion.skeleton.layers import Shape, Skeleton

CLASSIFIER = ("predictions", "fc1", "fc2", "top_dropout", "classifier", "logits")
"""Layers of ImageNet classifiers, which tutorials name and no backbone has."""


class Catalogue(Protocol):
    """Where backbones come from, as far as a graph asks."""

    def skeleton(self, backbone: AnyBackbone, shape: Shape) -> Skeleton:
        """Returns the layer table of a backbone for images of `shape`, or that many tokens."""

    def preprocess(self, backbone: AnyBackbone) -> Preprocess:
        """Returns what the weights of a backbone want images turned into."""

    def needs_preparation(self, backbone: AnyBackbone, image: Image, shape: Shape) -> bool:
        """Returns whether an image must be resized or rescaled before the backbone."""


class _ChannelsError(InputSizeError):
    """An image has other channels than weights read, which no resizing changes."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a backbone is called on.

    Args:
        backbone: Its name.
        input: The input it reads, or that the map it reads was made of.
        image: What that is declared as.
        shape: Height, width and channels of the images it sees, or how many tokens; where it is entered, of those it is
            made for.
        front: Where it is entered, the use whose map it reads.
        tap: The layer of that use which gives the map; `""` where that is not known.
    """

    backbone: str
    input: str
    image: Image | Listed
    shape: tuple[int, ...]
    front: "Use | None" = None
    tap: str = ""


Seen = tuple[Use, Skeleton, Preprocess, bool]
"""A use, the backbone's table at its size, what the weights want images turned into, and whether that takes preparation."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What is known of branches with backbones, each by name as far as it could be found.

    Args:
        of: What each calls its backbone on.
        tables: What is known of that; `None` where it cannot be.
        taps: Layers each reads; none where one of them is not there.
        entries: Where each begins that enters its backbone; `None` where it cannot.
    """

    of: dict[str, Use] = field(default_factory=dict)
    tables: dict[Use, Seen | None] = field(default_factory=dict)
    taps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    entries: dict[str, Entry | None] = field(default_factory=dict)


def uses(recipe: Recipe, catalogue: Catalogue, problems: list[Problem], unknown: Collection[object]) -> Uses:
    """Returns what every branch calls its backbone on; what is wrong with sizes, cuts and entrances is added to `problems`.

    Backbones that are `unknown` are left out.
    """
    found = Uses()
    for name in in_turn(recipe.branches):
        use = _use(recipe, name, found)
        if use is None or use.backbone in unknown:
            continue
        found.of[name] = use
        if use not in found.tables:
            found.tables[use] = _looked_up(recipe, use, name, catalogue, problems)
        table = found.tables[use]
        if table is not None:
            found.taps[name] = _taps(recipe, name, table[1], problems)
            if use.front is not None and found.taps[name]:
                found.entries[name] = _entry(recipe, name, found, problems)
    return found


def _use(recipe: Recipe, name: str, found: Uses) -> Use | None:
    """Returns what a branch calls its backbone on; `None` where it has none, or that is not known."""
    branch, start = recipe.branches[name], root(recipe.branches, name)
    image = recipe.inputs.get(start)
    if branch.backbone is None or branch.backbone not in recipe.backbones:
        return None
    if isinstance(image, Listed) and not branch.of:
        return Use(branch.backbone, start, image, (image.length,))
    if not isinstance(image, Image):
        return None
    if not branch.of:
        height, width = branch.resize or image.shape[:2]
        # Weights fit one number of channels: what reads colour elsewhere reads a grey image as one of colour.
        channels = 3 if image.shape[2] == 1 and 3 in _channels(recipe, branch.backbone) else image.shape[2]
        return Use(branch.backbone, start, image, (height, width, channels))
    front = found.of.get(branch.of)
    if front is None or len(recipe.branches[branch.of].cuts) > 1:
        return None
    height, width = branch.resize or front.shape[:2]
    # What is entered never sees the image, whose channels may be others than its weights read.
    channels = 1 if _channels(recipe, branch.backbone) == {1} else 3
    return Use(
        branch.backbone, start, image, (height, width, channels), front, *found.taps.get(branch.of, ())
    )


def _channels(recipe: Recipe, backbone: str) -> set[int]:
    """Returns how many channels the images have that branches of a backbone begin with."""
    starts = [
        root(recipe.branches, name) for name, each in recipe.branches.items() if each.backbone == backbone
    ]
    images = [recipe.inputs.get(start) for start in starts]
    return {image.shape[2] for image in images if isinstance(image, Image)}


def _entry(recipe: Recipe, name: str, found: Uses, problems: list[Problem]) -> Entry | None:
    branch, use = recipe.branches[name], found.of[name]
    table = found.tables[use]
    front = found.tables[use.front] if use.front else None
    if use.front is None or front is None or table is None:
        return None
    told = [("from", unsound(use.tap, front[1][use.tap].shape))] if use.tap else []
    enter = ""
    try:
        enter = entrance(table[1], branch.enter or "", found.taps[name], owner=use.backbone)
        told.append(("enter", unsound(enter, table[1][enter].shape)))
    except LayerNotFoundError as error:
        told.append(("enter", str(error)))
    wrong = [Problem(pointer(("branches", name, key)), text) for key, text in told if text]
    problems += wrong
    if wrong or not use.tap:
        return None
    return Entry(use.front.backbone, use.tap, front[1][use.tap].shape, enter, table[1][enter].shape)


def _looked_up(
    recipe: Recipe, use: Use, branch: str, catalogue: Catalogue, problems: list[Problem]
) -> Seen | None:
    """Returns a use, its table, what its weights want and whether that takes preparation; `None` if it cannot be.

    What cannot read a grey image reads it as one of three equal channels.
    """
    backbone = recipe.backbones[use.backbone]
    resized = recipe.branches[branch].resize is not None
    key = "length" if isinstance(use.image, Listed) else "shape"
    sizes = pointer(("branches", branch, "resize") if resized or use.front else ("inputs", use.input, key))
    try:
        return _seen(backbone, use, catalogue)
    except _ChannelsError as error:
        problems.append(Problem(pointer(("inputs", use.input, "shape")), str(error)))
    except InputSizeError as error:
        hint = ' "resize" says for which images it is made.' if use.front and not resized else ""
        problems.append(Problem(sizes, f"{error}{hint}"))
    except (BackboneError, WeightsError) as error:
        # Only a backbone that is a file needs one for its table.
        own = [KINDS[type(backbone)]] if isinstance(error, WeightsError) else []
        problem = Problem(pointer(("backbones", use.backbone, *own)), str(error))
        # A backbone that is called twice is wrong once.
        if problem not in problems:
            problems.append(problem)
    return None


def _seen(backbone: AnyBackbone, use: Use, catalogue: Catalogue) -> Seen:
    if isinstance(use.image, Listed):
        return use, _read_as_text(backbone, use, use.image, catalogue), "none", False
    colour = replace(use, shape=(*use.shape[:2], 3))
    if use.shape[2] != 1 or backbone.weights == "imagenet":
        return _asked(backbone, colour if use.shape[2] == 1 else use, catalogue)
    try:
        return _asked(backbone, use, catalogue)
    except InputSizeError as error:
        try:
            return _asked(backbone, colour, catalogue)
        except InputSizeError:
            raise error from None


def _asked(backbone: AnyBackbone, use: Use, catalogue: Catalogue) -> Seen:
    if backbone.weights == "imagenet" and use.shape[2] != 3:
        raise _ChannelsError(
            f"The ImageNet weights of {backbone.arch} read 3 channels, and input {use.input!r} has "
            f'{use.shape[2]}. Write 1 or 3 channels, or "weights": null.'
        )
    skeleton = catalogue.skeleton(backbone, use.shape)
    image = cast(Image, use.image)  # as _seen() has seen to
    prepared = catalogue.needs_preparation(backbone, image, use.shape)
    return use, skeleton, catalogue.preprocess(backbone), prepared


def _read_as_text(backbone: AnyBackbone, use: Use, declared: Listed, catalogue: Catalogue) -> Skeleton:
    what = f"and input {use.input!r} is a {NOUNS[declared.kind]}"
    if isinstance(backbone, SavedModel):
        raise BackboneError(
            f"{backbone.arch} reads images, {what}. Name a backbone of texts, such as TinyText."
        )
    if isinstance(backbone, BackbonePreset) and isinstance(declared, Words):
        raise BackboneError(
            f"{backbone.arch} knows tokens by the numbers its own tokenizer gives them, {what}, which have others. "
            'Declare the input as "tokens", and feed it what that tokenizer makes of the texts.'
        )
    if isinstance(declared, Words) and backbone.weights is not None:
        raise BackboneError(
            f"The weights of {backbone.arch} know words by the numbers they were trained with, {what}, which numbers those "
            'of its own training rows. Number the texts as those were, and declare the input as "tokens"; or train it anew, '
            'with "weights": null.'
        )
    if backbone.arch == "TinyText" and declared.pad:
        raise BackboneError(
            f"TinyText takes 0 for padding, {what} padded with {declared.pad}. Number the tokens from 1, and pad with 0."
        )
    if backbone.preprocess not in ("auto", "none"):
        raise BackboneError(f'"preprocess" is for images, {what}, which is read as it is. Write "none".')
    return catalogue.skeleton(backbone, use.shape)


def _taps(recipe: Recipe, name: str, skeleton: Skeleton, problems: list[Problem]) -> tuple[str, ...]:
    branch, found = recipe.branches[name], dict[str, str]()
    for index, cut in enumerate(branch.cuts):
        place = pointer(("branches", name, "cut", *([index] if len(branch.cuts) > 1 else [])))
        try:
            tap = resolve(skeleton, cut, owner=branch.backbone or "")
        except LayerNotFoundError as error:
            text = str(error)
            if cut in CLASSIFIER:
                text = (
                    f"{cut!r} belongs to the ImageNet classifier, whose 1000 classes are no features; "
                    f"a backbone ends before it.\n{text}"
                )
            problems.append(Problem(place, text))
            continue
        if tap in found:
            problems.append(Problem(place, f"{cut!r} and {found[tap]!r} are the same layer, {tap!r}."))
        found[tap] = cut
    return tuple(found) if len(found) == len(branch.cuts) else ()
