"""A folder of images with one sub-folder per class, as data whose splits share no image."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fusion.data.contents import Contents, remarked
from fusion.data.examination import Progress, examine
from fusion.data.examples import Data, Examples, ImageFiles
from fusion.data.images import EXTENSIONS
from fusion.data.splits import SPLIT_OF, USUAL, Judged, Split, assemble
from fusion.errors import DataError, listed
from fusion.recipe.inputs import Image

_LAYOUTS = (
    "Expected one sub-folder per class (cats/, dogs/), "
    "or train/ with val/ or test/ or both, each with one sub-folder per class."
)
_LEFT_BY_SYSTEMS = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Labelled:
    """An image file, the class whose folder it lies in, and the split it was put into (`""` if none)."""

    path: Path
    label: str
    split: str


def read_folder(
    path: Path, *, input_name: str, image: Image, split: Split = USUAL, progress: Progress | None = None
) -> Data:
    """Returns the images in the folder at `path`, labelled by their sub-folders in the order of their names.

    Two layouts are read. `cats/`, `dogs/`: split by content. `train/cats/`, `val/cats/`, `test/cats/` and so on: used
    as given, but where only one of `val/` (or `validation/`) and `test/` is there, it becomes the test split and the
    validation split is taken from `train/` by content, so that what is reported was never used to choose. Files next
    to the sub-folders (a table, a read-me), anything hidden (`.DS_Store`) and the `Thumbs.db` and `desktop.ini` that
    Windows leaves in folders are left alone. Every image is hashed and decoded.

    Args:
        path: The folder.
        input_name: Name of the model's input the images are for.
        image: What that input wants.
        split: Shares and seed of what is split by content.
        progress: Called with how many of how many files have been examined.

    Raises:
        DataError: If a file is no image, or a class is empty or missing in a split.

    >>> read_folder(Path("nowhere"), input_name="photo", image=Image(shape=(8, 8, 3)))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: There is no folder nowhere.
    """
    files = find_images(path, judged=split.judged)
    digests = examine([file.path for file in files], progress=progress)
    names = tuple(file.path.relative_to(path).as_posix() for file in files)
    labels = tuple(sorted({file.label for file in files}))
    column = ImageFiles(tuple(file.path for file in files), image.shape, image.range)
    numbers = np.array([labels.index(file.label) for file in files], dtype=np.int64)
    examples = Examples({input_name: column}, numbers, names)
    given = [file.split for file in files]
    source = f"Folder {path.name}"
    data = assemble(examples, Contents(digests), given=given, labels=labels, split=split, source=source)
    return remarked(data, names, [file.label for file in files], digests)


def find_images(path: Path, *, judged: Judged | None = None) -> list[Labelled]:
    """Returns every file in the class folders of `path`, by split, class and name; none is opened.

    Args:
        path: The folder.
        judged: What alone will be looked at, as nothing is trained; then others may be missing or lack classes.

    Raises:
        DataError: If the folders are in neither layout, a class folder is empty, or splits differ in their classes.

    >>> find_images(Path("fusion/errors.py"))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: fusion/errors.py is a file; expected a folder of images.
    """
    if not path.is_dir():
        raise DataError(
            f"{path} is a file; expected a folder of images."
            if path.exists()
            else f"There is no folder {path}."
        )
    folders = _folders(path)
    if folders and all(folder.name.casefold() in SPLIT_OF for folder in folders):
        given = _given_splits(path, folders, judged)
        found = {name: list(_classes(folder, name)) for name, folder in given.items()}
        if not judged:
            _check_same_classes(path, found)
        return [file for files in found.values() for file in files]
    return list(_classes(path, ""))


def _folders(path: Path) -> list[Path]:
    return [child for child in _children(path) if child.is_dir()]


def _children(path: Path) -> list[Path]:
    """What lies in a folder by name: paths themselves compare in lower case on Windows, which is another order."""
    found = [child for child in path.iterdir() if not child.name.startswith(".")]
    own = [child for child in found if child.name.casefold() not in _LEFT_BY_SYSTEMS]
    return sorted(own, key=lambda child: child.name)


def _given_splits(path: Path, folders: Sequence[Path], judged: Judged | None) -> dict[str, Path]:
    """The folders of splits by the name of the split; to train, `train` and at least one other."""
    named: dict[str, Path] = {}
    for folder in folders:
        name = SPLIT_OF[folder.name.casefold()]
        if name in named:
            raise DataError(f"{path} has both {named[name].name}/ and {folder.name}/; keep one of them.")
        named[name] = folder
    if "train" not in named and not judged:
        raise DataError(f"{path} has {listed(f'{f.name}/' for f in folders)} but no train/. {_LAYOUTS}")
    if len(named) == 1 and not judged:
        raise DataError(
            f"{path} has train/ but neither val/ nor test/. Add one, or give {named['train']} itself as the folder: "
            "then it is split by content."
        )
    return {name: named[name] for name in ("train", "validation", "test") if name in named}


def _classes(path: Path, split: str) -> Iterator[Labelled]:
    folders = _folders(path)
    if not folders:
        loose = sum(child.suffix.lower() in EXTENSIONS for child in path.iterdir())
        images = f" but {loose} images" if loose else ""
        raise DataError(f"{path} has no class folders{images}. {_LAYOUTS}")
    files = {folder: _files(folder) for folder in folders}
    empty = [f"{folder.name}/" for folder in folders if not files[folder]]
    if empty:
        raise DataError(f"{path} has class folders without any image: {listed(empty)}. Fill or remove them.")
    if len(folders) == 1:
        raise DataError(f"{path} has only one class, {folders[0].name}/; telling classes apart takes two.")
    for folder in folders:
        label = unicodedata.normalize("NFC", folder.name)
        yield from (Labelled(file, label, split) for file in files[folder])


def _files(folder: Path) -> list[Path]:
    children = _children(folder)
    nested = [f"{child.name}/" for child in children if child.is_dir()]
    if nested:
        raise DataError(f"{folder} holds folders ({listed(nested)}) where images were expected. {_LAYOUTS}")
    return children


def _check_same_classes(path: Path, found: dict[str, list[Labelled]]) -> None:
    labels = {name: {file.label for file in files} for name, files in found.items()}
    every = set().union(*labels.values())
    lacking = [f"{name} lacks {listed(sorted(every - has))}" for name, has in labels.items() if every - has]
    if lacking:
        raise DataError(f"The splits of {path} have different classes: {'; '.join(lacking)}.")
