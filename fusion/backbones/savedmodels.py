"""SavedModels as far as is known without TensorFlow: where they lie, and whether they are the ones meant."""

import hashlib
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fusion.backbones.weights import StoredWeights, digest, places, sought
from fusion.cache import cache_folder
from fusion.errors import BackboneError, WeightsError
from fusion.files import replacing
from fusion.recipe.savedmodels import SavedModel

PROGRAM = "saved_model.pb"
"""The file by which a folder is known to be a SavedModel."""
ARCHIVES = (".tar.gz", ".tgz")


def find_saved_model(backbone: SavedModel, folders: Sequence[Path]) -> tuple[Path, str]:
    """Returns the folder of a SavedModel and its digest; an archive is unpacked into the cache folder.

    >>> find_saved_model(SavedModel(saved_model="absent", preprocess="none"), [Path("/nowhere")])
    Traceback (most recent call last):
    ...
    fusion.errors.WeightsError: There is no SavedModel 'absent' (a folder with saved_model.pb, or one as .tar.gz). Looked for: ...

    Raises:
        BackboneError: If it is an address and `tensorflow_hub` is not installed.
        WeightsError: If it lies nowhere, is damaged, or is not the one that was meant.
    """
    if "://" in backbone.saved_model:
        return _checked(backbone, _resolved(backbone.saved_model))
    for place in places(backbone.saved_model, folders):
        if (place / PROGRAM).is_file():
            return _checked(backbone, place)
        if place.is_file() and place.name.endswith(ARCHIVES):
            return _unpacked(backbone, place)
    raise WeightsError(
        f"There is no SavedModel {backbone.saved_model!r} (a folder with {PROGRAM}, or one as .tar.gz). "
        f"{sought(backbone.saved_model, folders)}"
    )


def digest_folder(folder: Path) -> str:
    """Returns the sha256 of the names and contents of all files in a folder, in the order of their names.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a").write_text("x")
    ...     digest_folder(Path(folder))[:8]
    '09a09e3f'

    Raises:
        WeightsError: If a file cannot be read.
    """
    whole = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        whole.update(f"{name}\n{digest(StoredWeights(path))}\n".encode())
    return whole.hexdigest()


def unpack_place(name: str) -> Path:
    """Returns where SavedModels are kept that came in an archive or in a saved model, by digest.

    >>> unpack_place("0ab1").name
    '0ab1'
    """
    return cache_folder() / "saved_models" / name


def remember(name: str) -> None:
    """Writes down that a recipe used the SavedModel of a digest on this machine.

    Raises:
        FileError: If the cache folder cannot be written.
    """
    with replacing(_mark(name)) as part:
        part.touch()


def is_known(name: str) -> bool:
    """Returns whether a recipe has used the SavedModel of a digest on this machine, and so has a person chosen it.

    >>> is_known("0" * 64)
    False
    """
    return _mark(name).exists()


def _mark(name: str) -> Path:
    return unpack_place(name).with_suffix(".used")


def _checked(backbone: SavedModel, folder: Path) -> tuple[Path, str]:
    found = digest_folder(folder)
    _compare(backbone, found, folder)
    return folder, found


def _compare(backbone: SavedModel, found: str, place: Path) -> None:
    if backbone.sha256 not in (None, found):
        raise WeightsError(
            f"The SavedModel {place} is not the one meant: its sha256 is {found}, expected {backbone.sha256}. "
            "Fetch it again, or correct the digest."
        )


def _unpacked(backbone: SavedModel, archive: Path) -> tuple[Path, str]:
    """Returns the folder of an archive, unpacked once; who finds one finds it whole."""
    found = digest(StoredWeights(archive))
    _compare(backbone, found, archive)
    place = unpack_place(found)
    if not (place / PROGRAM).is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as part:
            try:
                with tarfile.open(archive) as opened:
                    opened.extractall(part, filter="data")
            except (OSError, tarfile.TarError) as error:
                raise WeightsError(f"{archive} cannot be unpacked: {error}.") from error
            programs = sorted(Path(part).rglob(PROGRAM), key=lambda path: len(path.parts))
            if not programs:
                raise WeightsError(f"{archive} holds no SavedModel: no {PROGRAM} is in it.")
            shutil.move(programs[0].parent, place)
    return place, digest_folder(place)


def _resolved(address: str) -> Path:
    try:
        import tensorflow_hub
    except ImportError:
        raise BackboneError(
            f"{address!r} is an address, which tensorflow_hub resolves, and that is not installed: pip install 'fusion[hub]'. "
            "Or fetch it, and name the folder."
        ) from None
    try:
        return Path(tensorflow_hub.resolve(address))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{address} cannot be fetched: {error}. Fetch it elsewhere, and name the folder."
        ) from error
