"""What equal content may not do: bear two labels, or lie in two splits."""

from collections import defaultdict
from collections.abc import Sequence

from fusion.errors import DataError

_SHOWN = 10


def check_labels(names: Sequence[str], labels: Sequence[str], digests: Sequence[bytes]) -> None:
    """Refuses one image under two labels: at least one of them is wrong.

    Raises:
        DataError: Naming the first ten such images, each with its labels.

    >>> check_labels(["cats/1.png", "dogs/7.png"], ["cats", "dogs"], [b"same", b"same"])
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: 1 image has more than one label. Relabel or remove:
      cats/1.png = dogs/7.png (cats, dogs)
    """
    clashes = [
        f"{' = '.join(names[i] for i in same)} ({', '.join(sorted({labels[i] for i in same}))})"
        for same in _groups(digests)
        if len({labels[i] for i in same}) > 1
    ]
    if clashes:
        count = "1 image has" if len(clashes) == 1 else f"{len(clashes)} images have"
        raise DataError(_list(f"{count} more than one label. Relabel or remove:", clashes))


def check_apart(names: Sequence[str], parts: Sequence[str], digests: Sequence[bytes]) -> None:
    """Refuses content that lies in two splits: what is reported would have been trained on.

    Raises:
        DataError: Naming the first ten such examples.

    >>> check_apart(["train/a.png", "test/b.png"], ["train", "test"], [b"same", b"same"])
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: 1 example lies in more than one split. Remove all but one:
      train/a.png = test/b.png (test, train)
    """
    shared = [
        f"{' = '.join(names[i] for i in same)} ({', '.join(sorted({str(parts[i]) for i in same}))})"
        for same in _groups(digests)
        if len({parts[i] for i in same}) > 1
    ]
    if shared:
        count = "1 example lies" if len(shared) == 1 else f"{len(shared)} examples lie"
        raise DataError(_list(f"{count} in more than one split. Remove all but one:", shared))


def _groups(digests: Sequence[bytes]) -> list[list[int]]:
    """The indices of equal content, where more than one example has it."""
    groups: defaultdict[bytes, list[int]] = defaultdict(list)
    for i, digest in enumerate(digests):
        groups[digest].append(i)
    return [group for group in groups.values() if len(group) > 1]


def _list(head: str, lines: Sequence[str]) -> str:
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n  ".join([head, *lines[:_SHOWN], *more])
