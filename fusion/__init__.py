"""Fuse pretrained Keras backbones, cut at any layer, and transfer only the parts you name."""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

from fusion.backbones.registered import register_backbone
from fusion.errors import (
    BackboneError,
    DataError,
    DrawingError,
    FileError,
    FusionError,
    InputSizeError,
    LayerNotFoundError,
    ModelError,
    Problem,
    RecipeError,
    StoreError,
    StudyError,
    TrainingError,
    WeightsError,
)
from fusion.recipe.absence import Absence
from fusion.recipe.augmentation import Brightness, Contrast, Flip, Rotation, Translation, Zoom
from fusion.recipe.backbones import Backbone, BackboneFile, BackbonePreset, KerasHubBackbone, WeightsFile
from fusion.recipe.blocks import BatchNorm, Dense, Dropout, LayerNorm
from fusion.recipe.branches import Branch
from fusion.recipe.head import Head, Output
from fusion.recipe.inputs import Category, Image, Table
from fusion.recipe.joining import Add, Average, Compare, Concat, Maximum, Multiply
from fusion.recipe.preprocessing import Scaling
from fusion.recipe.reading import from_json, load_recipe
from fusion.recipe.recipe import Recipe
from fusion.recipe.reduction import only
from fusion.recipe.savedmodels import SavedModel
from fusion.recipe.schema import schema
from fusion.recipe.short import fuse
from fusion.recipe.texts import Text, Tokens, Words
from fusion.recipe.training import EarlyStopping, Optimizer, Part, Phase, Training
from fusion.recipe.weighing import (
    Attention,
    Bilinear,
    CrossAttention,
    Film,
    Gated,
    Late,
    LowRank,
    Tensor,
    WeightedSum,
)
from fusion.recipe.writing import recipe_hash, to_json

__version__: str

if TYPE_CHECKING:
    from fusion.checking import check, costs, draw, resolve
    from fusion.comparing import differences
    from fusion.data.arrays import from_arrays
    from fusion.data.examples import Data
    from fusion.data.reading import read_data, read_images, read_inputs
    from fusion.data.requests import read_values
    from fusion.execution.running import run_study
    from fusion.features.archives import write_features
    from fusion.features.arrays import Features, extract_features
    from fusion.graph.nodes import FusionGraph
    from fusion.locking import lock, moved
    from fusion.model.addresses import layer, layers, set_weights, weights
    from fusion.model.building import build
    from fusion.model.files import load, load_weights, save, save_weights
    from fusion.model.selftest import self_test
    from fusion.probe.scored import Scored
    from fusion.probe.scoring import score_taps
    from fusion.report.writing import write_report
    from fusion.study.claims import compare
    from fusion.study.declaration import Arm, Cuts, Study, load_study
    from fusion.study.results import Results, load_results
    from fusion.training.contactsheets import show_batch
    from fusion.training.evaluation import evaluate, predict
    from fusion.training.programs import Programs
    from fusion.training.runs import train
    from fusion.training.tensorboards import tensorboard
    from fusion.unfreezing import unfreeze

LATER = {
    "Arm": "fusion.study.declaration",
    "Cuts": "fusion.study.declaration",
    "Data": "fusion.data.examples",
    "Features": "fusion.features.arrays",
    "FusionGraph": "fusion.graph.nodes",
    "Programs": "fusion.training.programs",
    "Results": "fusion.study.results",
    "Scored": "fusion.probe.scored",
    "Study": "fusion.study.declaration",
    "build": "fusion.model.building",
    "check": "fusion.checking",
    "compare": "fusion.study.claims",
    "costs": "fusion.checking",
    "differences": "fusion.comparing",
    "draw": "fusion.checking",
    "evaluate": "fusion.training.evaluation",
    "extract_features": "fusion.features.arrays",
    "from_arrays": "fusion.data.arrays",
    "layer": "fusion.model.addresses",
    "layers": "fusion.model.addresses",
    "load": "fusion.model.files",
    "load_results": "fusion.study.results",
    "load_study": "fusion.study.declaration",
    "load_weights": "fusion.model.files",
    "lock": "fusion.locking",
    "moved": "fusion.locking",
    "predict": "fusion.training.evaluation",
    "read_data": "fusion.data.reading",
    "read_images": "fusion.data.reading",
    "read_inputs": "fusion.data.reading",
    "read_values": "fusion.data.requests",
    "resolve": "fusion.checking",
    "run_study": "fusion.execution.running",
    "save": "fusion.model.files",
    "save_weights": "fusion.model.files",
    "score_taps": "fusion.probe.scoring",
    "self_test": "fusion.model.selftest",
    "set_weights": "fusion.model.addresses",
    "show_batch": "fusion.training.contactsheets",
    "tensorboard": "fusion.training.tensorboards",
    "train": "fusion.training.runs",
    "unfreeze": "fusion.unfreezing",
    "weights": "fusion.model.addresses",
    "write_features": "fusion.features.archives",
    "write_report": "fusion.report.writing",
}
"""Names whose modules are imported when they are first asked for: they load Keras, which takes seconds, or networkx."""

__all__ = [
    "Absence",
    "Add",
    "Arm",
    "Attention",
    "Average",
    "Backbone",
    "BackboneError",
    "BackboneFile",
    "BackbonePreset",
    "BatchNorm",
    "Bilinear",
    "Branch",
    "Brightness",
    "Category",
    "Compare",
    "Concat",
    "Contrast",
    "CrossAttention",
    "Cuts",
    "Data",
    "DataError",
    "Dense",
    "DrawingError",
    "Dropout",
    "EarlyStopping",
    "Features",
    "FileError",
    "Film",
    "Flip",
    "FusionError",
    "FusionGraph",
    "Gated",
    "Head",
    "Image",
    "InputSizeError",
    "KerasHubBackbone",
    "Late",
    "LayerNorm",
    "LayerNotFoundError",
    "LowRank",
    "Maximum",
    "ModelError",
    "Multiply",
    "Optimizer",
    "Output",
    "Part",
    "Phase",
    "Problem",
    "Programs",
    "Recipe",
    "RecipeError",
    "Results",
    "Rotation",
    "SavedModel",
    "Scaling",
    "Scored",
    "StoreError",
    "Study",
    "StudyError",
    "Table",
    "Tensor",
    "Text",
    "Tokens",
    "Training",
    "TrainingError",
    "Translation",
    "WeightedSum",
    "WeightsError",
    "WeightsFile",
    "Words",
    "Zoom",
    "build",
    "check",
    "compare",
    "costs",
    "differences",
    "draw",
    "evaluate",
    "extract_features",
    "from_arrays",
    "from_json",
    "fuse",
    "layer",
    "layers",
    "load",
    "load_recipe",
    "load_results",
    "load_study",
    "load_weights",
    "lock",
    "moved",
    "only",
    "predict",
    "read_data",
    "read_images",
    "read_inputs",
    "read_values",
    "recipe_hash",
    "register_backbone",
    "resolve",
    "run_study",
    "save",
    "save_weights",
    "schema",
    "score_taps",
    "self_test",
    "set_weights",
    "show_batch",
    "tensorboard",
    "to_json",
    "train",
    "unfreeze",
    "weights",
    "write_features",
    "write_report",
]


if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
    from fusion.notebooks import register

    register(shell.display_formatter.mimebundle_formatter)


def __getattr__(name: str) -> object:
    if name == "__version__":
        return version("fusion")
    if name in LATER:
        return getattr(import_module(LATER[name]), name)
    raise AttributeError(f"module 'fusion' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
