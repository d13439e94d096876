"""Opening models in `.keras` files: for real, or dry, for their tables alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from fusion.backbones.archives import check_size, read_config
from fusion.backbones.building import check_numbers, dry, vocabulary
from fusion.backbones.tracing import trace
from fusion.errors import BackboneError
from fusion.skeleton.layers import Shape, Skeleton
from fusion.skeleton.names import given_names


def dry_open(path: Path, *, shape: Shape) -> Skeleton:
    """Returns the table of the model in a file for images of `shape`; no weight is made or read.

    A size that is open in `shape` is the model's own.

    Raises:
        BackboneError: If it is no functional model of Keras's own layers with one image in and one tensor out.
        InputSizeError: If it reads images of another size or of other channels.
        WeightsError: If the file cannot be read.
    """
    config = read_config(path)

    def run() -> Skeleton:
        model = _described(config, path.name)
        table = trace(model, source=path.name, naming=given_names)
        check_size(path.name, table.input_shape, shape)
        table = replace(table, vocabulary=vocabulary(model))
        if len(shape) == 1:
            check_numbers(model, path.name)
        wanted = tuple(
            own if given is None else given for own, given in zip(table.input_shape, shape, strict=True)
        )
        open_inside = any(None in layer.shape for layer in table.layers)
        if wanted == table.input_shape and not open_inside:
            return table
        again = trace(_resized(model, wanted), source=path.name, naming=given_names)
        return replace(again, vocabulary=table.vocabulary)

    return dry(run)


def open_archive(path: Path, *, shape: Shape) -> keras.Model:
    """Returns the model in a file with its weights, as it is; of code nothing is run.

    Raises:
        BackboneError: If it is no functional model of Keras's own layers with one image in and one tensor out.
        InputSizeError: If it reads images of another size or of other channels.
        WeightsError: If the file cannot be read.
    """
    read_config(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise BackboneError(f"Keras cannot open {path}: {error}") from error
    table = trace(model, source=path.name, naming=given_names)
    check_size(path.name, table.input_shape, shape)
    return model


def _described(config: dict[str, Any], name: str) -> keras.Model:
    try:
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
    except (ValueError, TypeError, KeyError) as error:
        raise BackboneError(f"Keras cannot make the model that {name} describes: {error}") from error


def _resized(model: Any, shape: Shape) -> keras.Model:
    """Returns a model like one whose input has open sizes, for images of `shape`, models in it too."""

    def call(layer: Any, tensor: Any, *others: Any, **settings: Any) -> Any:
        if isinstance(layer, keras.Function | keras.Sequential) and len(layer.inputs) == 1:
            layer = _resized(layer, tensor.shape[1:])
        return layer(tensor, *others, **settings)

    (declared,) = model.inputs
    inputs = keras.Input(shape, dtype=declared.dtype, name=declared.name)
    if isinstance(model, keras.Sequential):
        tensor = inputs
        for layer in model.layers:
            tensor = call(layer, tensor)
        return keras.Model(inputs, tensor, name=model.name)
    return keras.models.clone_model(
        model,
        input_tensors=keras.tree.map_structure(lambda _: inputs, model.input),
        clone_function=lambda layer: layer,
        call_function=call,
    )
