"""Which trunks a recipe needs: one for each backbone, called once for each thing it reads."""

from collections.abc import Collection, Iterator, Sequence

from fusion.errors import Problem, listed
from fusion.graph.calls import Call, entered
from fusion.graph.nodes import Trunk
from fusion.recipe.inputs import Image
from fusion.recipe.recipe import Recipe
from fusion.recipe.texts import Listed, Words
from fusion.recipe.translation import Place, pointer
from fusion.skeleton.cuts import inside_block, kept

READING = ("input", "from", "resize", "backbone", "enter", "cut")
"""What of a branch says which layers of which backbone it reads."""


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
        enter = entered(own)
        layers = kept(skeleton, taps, enter)
        found[backbone] = Trunk(backbone, skeleton, taps, layers, tables, shape, own[0].preprocess, enter)
    return found


def remarks(calls: Sequence[Call]) -> Iterator[Problem]:
    """Yields what is allowed and may not be meant: cuts inside a block, maps of one pixel, grey as colour, layers not of Keras."""
    yield from _foreign(calls)
    yield from _uncounted(calls)
    for call in calls:
        grey = not call.entry and isinstance(call.use.image, Image)
        if grey and call.use.shape[-1] != call.use.image.shape[-1]:
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


def unfit(calls: Sequence[Call]) -> Iterator[Problem]:
    """Yields what calls of backbones cannot be together: parts that cannot be saved, paddings, channels, numbers of words."""
    yield from torn(calls)
    yield from padded_otherwise(calls)
    yield from coloured_otherwise(calls)
    yield from outnumbered(calls)
    yield from worded_apart(calls)


def padded_otherwise(calls: Sequence[Call]) -> Iterator[Problem]:
    """Yields the inputs of a backbone that state another padding than one before: it knows one."""
    first: dict[str, tuple[str, Listed]] = {}
    for call in calls:
        name, declared = call.use.input, call.use.image
        if isinstance(declared, Listed):
            other, before = first.setdefault(call.use.backbone, (name, declared))
            if declared.pad != before.pad:
                text = (
                    f"{call.use.backbone!r} reads {other!r}, padded with {before.pad}, and {name!r}, padded with "
                    f"{declared.pad}; one tokenizer pads with one number. Write it in both, or declare two backbones."
                )
                # The padding of words is no matter of choice.
                which = other if isinstance(declared, Words) else name
                yield Problem(pointer(("inputs", which, "pad")), text)


def coloured_otherwise(calls: Sequence[Call]) -> Iterator[Problem]:
    """Yields the inputs of a backbone that have other channels than one before: its weights fit one number of them."""
    first: dict[str, Call] = {}
    for call in calls:
        before = first.setdefault(call.use.backbone, call)
        if len(call.use.shape) == 3 and call.use.shape[2] != before.use.shape[2]:
            name, other = call.use.input, before.use.input
            text = (
                f"{call.use.backbone!r} reads {other!r}, of {before.use.shape[2]} channels, and {name!r}, of "
                f"{call.use.shape[2]}; its weights fit one number. Declare two backbones, or feed images of one kind."
            )
            yield Problem(pointer(("inputs", name, "shape")), text)


def outnumbered(calls: Sequence[Call]) -> Iterator[Problem]:
    """Yields lists of words whose numbers go beyond those a backbone knows."""
    for call in calls:
        name, declared, known = call.use.input, call.use.image, call.skeleton.vocabulary
        if isinstance(declared, Words) and known is not None and declared.known > known:
            text = (
                f"{declared.most} words, none and any other have the numbers 0 to {declared.known - 1}, and "
                f"{call.use.backbone!r} ({call.skeleton.source}) knows {known}, from 0 to {known - 1}. "
                f'Write "most": {known - 2} or less, or give the backbone {declared.known} in its options.'
            )
            yield Problem(pointer(("inputs", name, "most")), text)


def worded_apart(calls: Sequence[Call]) -> Iterator[Problem]:
    """Yields the texts of a backbone that reads words of another before, or reads such: each numbers those of its own rows."""
    first: dict[str, Call] = {}
    for call in calls:
        before = first.setdefault(call.use.backbone, call)
        name, other = call.use.input, before.use.input
        if name != other and (isinstance(call.use.image, Words) or isinstance(before.use.image, Words)):
            text = (
                f"{call.use.backbone!r} reads the words of {other!r} and of {name!r}, which each input numbers by itself: "
                "one number would be two words. Declare a backbone for each, or number the words of both alike and "
                'declare them as "tokens".'
            )
            yield Problem(pointer(("inputs", name)), text)


def torn(calls: Sequence[Call]) -> Iterator[Problem]:
    """Yields cuts and entrances of backbones that hold a layer which can be saved only in the whole of them."""
    for backbone in dict.fromkeys(call.use.backbone for call in calls):
        own = [call for call in calls if call.use.backbone == backbone]
        table = own[0].skeleton
        taps = {(branch, tap) for call in own for branch, each in call.taps.items() for tap in each}
        enter = entered(own)
        held = [name for name in table.whole if name in kept(table, [tap for _, tap in taps], enter)]
        for branch, tap in sorted(taps) if held else ():
            if enter:
                text = (
                    f"{backbone!r} ({table.source}) cannot be entered at {enter!r}: its layer {held[0]!r} "
                    f"({table[held[0]].kind}) can be saved in the whole backbone only. Read an input with it."
                )
                yield Problem(pointer(("branches", branch, "enter")), text)
            elif tap != table.output:
                text = (
                    f"{backbone!r} ({table.source}) cannot be cut at {tap!r}: its layer {held[0]!r} "
                    f"({table[held[0]].kind}) can be saved in the whole backbone only, so a model with a part of it "
                    'could never be opened again. Write "cut": "last" in every branch that reads it.'
                )
                yield Problem(pointer(("branches", branch, "cut")), text)


def _uncounted(calls: Sequence[Call]) -> Iterator[Problem]:
    for backbone, kinds in {
        call.use.backbone: {row.kind for row in call.skeleton.layers} for call in calls
    }.items():
        if "TFSMLayer" in kinds:
            text = (
                "A SavedModel is one block: its operations are not counted, it never trains, and it opens with "
                "fusion.load alone, which brings its folder along."
            )
            yield Problem(pointer(("backbones", backbone)), text)


def _foreign(calls: Sequence[Call]) -> Iterator[Problem]:
    found: dict[tuple[str, str], set[str]] = {}
    for call in calls:
        table = call.skeleton
        for name in kept(table, [tap for taps in call.taps.values() for tap in taps], entered([call])):
            if table[name].package != "keras":
                found.setdefault((call.use.backbone, table[name].package), set()).add(table[name].kind)
    for (backbone, package), kinds in found.items():
        text = (
            f"{listed(sorted(kinds))} of {package}: a saved model opens only where {package} has been imported, "
            "not with Keras alone."
        )
        yield Problem(pointer(("backbones", backbone)), text)
