"""What equal content should not do, bear two labels, and may not do, lie in two splits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from fusion.data.examples import Data
from fusion.errors import DataError, itemised


def remarked(data: Data, names: Sequence[str], labels: Sequence[str], digests: Sequence[bytes]) -> Data:
    """Returns `data` with a remark where one image bears two labels: at least one is wrong, and only a person can tell.

    >>> from fusion.data.examples import Examples
    >>> one = Examples({}, None, ())
    >>> data = Data(one, None, None, None, "Made up.")
    >>> print(remarked(data, ["cats/1.png", "dogs/7.png"], ["cats", "dogs"], [b"same", b"same"]).source)
    Made up.
    1 image has more than one label and is kept under each; relabel or remove:
      cats/1.png = dogs/7.png (cats, dogs)
    """
    clashes = [
        f"{' = '.join(names[i] for i in same)} ({', '.join(sorted({labels[i] for i in same}))})"
        for same in _groups(digests)
        if len({labels[i] for i in same}) > 1
    ]
    if not clashes:
        return data
    count = "1 image has" if len(clashes) == 1 else f"{len(clashes)} images have"
    kept = "is" if len(clashes) == 1 else "are"
    head = f"{count} more than one label and {kept} kept under each; relabel or remove:"
    return replace(data, source=f"{data.source}\n{itemised(head, clashes)}")


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
        raise DataError(itemised(f"{count} in more than one split. Remove all but one:", shared))


def _groups(digests: Sequence[bytes]) -> list[list[int]]:
    """The indices of equal content, where more than one example has it."""
    groups: defaultdict[bytes, list[int]] = defaultdict(list)
    for i, digest in enumerate(digests):
        groups[digest].append(i)
    return [group for group in groups.values() if len(group) > 1]
