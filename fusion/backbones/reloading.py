"""SavedModels opened: as a Keras model of one layer, and as a table of one row."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fusion.backbones.savedmodels import PROGRAM
from fusion.errors import BackboneError, InputSizeError, WeightsError, listed, near
from fusion.recipe.savedmodels import SavedModel
from fusion.skeleton.layers import Layer, Shape, Skeleton

BLOCK = "block"
"""Name of the one layer."""


def open_saved_model(backbone: SavedModel, *, shape: Shape, folder: Path) -> keras.Model:
    """Returns a model that runs a SavedModel on images; nothing of it trains.

    Args:
        backbone: What was declared.
        shape: Height, width and channels of one input; height and width may be `None` where it takes any.
        folder: Where it lies.

    Raises:
        BackboneError: If it has no such endpoint or output, or gives no tensor of one sample's features.
        InputSizeError: If it reads images of another size or of other channels.
        WeightsError: If it is damaged.
    """
    return _opened(backbone, shape, folder)[0]


def dry_saved_model(backbone: SavedModel, *, shape: Shape, folder: Path) -> Skeleton:
    """Returns the table of a SavedModel: its input, and itself as one row. Its operations are not counted.

    Raises:
        BackboneError: If it has no such endpoint or output, or gives no tensor of one sample's features.
        InputSizeError: If it reads images of another size or of other channels.
        WeightsError: If it is damaged.
    """
    model, given = _opened(backbone, shape, folder)
    params = sum(int(np.prod(each.shape)) for each in model.weights)
    rows = (
        Layer("input", "InputLayer", (), tuple(shape)),
        Layer(BLOCK, "TFSMLayer", ("input",), given, params, statistics=params),
    )
    return Skeleton(backbone.arch, tuple(shape), rows, BLOCK, keras.__version__, whole=(BLOCK,))


def _opened(backbone: SavedModel, shape: Shape, folder: Path) -> tuple[keras.Model, Shape]:
    layer = _layer(backbone, folder)
    _check_reads(layer, backbone, shape)
    inputs = keras.Input(tuple(shape), name="input")
    try:
        given = layer(inputs)
        sample = layer(tf.zeros((1, *(size or 64 for size in shape))))
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise BackboneError(
            f"{backbone.arch} cannot run on images of {'x'.join(map(str, shape))}: {str(error)[:300]}"
        ) from error
    key = _key(backbone, given)
    tensor, seen = (given, sample) if key is None else (given[key], sample[key])
    if not hasattr(seen, "shape") or len(seen.shape) not in (2, 4) or not seen.dtype.is_floating:
        raise BackboneError(
            f"{backbone.arch} gives {getattr(seen, 'shape', type(seen).__name__)} for one image; a backbone gives a vector or a map."
        )
    open_size = None in shape[:2]
    found = tuple(
        None if open_size and len(seen.shape) == 4 and place < 2 else int(size)
        for place, size in enumerate(seen.shape[1:])
    )
    return keras.Model(inputs, tensor, name=backbone.arch.partition(".")[0] or BLOCK), found


def _layer(backbone: SavedModel, folder: Path) -> Any:
    try:
        layer = keras.layers.TFSMLayer(
            str(folder), call_endpoint=backbone.endpoint, trainable=False, name=BLOCK
        )
    except ValueError as error:
        known = sorted(tf.saved_model.load(str(folder)).signatures)
        raise BackboneError(
            f"{backbone.arch} has no endpoint {backbone.endpoint!r}.{near(backbone.endpoint, known)} "
            f"It has: {listed(known) or 'none'}; 'serve' too where Keras exported it."
        ) from error
    except (OSError, tf.errors.OpError) as error:
        raise WeightsError(f"{folder / PROGRAM} cannot be opened: {str(error)[:300]}") from error
    return layer


def _check_reads(layer: Any, backbone: SavedModel, shape: Shape) -> None:
    """Raises if what is called says which images it reads and these are others."""
    specs = [
        spec
        for spec in tf.nest.flatten(getattr(layer.call_endpoint_fn, "structured_input_signature", ()))
        if isinstance(spec, tf.TensorSpec)
    ]
    if len(specs) > 1:
        raise BackboneError(
            f"The endpoint {backbone.endpoint!r} of {backbone.arch} reads {len(specs)} tensors, and a backbone reads one image."
        )
    for spec in specs:
        declared = tuple(spec.shape[1:]) if spec.shape.rank else ()
        if spec.shape.rank is None or (
            all(None in (own, given) or own == given for own, given in zip(declared, shape, strict=False))
            and len(declared) == len(shape)
        ):
            continue
        raise InputSizeError(
            f"{backbone.arch} reads {'x'.join(map(str, declared))}, got {'x'.join(map(str, shape))}. "
            + (f'Write "resize": [{declared[0]}, {declared[1]}] in the branch.' if len(declared) == 3 else "")
        )


def _key(backbone: SavedModel, given: Any) -> str | None:
    """Returns the name of the output that is taken; `None` where there is one without a name."""
    if not isinstance(given, dict):
        if backbone.output is not None:
            raise BackboneError(f'{backbone.arch} gives one tensor; take out "output".')
        return None
    if backbone.output is None and len(given) == 1:
        return str(next(iter(given)))
    if backbone.output not in given:
        hint = near(backbone.output or "", given)
        asked = f"has no output {backbone.output!r}.{hint}" if backbone.output else "gives several tensors."
        raise BackboneError(f'{backbone.arch} {asked} Write one as "output": {listed(sorted(given))}.')
    return backbone.output
