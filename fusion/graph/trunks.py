"""Which trunks a recipe needs: one for each backbone, called once for each input it reads."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from fusion.errors import BackboneError, InputSizeError, LayerNotFoundError, Problem, WeightsError, listed
from fusion.graph.nodes import Trunk
from fusion.recipe.backbones import KINDS, AnyBackbone
from fusion.recipe.inputs import Image
from fusion.recipe.preprocessing import Preprocess
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import Place, pointer
from fusion.skeleton.cuts import inside_block, kept, resolve
from fusion.skeleton.layers import Shape, Skeleton

CLASSIFIER = ("predictions", "fc1", "fc2", "top_dropout", "classifier", "logits")
"""Layers of ImageNet classifiers, which tutorials name and no backbone has."""

READING = ("input", "resize", "backbone", "cut")
"""What of a branch says which layers of which backbone it reads."""


class Catalogue(Protocol):
    """Where backbones come from, as far as a graph asks."""

    def skeleton(self, backbone: AnyBackbone, shape: Shape) -> Skeleton:
        """Returns the layer table of a backbone for images of `shape`."""

    def preprocess(self, backbone: AnyBackbone) -> Preprocess:
        """Returns what the weights of a backbone want images turned into."""

    def needs_preparation(self, backbone: AnyBackbone, image: Image, shape: Shape) -> bool:
        """Returns whether an image must be resized or rescaled before the backbone."""


@dataclass(frozen=True, slots=True)
class Use:
    """A backbone, the input it reads and the height, width and channels it sees."""

    backbone: str
    input: str
    image: Image
    shape: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a backbone, by all branches that ask for it.

    Args:
        name: Name of its node.
        use: What is called on what.
        skeleton: The backbone's table at that shape.
        preprocess: What the backbone's weights want images turned into.
        prepared: Whether the image is resized or rescaled before.
        taps: For each branch that reads it, the layers it reads.
    """

    name: str
    use: Use
    skeleton: Skeleton
    preprocess: Preprocess
    prepared: bool
    taps: Mapping[str, tuple[str, ...]]


def calls(
    recipe: Recipe, catalogue: Catalogue, problems: list[Problem], *, doubtful: Collection[Place] = ()
) -> tuple[Call, ...]:
    """Returns every call of every backbone; what is wrong with sizes and cuts is added to `problems`.

    A backbone whose options could not be read is left out: its layers are not known.
    """
    unknown = {place[1] for place in doubtful if place[:1] == ("backbones",) and place[2:3] == ("options",)}
    wanted: dict[Use, list[str]] = {}
    for name, branch in recipe.branches.items():
        image = recipe.inputs.get(branch.input)
        known = branch.backbone in recipe.backbones and branch.backbone not in unknown
        if isinstance(image, Image) and branch.backbone is not None and known:
            height, width = branch.resize or image.shape[:2]
            use = Use(branch.backbone, branch.input, image, (height, width, image.shape[2]))
            wanted.setdefault(use, []).append(name)
    found = []
    for use, branches in wanted.items():
        looked_up = _looked_up(recipe, use, branches[0], catalogue, problems)
        if looked_up is not None:
            taps = {branch: _taps(recipe, branch, looked_up[1], problems) for branch in branches}
            resolved = {branch: each for branch, each in taps.items() if each}
            found.append(Call(_name(use, list(wanted)), *looked_up, resolved))
    problems += _torn(found)
    return tuple(found)


def half_known(recipe: Recipe, calls: Sequence[Call], doubtful: Collection[Place]) -> set[str]:
    """Returns the backbones that some branch reads nobody knows where, as something in it is wrong."""
    read = {branch for call in calls for branch in call.taps}
    found = {branch.backbone for name, branch in recipe.branches.items() if name not in read}
    for section, name, *key in (place for place in doubtful if len(place) > 1):
        if section == "branches" and (name not in recipe.branches or {*key[:1]} & {*READING}):
            found |= recipe.backbones.keys()
    return {name for name in found if name is not None}


def trunks(calls: Sequence[Call], half: Collection[str]) -> dict[str, Trunk]:
    """Returns the trunk of each backbone: all that any call of it reads, and of those in `half` known everything.

    So what a selector names is there, wherever the branch that cannot be understood is to be cut.
    """
    found = {}
    for backbone in dict.fromkeys(call.use.backbone for call in calls):
        own = [call for call in calls if call.use.backbone == backbone]
        skeleton = own[0].skeleton
        read = {tap for call in own for taps in call.taps.values() for tap in taps}
        if backbone in half:
            read.add(skeleton.output)
        taps = tuple(layer.name for layer in skeleton.layers if layer.name in read)
        sizes = zip(*(call.use.shape for call in own), strict=True)
        shape = tuple(each[0] if len(set(each)) == 1 else None for each in sizes)
        tables = {call.name: call.skeleton for call in own}
        layers = kept(skeleton, taps)
        found[backbone] = Trunk(backbone, skeleton, taps, layers, tables, shape, own[0].preprocess)
    return found


def remarks(calls: Sequence[Call]) -> Iterator[Problem]:
    """Yields what is allowed and may not be meant: cuts inside a block, maps of one pixel, grey as colour, layers not of Keras."""
    yield from _foreign(calls)
    for call in calls:
        if call.use.shape[2] != call.use.image.shape[2]:
            text = (
                f"{call.use.backbone!r} reads 3 channels; the one of {call.use.input!r} is repeated for it."
            )
            yield Problem(pointer(("inputs", call.use.input, "shape")), text)
        for branch, taps in call.taps.items():
            for tap in taps:
                inside = inside_block(call.skeleton, tap)
                if inside is not None:
                    around = f"{inside.before or 'the input'} and {inside.after}"
                    text = f"{tap!r} is inside a block: what goes around it is dropped. Whole-block cuts: {around}."
                    yield Problem(pointer(("branches", branch, "cut")), text)
                if call.skeleton[tap].shape[:2] == (1, 1) and len(call.skeleton[tap].shape) == 3:
                    text = f"The map of {tap!r} has one pixel; a larger input leaves something to pool."
                    yield Problem(pointer(("branches", branch, "cut")), text)


def _torn(calls: Sequence[Call]) -> Iterator[Problem]:
    """Yields cuts of backbones that hold a layer which can be saved only in the whole of them."""
    for backbone in dict.fromkeys(call.use.backbone for call in calls):
        own = [call for call in calls if call.use.backbone == backbone]
        table = own[0].skeleton
        taps = {(branch, tap) for call in own for branch, each in call.taps.items() for tap in each}
        held = [name for name in table.whole if name in kept(table, [tap for _, tap in taps])]
        for branch, tap in sorted(taps) if held else ():
            if tap != table.output:
                text = (
                    f"{backbone!r} ({table.source}) cannot be cut at {tap!r}: its layer {held[0]!r} "
                    f"({table[held[0]].kind}) can be saved in the whole backbone only, so a model with a part of it "
                    'could never be opened again. Write "cut": "last" in every branch that reads it.'
                )
                yield Problem(pointer(("branches", branch, "cut")), text)


def _foreign(calls: Sequence[Call]) -> Iterator[Problem]:
    found: dict[tuple[str, str], set[str]] = {}
    for call in calls:
        table = call.skeleton
        for name in kept(table, [tap for taps in call.taps.values() for tap in taps]):
            if table[name].package != "keras":
                found.setdefault((call.use.backbone, table[name].package), set()).add(table[name].kind)
    for (backbone, package), kinds in found.items():
        text = (
            f"{listed(sorted(kinds))} of {package}: a saved model opens only where {package} has been imported, "
            "not with Keras alone."
        )
        yield Problem(pointer(("backbones", backbone)), text)


def _name(use: Use, every: Sequence[Use]) -> str:
    """Returns the backbone's name, and where it is called more than once also on what."""
    same = [other for other in every if other.backbone == use.backbone]
    if len(same) == 1:
        return use.backbone
    if sum(other.input == use.input for other in same) == 1:
        return f"{use.backbone}@{use.input}"
    return f"{use.backbone}@{use.input}@{use.shape[0]}x{use.shape[1]}"


def _looked_up(
    recipe: Recipe, use: Use, branch: str, catalogue: Catalogue, problems: list[Problem]
) -> tuple[Use, Skeleton, Preprocess, bool] | None:
    """Returns a use, its table, what its weights want and whether that takes preparation; `None` if it cannot be.

    What cannot read a grey image reads it as one of three equal channels.
    """
    backbone = recipe.backbones[use.backbone]
    resized = recipe.branches[branch].resize is not None
    sizes = pointer(("branches", branch, "resize") if resized else ("inputs", use.input, "shape"))
    try:
        return _seen(backbone, use, catalogue)
    except InputSizeError as error:
        problems.append(Problem(sizes, str(error)))
    except (BackboneError, WeightsError) as error:
        # Only a backbone that is a file needs one for its table.
        key = [KINDS[type(backbone)]] if isinstance(error, WeightsError) else []
        problem = Problem(pointer(("backbones", use.backbone, *key)), str(error))
        # A backbone that is called twice is wrong once.
        if problem not in problems:
            problems.append(problem)
    return None


def _seen(backbone: AnyBackbone, use: Use, catalogue: Catalogue) -> tuple[Use, Skeleton, Preprocess, bool]:
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


def _asked(backbone: AnyBackbone, use: Use, catalogue: Catalogue) -> tuple[Use, Skeleton, Preprocess, bool]:
    if backbone.weights == "imagenet" and use.shape[2] != 3:
        raise InputSizeError(
            f"The ImageNet weights of {backbone.arch} read 3 channels, and input {use.input!r} has "
            f'{use.shape[2]}. Write 1 or 3 channels, or "weights": null.'
        )
    skeleton = catalogue.skeleton(backbone, use.shape)
    prepared = catalogue.needs_preparation(backbone, use.image, use.shape)
    return use, skeleton, catalogue.preprocess(backbone), prepared


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
