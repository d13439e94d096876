"""Backbones of KerasHub, by constructor or by preset: for real, or dry, for their tables alone."""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Any

import keras

from fusion.backbones.building import check_setup, dry, worded
from fusion.backbones.loading import fill
from fusion.backbones.presets import check_preset, kerashub_version, line, plain
from fusion.backbones.tokens import REFUSALS, is_saved, of_one_input, sequence
from fusion.backbones.tracing import operations, trace
from fusion.backbones.weights import StoredWeights, check_digest
from fusion.errors import BackboneError, WeightsError, listed, near
from fusion.recipe.backbones import BackbonePreset, KerasHubBackbone
from fusion.recipe.preprocessing import Preprocess
from fusion.skeleton.layers import Shape, Skeleton

SHAPES = ("image_shape", "input_shape")
"""What constructors call the shape of an image."""


def dry_hub(backbone: BackbonePreset | KerasHubBackbone, *, shape: Shape, folder: Path | None) -> Skeleton:
    """Returns the table of a backbone of KerasHub; no weight is made or read.

    Of a text backbone the output is what it gives for each token; what it makes of the first token alone comes after.

    Args:
        backbone: What was declared.
        shape: Height, width and channels of one input; of texts the number of tokens.
        folder: That of a preset that lies in one.

    Raises:
        BackboneError: If there is no such class, option or preset, or it reads something else.
        InputSizeError: If it reads fewer tokens.
        WeightsError: If a preset cannot be fetched.
    """

    def run() -> Skeleton:
        if isinstance(backbone, KerasHubBackbone):
            model = _constructed(backbone, shape)
        else:
            model = _from_preset(backbone, shape, folder, load_weights=False)
        if len(shape) == 1:
            return _text_table(model, shape, backbone.arch)
        table = trace(model, source=backbone.arch)
        rows = operations(model, source=backbone.arch)
        return replace(table, levels=tuple(_levels(model, rows)), whole=tuple(_unsaved(table, rows)))

    return dry(run)


def load_hub(
    backbone: BackbonePreset | KerasHubBackbone,
    *,
    shape: Shape,
    weights: StoredWeights | None = None,
    folder: Path | None = None,
    pad: int = 0,
) -> keras.Model:
    """Returns a whole backbone of KerasHub with its weights; one of texts as a model of token ids alone.

    Args:
        backbone: What was declared.
        shape: Height, width and channels of one input, of texts the number of tokens; all but channels may be `None`,
            for any size.
        weights: Those of a backbone made by its constructor; random ones if `None`.
        folder: That of a preset that lies in one.
        pad: The token that stands for padding.

    Raises:
        BackboneError: If there is no such class, option or preset.
        WeightsError: If its weights are missing, damaged, or another network's.
    """
    if isinstance(backbone, BackbonePreset):
        if folder is not None:
            check_preset(backbone, folder)
        return _reading(_from_preset(backbone, shape, folder, load_weights=True), shape, pad)
    if weights is not None:
        check_digest(weights)
    model = _constructed(backbone, shape)
    if weights is not None:
        fill(model, weights, arch=backbone.arch)
    return _reading(model, shape, pad)


def _reading(model: keras.Model, shape: Shape, pad: int) -> keras.Model:
    return of_one_input(model, length=shape[0], pad=pad) if len(shape) == 1 else model


def fetch_preprocess(backbone: BackbonePreset) -> Preprocess:
    """Returns what the weights of a preset that KerasHub fetches want, as the image converter beside them says.

    Raises:
        BackboneError: If there is none.
        WeightsError: If the preset cannot be fetched.
    """
    with _told(backbone, backbone.preset):
        converter = load_kerashub().layers.ImageConverter.from_preset(backbone.preset)
    return line(converter.scale, converter.offset)


def load_kerashub() -> Any:
    """Returns the module `keras_hub`; once it is imported, Keras opens files that hold its layers.

    Raises:
        BackboneError: If it is not installed, or cannot be imported.
    """
    kerashub_version()
    try:
        import keras_hub
    except ImportError as error:
        raise BackboneError(
            f"KerasHub cannot be imported: {error}. Install it anew: pip install 'fusion[kerashub]'."
        ) from error
    return keras_hub


def _constructed(backbone: KerasHubBackbone, shape: Shape) -> keras.Model:
    check_setup()
    models = load_kerashub().models
    known = [name for name in dir(models) if name.endswith("Backbone") and name != "Backbone"]
    if backbone.kerashub not in known:
        raise BackboneError(
            f"KerasHub has no backbone {backbone.kerashub!r}.{near(backbone.kerashub, known)} "
            f"Its backbones: {listed(known, 80)}."
        )
    constructor = getattr(models, backbone.kerashub)
    options = plain(backbone.options)
    sized = _shape_argument(constructor, shape)
    _check_options(constructor, options, sized)
    try:
        return constructor(**{sized: shape}, **options) if sized else constructor(**options)
    except REFUSALS as error:
        raise BackboneError(
            f"{backbone.kerashub} cannot be built for {worded(shape, options)}: {_short(error)}"
        ) from error


def _from_preset(
    backbone: BackbonePreset, shape: Shape, folder: Path | None, *, load_weights: bool
) -> keras.Model:
    check_setup()
    base = load_kerashub().models.Backbone
    source = backbone.preset if folder is None else str(folder)
    if folder is None and "://" not in source and source not in base.presets:
        raise BackboneError(
            f"KerasHub has no preset {source!r}, nor is there a folder of that name.{near(source, base.presets)}"
        )
    with _told(backbone, source):
        # Of what class it is only its configuration says, and that decides what its shape is called.
        sized = _shape_argument(type(dry(lambda: base.from_preset(source, load_weights=False))), shape)
        return base.from_preset(source, load_weights=load_weights, **({sized: shape} if sized else {}))


@contextmanager
def _told(backbone: BackbonePreset, source: str) -> Iterator[None]:
    try:
        yield
    except (BackboneError, WeightsError):
        raise
    except OSError as error:
        raise WeightsError(
            f"The preset {backbone.preset!r} cannot be had: {_short(error)} Where there is a network, "
            f"keras_hub.models.Backbone.from_preset({source!r}).save_to_preset(FOLDER) makes a folder; name that."
        ) from error
    except REFUSALS as error:
        raise BackboneError(
            f"KerasHub cannot open the preset {backbone.preset!r}: {_short(error)}"
        ) from error


def _shape_argument(constructor: type, shape: Shape) -> str:
    """Returns what a class calls the shape of an image; `""` where one of texts is fed tokens."""
    parameters = inspect.signature(constructor).parameters
    found = next((name for name in SHAPES if name in parameters), "")
    if found and len(shape) == 1:
        raise BackboneError(f"{constructor.__name__} reads images, and the input is a list of tokens.")
    if not found and len(shape) > 1:
        raise BackboneError(
            f"{constructor.__name__} reads no images, but texts or sounds. Feed it an input of the kind tokens."
        )
    return found


def _check_options(constructor: type, options: Mapping[str, Any], sized: str) -> None:
    """KerasHub takes any further keyword, and leaves those it does not know."""
    parameters = inspect.signature(constructor).parameters.values()
    known = {each.name for each in parameters if each.kind is not each.VAR_KEYWORD} - {"name"}
    name = constructor.__name__
    if sized and sized in options:
        raise BackboneError(
            f"The recipe's input says how large images are; take {sized!r} out of the options."
        )
    for option in options:
        if option not in known:
            raise BackboneError(
                f"{name} has no option {option!r}.{near(option, known)} It has: {listed(sorted(known - {sized}), 40)}."
            )
    missing = [
        each.name for each in parameters if each.default is each.empty and each.name in known - {sized}
    ]
    absent = [each for each in missing if each not in options]
    if absent:
        raise BackboneError(f"{name} needs the options {listed(absent, 40)}.")


def _text_table(model: Any, shape: Shape, arch: str) -> Skeleton:
    whole = of_one_input(model, length=shape[0], pad=0)
    table, rows = trace(whole, source=arch), operations(whole, source=arch)
    names = {id(operation): name for name, operation in rows.items()}
    output = names.get(id(sequence(model)._keras_history.operation), table.output)
    known = getattr(model, "vocabulary_size", None) or getattr(model, "vocab_size", None)
    return replace(table, output=output, whole=tuple(_unsaved(table, rows)), vocabulary=known)


def _levels(model: Any, rows: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields the pyramid levels a backbone names that are what a layer of its gives, and not one of several things."""
    names = {id(operation): name for name, operation in rows.items()}
    for level, tensor in getattr(model, "pyramid_outputs", {}).items():
        operation, node, place = tensor._keras_history
        if node == place == 0 and len(operation._inbound_nodes[0].output_tensors) == 1:
            yield str(level), names[id(operation)]


def _unsaved(table: Skeleton, rows: Mapping[str, Any]) -> Iterator[str]:
    """Yields the layers that Keras could not make again from what they say of themselves."""
    for layer in table.layers:
        if layer.package != "keras" and not is_saved(rows[layer.name]):
            yield layer.name


def _short(error: Exception) -> str:
    return shorten(str(error), 300, placeholder=" ...")
