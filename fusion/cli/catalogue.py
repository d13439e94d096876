"""Where the commands take layer tables from: the cache, or Keras with a word on what takes so long."""

from dataclasses import dataclass
from pathlib import Path

from fusion.backbones import catalogue
from fusion.backbones.applications import find_application
from fusion.backbones.catalogue import Shelf
from fusion.backbones.presets import CONFIG
from fusion.backbones.savedmodels import PROGRAM
from fusion.recipe.backbones import AnyBackbone, Backbone, BackboneFile, BackbonePreset
from fusion.recipe.savedmodels import SavedModel
from fusion.skeleton.layers import Shape, Skeleton


@dataclass(frozen=True, slots=True)
class Announced(Shelf):
    """Backbones as a graph asks for them; a table that is not cached is made, which is said on the terminal."""

    def skeleton(self, backbone: AnyBackbone, shape: Shape) -> Skeleton:
        """Returns the layer table of a backbone for images of `shape`.

        Raises:
            BackboneError: If there is no such architecture or option, or the images are too small.
            WeightsError: If its file is missing, damaged, or another than the one meant.
        """
        if catalogue.is_known(backbone, shape, self.folders):
            return catalogue.skeleton(backbone, shape, self.folders)
        from rich.console import Console

        from fusion.backbones.quiet import load_keras

        with Console(stderr=True).status(f"making the layer table of {backbone.arch}, this once"):
            load_keras()
            return catalogue.skeleton(backbone, shape, self.folders)


def named(source: str) -> tuple[AnyBackbone, Shape]:
    """Returns the backbone a command names, and the shape it is meant to read.

    A name is an architecture's, a `.keras` file's, or the folder or address of a preset of KerasHub.

    >>> named("VGG16")[1], named("mine.keras")[1]
    ((224, 224, 3), (None, None, None))

    Raises:
        BackboneError: If there is no such architecture.
    """
    if source.endswith(".keras"):
        return BackboneFile(file=source, preprocess="none"), (None, None, None)
    if (Path(source) / PROGRAM).is_file():
        return SavedModel(saved_model=source, preprocess="none"), (224, 224, 3)
    if "://" in source or (Path(source) / CONFIG).is_file():
        return BackbonePreset(preset=source, preprocess="none"), (224, 224, 3)
    known = find_application(source)
    size = known.size
    return Backbone(arch=source, weights=None), (size,) if known.reads == "tokens" else (size, size, 3)
