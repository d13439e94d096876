"""Splits that follow from content: adding, removing or renaming files never moves another example."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Literal

import numpy as np

from fusion.data.contents import Contents, check_apart
from fusion.data.descriptions import class_counts
from fusion.data.examples import Data, Examples, splits, take
from fusion.errors import DataError, listed

Judged = Literal["train", "validation", "test", "all"]
"""What a model is judged on: a split, or all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How much of the examples is kept from training.

    Args:
        validation: Share to choose by, at least 0.
        test: Share to report on, at least 0.
        seed: Another seed draws other examples.
        judged: What alone will be looked at, as nothing is trained; `None` if something is. Then others may be missing
            or lack classes.

    >>> Split(validation=0.5, test=0.6)
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: A split needs shares of 0 or more that leave some for training; got validation=0.5, test=0.6.
    """

    validation: float = 0.15
    test: float = 0.15
    seed: int = 0
    judged: Judged | None = None

    def __post_init__(self) -> None:
        if not (self.validation >= 0 and self.test >= 0 and self.validation + self.test < 1):
            raise DataError(
                "A split needs shares of 0 or more that leave some for training; "
                f"got validation={self.validation}, test={self.test}."
            )


USUAL = Split()
"""The split that is used where none is given."""

SPLIT_OF = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
"""The split that the name of a folder, or a cell of a table, stands for; names are in lower case."""


def assign(digests: Sequence[bytes], split: Split) -> np.ndarray:
    """Returns `"train"`, `"validation"` or `"test"` for each digest of an example's content.

    Each is a pure function of that digest and the seed: SHA-256 of both is read as a number in 0..1, and the lowest
    `test` of that range is the test split, the next `validation` of it the validation split. So equal content is
    always in one split, and shares hold on average, not exactly.

    >>> assign([b"one", b"two", b"one"], Split(test=0.5)).tolist()
    ['train', 'test', 'train']
    """
    drawn = np.array([_draw(digest, split.seed) for digest in digests], dtype=np.float64)
    held = np.where(drawn < split.test + split.validation, "validation", "train")
    return np.where(drawn < split.test, "test", held)


def _draw(digest: bytes, seed: int) -> float:
    mixed = hashlib.sha256(f"{seed}:".encode() + digest).digest()
    return int.from_bytes(mixed[:8], "big") / 2**64


def allot(given: Sequence[str], digests: Sequence[bytes], split: Split) -> tuple[np.ndarray, str]:
    """Returns the split of each example and, as one sentence, how it came about.

    Args:
        given: The split each example was put into by whoever made the data, or `""` everywhere.
        digests: The digest of each example's content.
        split: Shares and seed of what is not given.

    Raises:
        DataError: If the given split has no `train`, or nothing else, and something is to be trained.

    >>> parts, how = allot(["train", "validation"], [b"one", b"two"], Split())
    >>> parts.tolist(), how
    (['train', 'test'], "split as given, but 'validation' is held out as the test split and ...")
    """
    names = set(given)
    if names == {""}:
        return assign(digests, split), f"split by content, {_in_words(split)}."
    if split.judged and ("train" not in names or len(names) == 1):
        return np.array(given, dtype="<U10"), "split as given."
    if "train" not in names or len(names) == 1:
        raise DataError(
            f"The given split has only {' and '.join(sorted(names))}; it needs train, and validation or test."
        )
    parts = np.array(given, dtype="<U10")
    if names >= {"train", "validation", "test"}:
        return parts, "split as given."
    held = next(iter(names - {"train"}))
    inner = replace(split, test=0.0)
    drawn = assign(digests, inner)
    renamed = "" if held == "test" else f", but {held!r} is held out as the test split"
    if not split.validation:
        how = f"split as given{renamed}; there is no validation split."
        return np.where(parts == "train", "train", "test"), how
    taken = f"the validation split is taken from 'train' by content, {_in_words(inner)}"
    return np.where(parts == "train", drawn, "test"), f"split as given{renamed} and {taken}."


def _in_words(split: Split) -> str:
    shares = [f"{name} {share:g}" for name, share in _shares(split).items() if share]
    return ", ".join([*shares, f"seed {split.seed}"])


def _shares(split: Split) -> dict[str, float]:
    return {"validation": split.validation, "test": split.test}


def assemble(
    examples: Examples,
    contents: Contents,
    *,
    given: Sequence[str],
    labels: tuple[str, ...] | None,
    split: Split,
    source: str,
) -> Data:
    """Returns `examples` in their splits, as given or by content.

    Args:
        examples: All of them, in one.
        contents: What tells them apart, and what holds them together.
        given: The split each was put into by whoever made the data, or `""` everywhere.
        labels: Names of the classes, or `None` where targets are not class numbers.
        split: Shares and seed of what is not given.
        source: What the examples were read from, such as `"Folder cats_dogs"`.

    Raises:
        DataError: If a split lacks a class or any example, or shares content with another.

    >>> from fusion.data.examples import Array
    >>> two = Examples({"x": Array(np.zeros(2))}, np.array([5.0, 6.0]), ("a", "b"))
    >>> given = ("train", "test")
    >>> data = assemble(
    ...     two,
    ...     Contents((b"1", b"2")),
    ...     given=given,
    ...     labels=None,
    ...     split=Split(validation=0),
    ...     source="Table t.csv",
    ... )
    >>> data.source
    'Table t.csv, split as given; there is no validation split.'
    """
    parts, how = allot(given, contents.drawn_by, split)
    if contents.tells:
        check_apart(examples.names, parts.tolist(), contents.digests)
    chosen, advice = partition(examples, parts), _advice(given, split)
    wanted = ["train", *(name for name, share in _shares(split).items() if share)]
    empty = [name for name in wanted if name not in chosen]
    if empty and not split.judged:
        raise DataError(f"{source}: there is no example in {listed(empty)}. {advice}")
    data = Data(
        chosen.get("train", take(examples, [])),
        chosen.get("validation"),
        chosen.get("test"),
        labels,
        f"{source}, {how}",
        {name: tuple(compress(contents.digests, (parts == name).tolist())) for name in chosen},
    )
    check_classes(data, advice=advice, judged=split.judged)
    return data


def partition(examples: Examples, parts: np.ndarray) -> dict[str, Examples]:
    """Returns the examples of each split that has any, given the name of the split of each.

    >>> from fusion.data.examples import Array
    >>> two = Examples({"x": Array(np.zeros(2))}, None, ("a", "b"))
    >>> {name: part.names for name, part in partition(two, np.array(["train", "test"])).items()}
    {'train': ('a',), 'test': ('b',)}
    """
    chosen = {name: np.flatnonzero(parts == name) for name in ("train", "validation", "test")}
    return {name: take(examples, indices) for name, indices in chosen.items() if len(indices)}


def check_classes(data: Data, *, advice: str, judged: Judged | None = None) -> None:
    """Refuses data in which a split lacks a class, because nothing could be learned or said about that class.

    Args:
        data: The data; their targets are of any form `fusion.data.targets.encode` gives.
        advice: What to do, as a sentence.
        judged: The only split that matters; none of them does alone where it is `all`.

    Raises:
        DataError: Naming each split and the classes it lacks, and what to do.

    >>> from fusion.data.examples import Array
    >>> part = Examples({"x": Array(np.zeros(2))}, np.array([0, 0]), ("a", "b"))
    >>> check_classes(Data(part, None, None, ("cat", "dog"), ""), advice="Add dogs.")
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: The train split (2 examples) has no example of class dog. Add dogs.
    """
    lacking = []
    for name, part in splits(data).items():
        if judged not in (None, name):
            continue
        counts = class_counts(part, data.labels) if data.labels else {}
        absent = [label for label, count in counts.items() if not count]
        if absent:
            lacking.append(
                f"The {name} split ({len(part)} examples) has no example of class {listed(absent)}."
            )
    if lacking:
        raise DataError(" ".join([*lacking, advice]))


def _advice(given: Collection[str], split: Split) -> str:
    if set(given) == {""}:
        return (
            f"Splits are drawn by content ({_in_words(split)}), so a small class can miss one: add examples, choose "
            "another seed or larger shares, or say yourself which example is in which split."
        )
    return (
        "Splits were given: add examples of it, or give the examples without splits, to be split by content."
    )
