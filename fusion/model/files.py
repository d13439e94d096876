"""Models in files: plain `.keras` with the recipe inside, and weights stored by address."""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from fusion.backbones.catalogue import load_classes
from fusion.errors import ModelError
from fusion.files import replacing
from fusion.model.blocks import pack_blocks, unpacked_blocks
from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import to_data

MEMBER = "fusion.json"
"""Further member of the archive that a `.keras` file is; Keras does not look at it."""


class Loaded(NamedTuple):
    """What a file holds: the Keras model, its recipe, and names of the classes it predicts if it has some."""

    model: keras.Model
    recipe: Recipe
    labels: tuple[str, ...] | None


def save(
    model: keras.Model, path: str | Path, *, recipe: Recipe, labels: Sequence[str] | None = None
) -> None:
    """Writes a model as a `.keras` file that opens anywhere Keras does, with its recipe as a further member.

    The file is there whole or not at all. How the model was trained is not in it, but for what its last phase left
    trainable: make it all trainable (`model.trainable = True` for each sub-model too) before training on in Keras.

    Raises:
        ModelError: If the name does not end in `.keras`.
        FileError: If the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ModelError(f"A model is saved as a .keras file, got {path.name!r}.")
    named = labels or recipe.head.output.labels
    about: dict[str, Any] = {"recipe": to_data(recipe), "labels": list(named) if named else None}
    with replacing(path) as part, _uncompiled(model):
        model.save(part)
        with zipfile.ZipFile(part, "a") as archive:
            about["saved_models"] = pack_blocks(model, archive)
            archive.writestr(MEMBER, json.dumps(about, indent=1, ensure_ascii=False))


@contextmanager
def _uncompiled(model: keras.Model) -> Iterator[None]:
    """Leaves out how a model was trained: an optimizer whose weights differ makes Keras warn at every opening."""
    compiled, optimizer = model.compiled, getattr(model, "optimizer", None)
    model.compiled, model.optimizer = False, None
    try:
        yield
    finally:
        model.compiled, model.optimizer = compiled, optimizer


def load(path: str | Path, *, trusted: bool = False) -> Loaded:
    """Returns the model in a `.keras` file that `save` wrote, or in the folder of a run, its recipe and its classes' names.

    Args:
        path: The file, or the folder.
        trusted: Whether to run SavedModels in it that no recipe has used on this machine: they are programs.

    Raises:
        ModelError: If there is no such file, it is none of Keras's, it has no recipe, or a SavedModel in it is not trusted.
        RecipeError: If the recipe is damaged or of a newer format.
        BackboneError: If a package that its layers are of is not installed.
    """
    path = Path(path) / "model.keras" if Path(path).is_dir() else Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            about: dict[str, Any] = json.loads(archive.read(MEMBER))
    except FileNotFoundError:
        raise ModelError(f"There is no file {path}.") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} is no .keras file that can be read: {error}.") from None
    except json.JSONDecodeError as error:
        raise ModelError(f"The recipe inside {path} is damaged: {error}.") from None
    except KeyError:
        raise ModelError(
            f"{path} has no recipe inside, so fusion did not write it. keras.saving.load_model opens it."
        ) from None
    recipe, labels = from_data(about.get("recipe"), source=str(path)), about.get("labels")
    load_classes(recipe.backbones.values())
    held: dict[str, str] = about.get("saved_models") or {}
    try:
        with unpacked_blocks(path, held, trusted=trusted) as there:
            model = keras.saving.load_model(there, safe_mode=not held)
    except (ValueError, TypeError, OSError) as error:
        raise ModelError(f"Keras cannot open {path}: {error}") from error
    return Loaded(model, recipe, tuple(labels) if labels else None)


def save_weights(values: Mapping[str, np.ndarray], path: str | Path) -> None:
    """Writes weights by address as a NumPy archive; it is there whole or not at all.

    Raises:
        ModelError: If the name does not end in `.npz`.
        FileError: If the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ModelError(f"Weights by address are saved as an .npz file, got {path.name!r}.")
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, **values)  # type: ignore[arg-type]  # NumPy types the names of arrays as its own option


def load_weights(path: str | Path) -> dict[str, np.ndarray]:
    """Returns the weights by address that `save_weights` wrote.

    Raises:
        ModelError: If there is no such file, it is damaged, or it is a whole model.
    """
    if Path(path).suffix == ".keras":
        raise ModelError(
            f"{path} is a whole model, not weights by address (.npz), such as the checkpoint.npz of a run. "
            "fusion.load opens it, recipe and all."
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except FileNotFoundError:
        raise ModelError(f"There is no file {path}.") from None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} holds no weights by address that can be read: {error}.") from None
