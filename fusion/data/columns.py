"""Which columns of data that were read for several recipes one of them reads, and that none of its examples lacks them."""

from collections.abc import Collection
from dataclasses import replace

from fusion.data.examples import Data, splits
from fusion.data.gaps import missing
from fusion.errors import StudyError


def narrowed(data: Data, inputs: Collection[str]) -> Data:
    """Returns data without the columns of inputs that a recipe, which others have, does not read.

    >>> import numpy as np
    >>> from fusion.data.examples import Array, Examples
    >>> column = Array(np.zeros((1, 2)))
    >>> data = Data(Examples({"photo": column, "facts": column}, None, ("a",)), None, None, None, "Made up.")
    >>> list(narrowed(data, ["photo"]).train.columns)
    ['photo']
    """
    parts = {
        split: replace(part, columns={name: each for name, each in part.columns.items() if name in inputs})
        for split, part in splits(data).items()
    }
    train = parts.get("train", data.train)
    return replace(data, train=train, validation=parts.get("validation"), test=parts.get("test"))


def check_present(data: Data, inputs: Collection[str]) -> None:
    """Refuses examples that lack what layers are scored on, or the only input that is left: an empty image is none.

    >>> import numpy as np
    >>> from fusion.data.examples import Array, Examples
    >>> one = Examples({"facts": Array(np.array([[1.0], [np.nan]]))}, None, ("a", "b"))
    >>> check_present(Data(one, None, None, None, "Made up."), ["facts"])
    Traceback (most recent call last):
    ...
    fusion.errors.StudyError: 1 of 2 examples lacks 'facts'; layers that read an input are compared on examples that
    have it. Give data without such examples.

    Raises:
        StudyError: Saying how many lack which input.
    """
    parts = splits(data).values()
    counts = {name: sum(int(missing(part.columns[name]).sum()) for part in parts) for name in inputs}
    total = sum(len(part) for part in parts)
    lacking = [
        f"{count} of {total} examples {'lacks' if count == 1 else 'lack'} {name!r}"
        for name, count in counts.items()
        if count
    ]
    if lacking:
        raise StudyError(
            f"{', '.join(lacking)}; layers that read an input are compared on examples that have it. "
            "Give data without such examples."
        )
