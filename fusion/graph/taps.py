"""Whether what a branch taps can be pooled as it says; each refusal names what is tapped and a way out."""

from collections.abc import Iterator

from fusion.recipe.branches import Branch
from fusion.skeleton.layers import Layer, Skeleton
from fusion.wording import dimensions

ENDS = frozenset({"Activation", "Dense", "Softmax", "Dropout"})
"""Layers a classifier ends in."""


def untappable(branch: Branch, skeleton: Skeleton, tap: str) -> Iterator[tuple[str, str]]:
    """Yields why a layer cannot be tapped by a branch: the key of the branch that is wrong, and what to do.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (
    ...     Layer("x", "InputLayer", (), (8, 8, 3)),
    ...     Layer("mean", "GlobalAveragePooling2D", ("x",), (3,)),
    ... )
    >>> print(
    ...     *next(untappable(Branch(input="x"), Skeleton("tiny", (8, 8, 3), rows, "mean", "3.15.1"), "mean"))
    ... )
    pool 'mean' gives a vector of 3, and there is nothing to pool. Write "pool": "none".
    """
    row = skeleton[tap]
    shape, pool = row.shape, branch.pool
    if is_classifier(row):
        yield "cut", _classifier(skeleton, row)
    elif len(shape) == 1 and pool != "none":
        yield (
            "pool",
            f'{tap!r} gives a vector of {shape[0]}, and there is nothing to pool. Write "pool": "none".',
        )
    elif pool == "first" and len(shape) != 2:
        text = f"{tap!r} gives a map of {dimensions(shape)}, and only of a list of tokens there is a first."
        yield "pool", f'{text} Write another pool, such as "avg".'
    elif None in (shape if pool in {"first", "flatten", "none"} or branch.features else shape[-1:]):
        way = "cannot be flattened" if pool == "flatten" else "its places cannot be counted"
        yield "pool", f"The map of {tap!r} has an open size and {way}."
    elif pool == "gem_learned" and all(places == 1 for places in shape[:-1]):
        text = f"The map of {tap!r} has a single place, whose mean no exponent changes, so there is none to learn."
        yield "pool", f'{text} Write "pool": "avg".'
    elif len(shape) > 1 and pool == "none" and branch.blocks:
        yield "blocks", f"Blocks read vectors, and {tap!r} gives a map. Pool it, or leave the blocks away."
    elif len(shape) > 1 and pool == "none" and len(branch.cuts) > 1:
        yield "cut", "Maps of several cuts are not joined. Cut at one layer, or pool them."


def is_classifier(row: Layer) -> bool:
    """Returns whether a layer gives probabilities of classes.

    >>> is_classifier(Layer("predictions", "Dense", ("x",), (1000,), activation="softmax"))
    True
    """
    return len(row.shape) == 1 and (row.kind == "Softmax" or row.activation == "softmax")


def _classifier(skeleton: Skeleton, row: Layer) -> str:
    before = row
    while before.kind in ENDS and before.parents:
        before = skeleton[before.parents[0]]
    return (
        f"{row.name!r} is a softmax over {row.shape[0]} classes: its values add up to one, and what tells images "
        f"apart is all but lost in them. Cut at {before.name!r} ({dimensions(before.shape)}) or earlier."
    )
