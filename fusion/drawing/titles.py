"""What parts of a backbone are called: what the names of their layers have in common."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from fusion.skeleton.layers import Layer, Skeleton
from fusion.skeleton.names import automatic_number
from fusion.wording import DASH

NUMBER = re.compile(r"[0-9]+")
_LETTERED = re.compile(r"[0-9]+[a-z]?")


def chosen_names(rows: Sequence[Layer]) -> list[str]:
    """Returns the names that their author chose, without the input's.

    >>> rows = [Layer("conv2d_7", "Conv2D", ("x",), ()), Layer("mixed0", "Concatenate", ("conv2d_7",), ())]
    >>> chosen_names(rows)
    ['mixed0']
    """
    return [row.name for row in rows if automatic_number(row.name, row.kind) is None and row.parents]


def number_in(rows: Sequence[Layer]) -> str:
    """Returns the first number in most of the names that were chosen; `""` if there is none.

    >>> number_in(
    ...     [Layer("conv_dw_1", "Conv2D", ("x",), ()), Layer("conv_pw_1", "Conv2D", ("conv_dw_1",), ())]
    ... )
    '1'
    """
    found = [match.group() for name in chosen_names(rows) if (match := NUMBER.search(name))]
    return max(found, key=found.count) if found else ""


def pattern(title: str) -> str:
    """Returns a title with a sign for each number.

    >>> pattern("block2a")
    'block#'
    """
    return _LETTERED.sub("#", title)


def from_to(first: str, last: str) -> str:
    """Returns what things are called of which the first and the last have these titles; `""` if more than numbers differ.

    >>> from_to("conv2_block1", "conv2_block3") == f"conv2_block1{DASH}3", from_to("stem", "mixed0")
    (True, '')
    """
    if first == last:
        return first
    if pattern(first) != pattern(last):
        return ""
    numbers = zip(_LETTERED.finditer(first), _LETTERED.finditer(last), strict=True)
    start = next(match.start() for match, other in numbers if match.group() != other.group())
    return f"{first}{DASH}{last[start:]}"


@lru_cache(maxsize=64)
def name_stem(skeleton: Skeleton) -> str:
    """Returns what all chosen names of a backbone begin with, such as `convnext_tiny_`.

    >>> name_stem(Skeleton("tiny", (8,), (Layer("x", "InputLayer", (), (8,)),), "x", ""))
    ''
    """
    names = chosen_names(skeleton.layers)
    shared = beginning(names) if len(names) > 1 else ""
    return shared[: shared.rfind("_") + 1]


def part_title(rows: Sequence[Layer], stem: str) -> str:
    """Returns what all names of a part begin with, where that has a number; else the last name that was chosen.

    >>> rows = [
    ...     Layer("block1_conv", "Conv2D", ("x",), ()),
    ...     Layer("block1_pool", "MaxPooling2D", ("block1_conv",), ()),
    ... ]
    >>> part_title(rows, "")
    'block1'
    """
    chosen = chosen_names(rows)
    name = next((row.name for row in reversed(rows) if row.name in chosen), rows[-1].name)
    # What only finishes another layer is called after that: conv_pw_2_relu after conv_pw_2.
    finished = min((other for other in chosen if name.startswith(f"{other}_")), key=len, default=name)
    return shared_name(rows, stem) or finished.partition(".")[0].removeprefix(stem)


def shared_name(rows: Sequence[Layer], stem: str) -> str:
    """Returns what all chosen names begin with behind `stem`, in whole words; `""` if that has no number.

    >>> shared_name(
    ...     [Layer("top_conv", "Conv2D", ("x",), ()), Layer("top_bn", "BatchNormalization", ("x",), ())], ""
    ... )
    ''
    """
    names = [f"{name.removeprefix(stem)}_" for name in chosen_names(rows)]
    shared = beginning(names).rpartition("_")[0].partition(".")[0]
    return shared if NUMBER.search(shared) else ""


def beginning(names: Sequence[str]) -> str:
    """Returns what all names begin with.

    >>> beginning(["conv2_add", "conv2_bn"])
    'conv2_'
    """
    alike = takewhile(lambda signs: len(set(signs)) == 1, zip(*names, strict=False))
    return "".join(signs[0] for signs in alike)
