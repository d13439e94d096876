"""Data in words: how many examples and classes each split has, and how the split came about."""

import numpy as np

from fusion.data.examples import Data, Examples, splits
from fusion.errors import listed


def describe(data: Data) -> str:
    """Returns a short paragraph: how many examples and classes each split has, and how the split came about.

    >>> from fusion.data.examples import Array
    >>> one = Examples({"x": Array(np.zeros((3, 2)))}, np.array([0, 1, 1]), ("a", "b", "c"))
    >>> print(describe(Data(one, None, one, ("cat", "dog"), "Made up for this page.")))
    6 examples of 2 classes (cat, dog).
      train   3   cat 1, dog 2
      test    3   cat 1, dog 2
    Made up for this page.
    """
    parts = splits(data)
    total = sum(len(part) for part in parts.values())
    classes = f" of {len(data.labels)} classes ({listed(data.labels)})" if data.labels else ""
    wide, digits = max(map(len, parts)), len(str(total))
    rows = [
        f"  {name:<{wide}}   {len(part):>{digits}}   {_counted(part, data.labels or ())}".rstrip()
        for name, part in parts.items()
    ]
    return "\n".join([f"{total} examples{classes}.", *rows, data.source])


def _counted(examples: Examples, labels: tuple[str, ...]) -> str:
    counts = class_counts(examples, labels) if labels else {}
    return listed((f"{label} {count}" for label, count in counts.items()), limit=6) if counts else ""


def class_counts(examples: Examples, labels: tuple[str, ...]) -> dict[str, int]:
    """Returns how many examples each class has; with several labels an example, each of them counts.

    >>> from fusion.data.examples import Array
    >>> one = Examples({"x": Array(np.zeros((3, 2)))}, np.array([1, 1, 1]), ("a", "b", "c"))
    >>> class_counts(one, ("cat", "dog"))
    {'cat': 0, 'dog': 3}
    """
    targets = np.zeros(0) if examples.targets is None else examples.targets
    if targets.ndim == 2 and targets.shape[1] > 1:
        counts = targets.sum(axis=0).astype(np.int64)
    else:
        counts = np.bincount(targets.reshape(-1).astype(np.int64), minlength=len(labels))
    return dict(zip(labels, counts.tolist(), strict=True))
