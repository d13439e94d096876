"""Where a backbone is cut: names and aliases of layers, what a cut keeps and what it throws away."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from fusion.errors import LayerNotFoundError, listed, nearest
from fusion.skeleton.articulation import articulations, natural_cuts, stages
from fusion.skeleton.layers import Layer, Skeleton


@dataclass(frozen=True, slots=True)
class Discarded:
    """What a cut throws away, or an entrance.

    Args:
        layers: Number of layers.
        params: Number of their weights.
        flops: Their floating point operations for one sample.
    """

    layers: int
    params: int
    flops: int


@dataclass(frozen=True, slots=True)
class InsideBlock:
    """A cut that some path to the output goes around, with the whole-block cuts next to it.

    Args:
        cut: The layer.
        before: The nearest natural cut without that which it depends on; `""` if there is none.
        after: The nearest such cut that depends on it.
    """

    cut: str
    before: str
    after: str


def resolve(skeleton: Skeleton, cut: str, *, owner: str = "") -> str:
    """Returns the name of the row that a cut means.

    A cut is a row's name; the name of a nested model, which means its output; `last`; `stage:4`, the end of the fourth
    stage; `stride:16`, the last stage end with one step in 16 pixels; `P4`, the pyramid level that the source calls so,
    else the same as `stride:16`; or `after:mixed8`, the row Keras lists after
    `mixed8`, which is where tutorials say `layers[249]`.

    Args:
        skeleton: The backbone's table.
        cut: Name or alias.
        owner: What the recipe calls the backbone, for the message.

    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("c", "Conv2D", ("x",), (8, 8, 4)))
    >>> tiny = Skeleton("tiny", (8, 8, 3), rows, "c", "3.15.1")
    >>> resolve(tiny, "last"), resolve(tiny, "after:x"), resolve(tiny, "stage:1")
    ('c', 'c', 'c')

    Raises:
        LayerNotFoundError: If there is no such layer, stage or stride, or the cut is the input.
    """
    who = f"{owner!r} ({skeleton.source})" if owner else skeleton.source
    kind, _, value = cut.partition(":")
    named = skeleton.containers.get(cut, cut)
    if named in skeleton.rows:
        name = named
    elif cut == "last":
        name = skeleton.output
    elif cut in dict(skeleton.levels):
        name = dict(skeleton.levels)[cut]
    elif level := re.fullmatch("P([1-9])", cut):
        name = _last_of("stride", skeleton, str(2 ** int(level[1])), who)
    elif kind in _ALIASED and value:
        name = _ALIASED[kind](skeleton, value, who)
    else:
        raise LayerNotFoundError(_unknown(skeleton, cut, who))
    if not skeleton[name].parents:
        raise LayerNotFoundError(
            f"{who} cannot be cut at {cut!r}: that is its input, nothing would be left. {_known(skeleton)}"
        )
    return name


def kept(skeleton: Skeleton, cuts: Sequence[str], enter: str = "") -> frozenset[str]:
    """Returns the rows that are needed to compute all `cuts`, the cuts themselves included.

    With `enter`, the row that what is stitched takes the place of: without it and what only it needs.

    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("a", "ReLU", ("x",), (8, 8, 3)))
    >>> rows += (Layer("b", "ReLU", ("a",), (8, 8, 3)),)
    >>> sorted(kept(Skeleton("tiny", (8, 8, 3), rows, "b", "3.15.1"), ["a"]))
    ['a', 'x']

    Raises:
        LayerNotFoundError: If a cut is not there.
    """
    needed = {resolve(skeleton, cut) for cut in cuts}
    for layer in reversed(skeleton.layers):
        if layer.name in needed and layer.name != enter:
            needed.update(layer.parents)
    return frozenset(needed - {enter})


def discarded(skeleton: Skeleton, cuts: Sequence[str], enter: str = "") -> Discarded:
    """Returns how many layers, weights and operations are thrown away if only `cuts` are wanted, from `enter` on.

    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("a", "ReLU", ("x",), (8, 8, 3)))
    >>> rows += (Layer("b", "Conv2D", ("a",), (8, 8, 3), params=84, flops=10368),)
    >>> discarded(Skeleton("tiny", (8, 8, 3), rows, "b", "3.15.1"), ["a"])
    Discarded(layers=1, params=84, flops=10368)

    Raises:
        LayerNotFoundError: If a cut is not there.
    """
    needed = kept(skeleton, cuts, enter)
    lost = [layer for layer in skeleton.layers if layer.name not in needed]
    return Discarded(len(lost), sum(layer.params for layer in lost), sum(layer.flops for layer in lost))


def inside_block(skeleton: Skeleton, cut: str) -> InsideBlock | None:
    """Returns the whole-block cuts next to a cut that drops a branch half-way, or `None` if it drops none.

    >>> rows = (
    ...     Layer("x", "InputLayer", (), (8, 8, 4)),
    ...     Layer("stem", "Conv2D", ("x",), (8, 8, 4)),
    ...     Layer("a", "Conv2D", ("stem",), (8, 8, 4)),
    ...     Layer("add", "Add", ("stem", "a"), (8, 8, 4)),
    ... )
    >>> inside_block(Skeleton("tiny", (8, 8, 4), rows, "add", "3.15.1"), "a")
    InsideBlock(cut='a', before='stem', after='add')

    Raises:
        LayerNotFoundError: If the cut is not there.
    """
    name = resolve(skeleton, cut)
    passed = articulations(skeleton)
    above = kept(skeleton, [name])
    # What comes after the output needs all of it.
    if name in passed or skeleton.output in above:
        return None
    # Ends of NASNet's stages are natural cuts that something goes around as well: no advice.
    whole = [other for other in natural_cuts(skeleton) if other in passed]
    before = [other for other in whole if other in above]
    # The output is an articulation, so there is always one below.
    after = [other for other in (*whole, skeleton.output) if other not in above]
    return InsideBlock(name, before[-1] if before else "", after[0])


def _last_of(kind: Literal["stage", "stride"], skeleton: Skeleton, value: str, who: str) -> str:
    ends = {str(stage.number if kind == "stage" else stage.stride): stage.last for stage in stages(skeleton)}
    if value not in ends:
        what = "stage" if kind == "stage" else "stage end with stride"
        raise LayerNotFoundError(
            f"{who} has no {what} {value!r}. Its {kind}s: {listed(ends)}. {_known(skeleton)}"
        )
    return ends[value]


def _next_listed(skeleton: Skeleton, value: str, who: str) -> str:
    names = [layer.name for layer in skeleton.layers]
    named = skeleton.containers.get(value, value)
    if named not in skeleton.rows:
        raise LayerNotFoundError(_unknown(skeleton, value, who))
    if named == names[-1]:
        raise LayerNotFoundError(
            f"{who} has no layer after {value!r}: it is the last. Write 'last' to keep it all."
        )
    return names[names.index(named) + 1]


_ALIASED: dict[str, Callable[[Skeleton, str, str], str]] = {
    "stage": partial(_last_of, "stage"),
    "stride": partial(_last_of, "stride"),
    "after": _next_listed,
}


def _unknown(skeleton: Skeleton, cut: str, who: str) -> str:
    known = [*skeleton.rows, *skeleton.containers]
    close = nearest(cut, known)
    hint = f" Did you mean {close!r}?" if close else ""
    row = skeleton.rows.get(skeleton.containers.get(close, close))
    if row:
        hint = f"{hint[:-1]} ({_size(row)})?"
    return f"{who} has no layer {cut!r}.{hint}\n{_known(skeleton)}"


def _known(skeleton: Skeleton) -> str:
    ends = ", ".join(stage.last for stage in stages(skeleton))
    places = f"Stage ends: {ends}." if ends else f"Natural cuts: {listed(natural_cuts(skeleton))}."
    return f"{places} All: fusion layers {skeleton.source}"


def _size(layer: Layer) -> str:
    return "x".join("?" if size is None else str(size) for size in layer.shape)
