"""Stitches: what leads from a feature map of one backbone into an inner layer of another.

A map is resized where its height or width is another than that of the layer whose place it takes, then a 1x1 convolution
with bias gives it that layer's channels, as in Lenc and Vedaldi, "Understanding image representations by measuring their
equivariance and equivalence" (2015), and Bansal, Nakkiran and Barak, "Revisiting model stitching to compare neural
representations" (2021).
"""

from dataclasses import dataclass

from fusion.graph.assembly import Assembly, Inner
from fusion.skeleton.layers import Shape
from fusion.wording import dimensions

READ = "in.map"
"""What the layers of a stitch read."""

TWICE = "Keras cannot open a model again in which two sub-models hold the same layers"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a call of a backbone begins, if not at its input.

    Args:
        front: Backbone whose map is read.
        tap: Layer of that backbone which gives the map.
        read: Shape of the map.
        enter: Layer whose place the stitched map takes.
        given: Shape of what that layer gives.
    """

    front: str
    tap: str
    read: Shape
    enter: str
    given: Shape


def stitch_layers(read: Shape, given: Shape) -> tuple[Inner, ...]:
    """Returns the layers that turn a map of one shape into one of another; both are sound: `unsound` finds nothing.

    >>> [(layer.name, layer.shape, layer.params) for layer in stitch_layers((8, 8, 4), (4, 4, 6))]
    [('resize', (4, 4, 4), 0), ('conv', (4, 4, 6), 30)]
    """
    made = Assembly({READ: read})
    name = READ
    if read[:2] != given[:2]:
        config = {"height": given[0], "width": given[1], "interpolation": "bilinear"}
        name = made.add("resize", "Resizing", [READ], (*given[:2], read[2]), config)
    made.convolve("conv", name, given[2] or 0)
    return tuple(made.layers)


def unsound(layer: str, shape: Shape) -> str:
    """Returns why what a layer gives cannot be stitched, as a sentence; `""` if it can.

    >>> unsound("encoder", (196, 768)).partition(",")[0].replace(chr(215), "x")
    "'encoder' gives a sequence of 196 tokens"
    """
    joins = "and a stitch joins maps that have height, width and channels"
    if len(shape) == 1:
        return f"{layer!r} gives a vector of {shape[0]}, {joins}."
    if len(shape) != 3:
        what = f"a sequence of {shape[0]} tokens" if len(shape) == 2 else dimensions(shape)
        return f"{layer!r} gives {what}, {joins}."
    if None in shape:
        return f"The map of {layer!r} has an open size, so nobody knows what to resize to what."
    return ""


def clash(entry: Entry | None, other: Entry | None, backbone: str) -> tuple[str, str] | None:
    """Returns why a call of a backbone cannot be beside another: the key of its branch that is wrong, and what to do.

    One sub-model holds what runs of a backbone, as Keras saves layers that lie in two but cannot open them again.

    Args:
        entry: Where the call begins; `None` for one that reads an image.
        other: The same of the other call.
        backbone: What the recipe calls it.

    >>> clash(None, Entry("eye", "pool", (8, 8, 4), "relu", (8, 8, 6)), "mind")[0]
    'backbone'
    """
    again = f"Declare it once more, as {backbone + '2'!r} with the same weights, and use one for each."
    if entry == other:
        return None
    if entry is None or other is None:
        at = "".join(each.enter for each in (entry, other) if each)
        text = f"{backbone!r} is both entered at {at!r} and run from an input, and {TWICE}. {again}"
        return "backbone", text
    if entry.enter != other.enter:
        return "enter", f"{backbone!r} is entered at {other.enter!r} already, and {TWICE}. {again}"
    if (entry.front, entry.tap) != (other.front, other.tap):
        text = (
            f"The stitch into {backbone!r} reads {other.front}/{other.tap} already, and here {entry.front}/{entry.tap}; "
            f"it leads from one layer to one. {again}"
        )
        return "from", text
    text = (
        f"The stitch into {backbone!r} leads from {dimensions(other.read)} to {dimensions(other.given)} already, "
        f'and here from {dimensions(entry.read)} to {dimensions(entry.given)}. Write one "resize" in the branches it '
        "comes from."
    )
    return "from", text
