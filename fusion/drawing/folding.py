"""Layers as the operations readers think of: a convolution with the padding before it and what finishes it."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fusion.skeleton.kinds import FINISHING, PADDING
from fusion.skeleton.layers import Layer, Skeleton
from fusion.wording import TIMES

_WORDS = {
    "BatchNormalization": "BN",
    "LayerNormalization": "LN",
    "GroupNormalization": "GN",
    "Conv2D": "conv",
    "DepthwiseConv2D": "depthwise conv",
    "SeparableConv2D": "separable conv",
    "MaxPooling2D": "max pool",
    "AveragePooling2D": "avg pool",
    "GlobalAveragePooling2D": "global avg pool",
    "GlobalMaxPooling2D": "global max pool",
    "Concatenate": "concat",
    "ZeroPadding2D": "pad",
    "Cropping2D": "crop",
    "InputLayer": "input",
    "ReLU": "relu",
    "ELU": "elu",
    "PReLU": "prelu",
}


@dataclass(frozen=True, slots=True)
class Op:
    """Layers shown as one box.

    Args:
        rows: The layers in order, each reading only the one before; the last gives what leaves the box.
        main: The layer it is named after.
        title: What it does, such as `conv 3x3 /2 + BN + relu`.
    """

    rows: tuple[Layer, ...]
    main: Layer
    title: str

    @property
    def exit(self) -> Layer:
        """The layer that gives what leaves it."""
        return self.rows[-1]


def fold(skeleton: Skeleton, rows: Sequence[Layer], apart: Collection[str]) -> tuple[Op, ...]:
    """Returns some rows of a backbone as ops; nothing is folded beyond a row that several read, or one of `apart`.

    >>> rows = (
    ...     Layer("x", "InputLayer", (), (8, 8, 3)),
    ...     Layer("c", "Conv2D", ("x",), (4, 4, 4), kernel=(3, 3)),
    ... )
    >>> rows += (Layer("bn", "BatchNormalization", ("c",), (4, 4, 4)),)
    >>> [op.title.replace(TIMES, "x") for op in fold(Skeleton("tiny", (8, 8, 3), rows, "bn", ""), rows, ())]
    ['input', 'conv 3x3 /2 + BN']
    """
    readers = Counter(parent for row in rows for parent in row.parents)
    groups: list[list[Layer]] = []
    owner: dict[str, list[Layer]] = {}
    for row in rows:
        group = owner.get(row.parents[0]) if len(row.parents) == 1 else None
        last = group[-1] if group else None
        finishing = row.kind in FINISHING or (last is not None and last.kind in PADDING)
        alone = last is not None and readers[last.name] == 1 and last.name not in apart
        if (
            group
            and alone
            and finishing
            and last
            and last.name == row.parents[0]
            and last.kind != "InputLayer"
        ):
            group.append(row)
        else:
            group = [row]
            groups.append(group)
        owner[row.name] = group
    return tuple(_op(skeleton, group) for group in groups)


def _op(skeleton: Skeleton, rows: Sequence[Layer]) -> Op:
    padded = [row for row in rows if row.kind in PADDING]
    rest = [row for row in rows if row.kind not in PADDING] or padded
    main = rest[0]
    entered = skeleton[rows[0].parents[0]] if rows[0].parents else main
    words = [f"{_word(main)}{_kernel(main)}{_step(main, entered)}", *_activation(main)]
    words += [_word(row) for row in rest[1:] if (row.kind, row.activation) != ("Activation", "linear")]
    return Op(tuple(rows), main, " + ".join(words))


def _word(row: Layer) -> str:
    if row.kind == "Activation" and row.activation:
        return row.activation
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"\W+", " ", row.kind)).lower()
    return _WORDS.get(row.kind, spaced.replace("activation", "act"))


def _kernel(row: Layer) -> str:
    return f" {TIMES.join(map(str, row.kernel))}" if row.kernel else ""


def _activation(row: Layer) -> list[str]:
    """Returns the activation that a layer applies by itself."""
    own = row.activation not in {"", "linear"} and row.kind != "Activation"
    return [row.activation] if own else []


def _step(row: Layer, before: Layer) -> str:
    if len(row.shape) != 3 or len(before.shape) != 3:
        return ""
    sizes = before.shape[0], row.shape[0]
    step = round(sizes[0] / sizes[1]) if sizes[0] and sizes[1] else 1
    return f" /{step}" if step > 1 and row.kind != "InputLayer" else ""
