"""Pairs of images, of one class or of two, from a folder of classes; no image stands in pairs of two splits."""

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fusion.data.contents import across, check_apart
from fusion.data.examination import Progress, examine
from fusion.data.folders import Labelled, find_images
from fusion.data.splits import Split, allot
from fusion.errors import DataError, itemised
from fusion.files import replacing

SAME, DIFFERENT = "same", "different"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images, whether they are of one class, and the split both are in."""

    left: Path
    right: Path
    kind: str
    split: str


def find_pairs(
    folder: Path, *, per_image: int = 4, split: Split | None = None, progress: Progress | None = None
) -> tuple[Pair, ...]:
    """Returns pairs of the images in the class folders of `folder`, as many of one class as of two in every split.

    The images are split first, as `fusion.data.folders.read_folder` splits them, and only then paired within each
    split: paired first, an image would be trained on in one pair and judged in another. Of equal images one is taken;
    no pair is there twice, in whichever order. The same folder and seed give the same pairs.

    Args:
        folder: One sub-folder per class, or `train/`, `val/` and so on with these.
        per_image: How many pairs are drawn for each image, half of them with its own class. Fewer come of classes
            that have too few images.
        split: Shares and seed.
        progress: Called with how many of how many files have been examined.

    Raises:
        DataError: If a file is no image, one image bears two labels, or a split has no pairs of one of the kinds.

    >>> find_pairs(Path("nowhere"))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: There is no folder nowhere.
    """
    if per_image < 2 or per_image % 2:
        raise DataError(
            f"Half of an image's pairs are of its own class; expected an even number, got {per_image}."
        )
    files, split = find_images(folder), split or Split()
    digests = examine([file.path for file in files], progress=progress)
    names = [file.path.relative_to(folder).as_posix() for file in files]
    twice = across(names, [file.label for file in files], digests)
    if twice:
        raise DataError(itemised("Images of two classes make pairs of no kind; relabel or remove:", twice))
    parts, _ = allot([file.split for file in files], digests, split)
    check_apart(names, parts.tolist(), digests)
    first = {digest: i for i, digest in reversed([*enumerate(digests)])}
    kept = sorted(first.values())
    found: list[Pair] = []
    for number, name in enumerate(("train", "validation", "test")):
        images = [files[i] for i in kept if parts[i] == name]
        if images:
            random = np.random.default_rng([split.seed, number])
            found += _paired(images, name, per_image // 2, random)
    return tuple(found)


def write_pairs(pairs: Sequence[Pair], path: Path) -> Path:
    """Writes pairs as a CSV table and the dataset file that reads it beside it, and returns the latter's path.

    The columns are left, right, kind and split; names of files are relative to the folder of the table.

    Raises:
        FileError: If a file cannot be written.
    """
    dataset = {
        "dataset": 1,
        "table": path.name,
        "inputs": {name: {"files": f"{{{name}}}"} for name in ("left", "right")},
        "target": {"column": "kind"},
        "split": {"column": "split"},
    }
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("left", "right", "kind", "split"))
        rows.writerows(
            (_relative(pair.left, path), _relative(pair.right, path), pair.kind, pair.split) for pair in pairs
        )
    about = path.with_suffix(".json")
    with replacing(about) as part:
        part.write_text(json.dumps(dataset, indent=2) + "\n", encoding="utf-8")
    return about


def counted(pairs: Sequence[Pair]) -> Mapping[str, tuple[int, int]]:
    """Returns how many pairs of one class, and of two, each split has.

    >>> counted([Pair(Path("a"), Path("b"), SAME, "train")])
    {'train': (1, 0)}
    """
    found = Counter((pair.split, pair.kind) for pair in pairs)
    names = dict.fromkeys(pair.split for pair in pairs)
    return {name: (found[name, SAME], found[name, DIFFERENT]) for name in names}


def _paired(images: Sequence[Labelled], split: str, half: int, random: np.random.Generator) -> Iterator[Pair]:
    """Draws as many pairs of each kind for the images of one split, in a random order."""
    labels = np.array([image.label for image in images])
    drawn = {kind: list(_drawn(labels, half, random, same=kind == SAME)) for kind in (SAME, DIFFERENT)}
    count = min(map(len, drawn.values()))
    if not count:
        lacks = next(kind for kind, found in drawn.items() if not found)
        raise DataError(
            f"The {len(images)} different images of {split} make no pair of {lacks} classes; "
            "each split needs two classes, one of them with two images. Add images, or choose other shares."
        )
    every = [
        (pair, kind)
        for kind, found in drawn.items()
        for pair in (found[i] for i in random.permutation(len(found))[:count])
    ]
    for i in random.permutation(len(every)):
        (one, other), kind = every[i]
        # Which of the two is left says nothing of the kind.
        left, right = (one, other) if random.integers(2) else (other, one)
        yield Pair(images[left].path, images[right].path, kind, split)


def _drawn(
    labels: np.ndarray, half: int, random: np.random.Generator, *, same: bool
) -> Iterator[tuple[int, int]]:
    """Draws partners of one kind for every image; pairs that are there already count for both."""
    seen: set[tuple[int, int]] = set()
    for i, label in enumerate(labels):
        others = np.flatnonzero((labels == label) == same)
        free = [
            j for j in random.permutation(others).tolist() if j != i and (min(i, j), max(i, j)) not in seen
        ]
        for j in free[:half]:
            pair = (min(i, j), max(i, j))
            seen.add(pair)
            yield pair


def _relative(path: Path, table: Path) -> str:
    return Path(os.path.relpath(path.resolve(), table.resolve().parent)).as_posix()
