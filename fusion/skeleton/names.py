"""Canonical layer names: those a backbone has when it is the first model of a process."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

Naming = Callable[[Sequence[tuple[str, str]]], list[str]]
"""What gives the rows `(name, class name)` of a backbone their names."""


def canonical_names(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Returns the name of each `(name, class name)` row as a fresh process would give it.

    Keras numbers unnamed layers over the whole process, so the `conv2d` of one InceptionV3 is the `conv2d_94` of the
    next. Here the automatic names of each class count from the first one of this backbone. They are ranked by their
    own number, which is the order of creation; by their place in the list they would point at other layers. Names
    that their author chose stay. The rows must be those of the whole backbone, nested models and their layers
    included, because Keras counts these too.

    >>> canonical_names([("conv2d_95", "Conv2D"), ("conv2d_94", "Conv2D"), ("mixed0", "Concatenate")])
    ['conv2d_1', 'conv2d', 'mixed0']
    """
    numbers = [automatic_number(name, kind) for name, kind in rows]
    by_stem: dict[str, list[int]] = defaultdict(list)
    for (_, kind), number in zip(rows, numbers, strict=True):
        if number is not None:
            by_stem[stem(kind)].append(number)
    ranks = {
        key: {number: rank for rank, number in enumerate(sorted(found))} for key, found in by_stem.items()
    }
    return [
        name if number is None else numbered(stem(kind), ranks[stem(kind)][number])
        for (name, kind), number in zip(rows, numbers, strict=True)
    ]


def given_names(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Returns the name of each `(name, class name)` row as it is: those in a file are the same in every process.

    >>> given_names([("conv2d_95", "Conv2D"), ("mixed0", "Concatenate")])
    ['conv2d_95', 'mixed0']
    """
    return [name for name, _ in rows]


def automatic_number(name: str, kind: str) -> int | None:
    """Returns the number in a name that Keras made for a layer of class `kind`, or `None` if it did not make it.

    >>> automatic_number("conv2d", "Conv2D"), automatic_number("conv2d_7", "Conv2D")
    (0, 7)
    >>> automatic_number("block1_conv1", "Conv2D") is None
    True
    """
    prefix = stem(kind)
    if name == prefix:
        return 0
    rest = name.removeprefix(prefix + "_")
    # Keras never writes `conv2d_0` or `conv2d_07`, so those are the author's.
    return int(rest) if rest != name and re.fullmatch(r"[1-9][0-9]*", rest) else None


def stem(kind: str) -> str:
    """Returns the automatic name of the first layer of a class: the class name in snake case, as Keras writes it.

    >>> stem("SeparableConv2D"), stem("ReLU")
    ('separable_conv2d', 're_lu')
    """
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def numbered(prefix: str, rank: int) -> str:
    """Returns the automatic name of the layer that is number `rank`, from 0, of its class.

    >>> numbered("conv2d", 0), numbered("conv2d", 1)
    ('conv2d', 'conv2d_1')
    """
    return f"{prefix}_{rank}" if rank else prefix
