"""Every place a backbone can be cut at, with what is kept there."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from fusion.errors import LayerNotFoundError
from fusion.skeleton.articulation import articulations, natural_cuts, stages
from fusion.skeleton.cuts import resolve
from fusion.skeleton.flops import uncounted
from fusion.skeleton.grids import strides
from fusion.skeleton.layers import Shape, Skeleton

GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class CutPoint:
    """A layer and what a cut there keeps.

    Args:
        name: The layer.
        kind: Its Keras class.
        shape: What it gives for one sample.
        stride: Input pixels per step of its grid; `None` where it has no grid of known size.
        layers: Layers kept.
        params: Weights kept.
        flops: Operations kept, for one sample; a multiply-accumulate is two.
        articulation: Whether everything passes through it, so that a cut drops no branch half-way.
        natural: Whether a block ends there.
        stage: Number of the stage that ends there, or `None`.
        uncounted: Kinds of layers kept whose operations are not known and not in `flops`.
    """

    name: str
    kind: str
    shape: Shape
    stride: int | None
    layers: int
    params: int
    flops: int
    articulation: bool
    natural: bool
    stage: int | None
    uncounted: tuple[str, ...] = ()


def survey(skeleton: Skeleton) -> tuple[CutPoint, ...]:
    """Returns all layers of a backbone but its input as places to cut at, in order.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("c", "Conv2D", ("x",), (8, 8, 4), params=112))
    >>> survey(Skeleton("tiny", (8, 8, 3), rows, "c", "3.15.1"))[0].params
    112
    """
    passed, natural = set(articulations(skeleton)), set(natural_cuts(skeleton))
    ends = {stage.last: stage.number for stage in stages(skeleton)}
    steps = strides(skeleton)
    unknown = [row for row in skeleton.layers if uncounted([row])]
    # Bits of an integer as a set: one for each row, so that the union over parents is one operation.
    above: dict[str, int] = {}
    found = []
    for place, layer in enumerate(skeleton.layers):
        above[layer.name] = 1 << place
        for parent in layer.parents:
            above[layer.name] |= above[parent]
        if not layer.parents:
            continue
        kept = [row for at, row in enumerate(skeleton.layers[: place + 1]) if above[layer.name] >> at & 1]
        found.append(
            CutPoint(
                layer.name,
                layer.kind,
                layer.shape,
                steps.get(layer.name),
                len(kept),
                sum(row.params for row in kept),
                sum(row.flops for row in kept),
                layer.name in passed,
                layer.name in natural,
                ends.get(layer.name),
                uncounted(row for row in kept if row in unknown),
            )
        )
    return tuple(found)


def depth(skeleton: Skeleton, name: str) -> float:
    """Returns how deep a layer lies: its place among the layers of a backbone but its inputs, 1 for the last.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (
    ...     Layer("x", "InputLayer", (), (8, 8, 3)),
    ...     *(Layer(n, "ReLU", ("x",), (8, 8, 3)) for n in "abcd"),
    ... )
    >>> depth(Skeleton("tiny", (8, 8, 3), rows, "d", "3.15.1"), "a")
    0.25
    """
    place = list(skeleton.rows).index(name) + 1
    total, before = (
        sum(bool(each.parents) for each in rows) for rows in (skeleton.layers, skeleton.layers[:place])
    )
    return round(before / max(1, total), 4)


def chosen_cuts(skeleton: Skeleton, points: Sequence[CutPoint], selector: str, *, owner: str) -> set[str]:
    """Returns the layers that a word picks among the places of a survey: a name or alias, a glob, `natural` or `stages`.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("c", "Conv2D", ("x",), (8, 8, 4), params=112))
    >>> tiny = Skeleton("tiny", (8, 8, 3), rows, "c", "3.15.1")
    >>> chosen_cuts(tiny, survey(tiny), "natural", owner="eye")
    {'c'}

    Raises:
        LayerNotFoundError: If there is no such layer.
    """
    if selector == "natural":
        return {point.name for point in points if point.natural}
    if selector == "stages":
        return {point.name for point in points if point.stage is not None}
    if GLOB & set(selector):
        found = {point.name for point in points if fnmatchcase(point.name, selector)}
        if not found:
            text = f"{owner!r} ({skeleton.source}) has no layer like {selector!r}. All: fusion layers {skeleton.source}"
            raise LayerNotFoundError(text)
        return found
    return {resolve(skeleton, selector, owner=owner)}
