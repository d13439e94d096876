"""Layers of a built model by address: `owner/layer`, the same in every process and after opening a file."""

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from fusion.errors import LayerNotFoundError, ModelError, listed, near
from fusion.graph.nodes import AUXILIARY
from fusion.model.lookups import LOOKUPS, check_vocabulary, set_vocabulary, vocabulary


def layers(model: keras.Model) -> dict[str, Any]:
    """Returns the layers of a model that hold no others, by address, in the order of the model.

    A layer of the model itself has its name as address; one of a sub-model `owner/layer`, deeper ones dotted.

    >>> x = keras.Input((4,), name="x")
    >>> block = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="dense")], name="top")
    >>> list(layers(keras.Model(x, block(x))))
    ['x', 'top/dense']
    """
    found: dict[str, Any] = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found.update(_inside(layer, f"{layer.name}/"))
        else:
            found[layer.name] = layer
    return found


def layer(model: keras.Model, address: str) -> Any:
    """Returns the layer of a model at an address such as `vgg/block4_pool`.

    >>> x = keras.Input((4,), name="x")
    >>> layer(keras.Model(x, keras.layers.Dense(2, name="output")(x)), "output").units
    2

    Raises:
        LayerNotFoundError: If there is none.
    """
    known = layers(model)
    if address not in known:
        owners = dict.fromkeys(name.partition("/")[0] for name in known)
        raise LayerNotFoundError(
            f"The model has no layer {address!r}.{near(address, known)} An address is owner/layer; "
            f"owners: {listed(owners, 20)}."
        )
    return known[address]


def weights(model: keras.Model) -> dict[str, np.ndarray]:
    """Returns every weight of a model by the address of its layer and its own name, such as `vgg/conv1/kernel`.

    The texts that a lookup tells apart are among them, such as `zip.prepare/lookup/vocabulary`, an array of strings:
    without them a model would read its categories otherwise.

    >>> x = keras.Input((4,), name="x")
    >>> list(weights(keras.Model(x, keras.layers.Dense(2, name="output")(x))))
    ['output/kernel', 'output/bias']
    """
    texts = {name: vocabulary(each) for name, each in lookups(model).items()}
    return {name: np.array(variable) for name, variable in variables(model).items()} | texts


def lookups(model: keras.Model) -> dict[str, Any]:
    """Returns the layers of a model that tell texts or words apart, by the address of their vocabulary.

    >>> from fusion.model.lookups import lookup
    >>> x = keras.Input((1,), dtype="string", name="zip")
    >>> list(lookups(keras.Model(x, lookup(3, name="zip.prepare")(x))))
    ['zip.prepare/lookup/vocabulary']
    """
    return {
        f"{address}/vocabulary": each for address, each in layers(model).items() if isinstance(each, LOOKUPS)
    }


def variables(model: keras.Model) -> dict[str, Any]:
    """Returns the Keras variables of a model by the address of their layer and their own name; no vocabularies.

    Random states, which dropout keeps, are none of its weights.

    >>> x = keras.Input((4,), name="x")
    >>> tuple(variables(keras.Model(x, keras.layers.Dense(2, name="output")(x)))["output/bias"].shape)
    (2,)
    """
    return {
        f"{address}/{name}": variable
        for address, each in layers(model).items()
        for name, variable in _own(each)
    }


def set_weights(model: keras.Model, values: Mapping[str, np.ndarray]) -> None:
    """Gives weights of a model the values stored under their addresses; those not named stay as they are.

    >>> x = keras.Input((4,), name="x")
    >>> model = keras.Model(x, keras.layers.Dense(2, name="output")(x))
    >>> set_weights(model, {"output/bias": np.ones(2)})
    >>> weights(model)["output/bias"].tolist()
    [1.0, 1.0]

    Raises:
        ModelError: If an address or a shape is not the model's; then nothing is changed.
    """
    known, texts = variables(model), lookups(model)
    for name, value in values.items():
        if name in texts:
            check_vocabulary(texts[name], value, what=f"Weight {name!r}")
            continue
        if name not in known:
            raise ModelError(
                f"The model has no weight {name!r}.{near(name, [*known, *texts])} "
                "Weights go by address: owner, layer, and name of the weight."
            )
        if tuple(known[name].shape) != value.shape:
            raise ModelError(
                f"Weight {name!r} has shape {tuple(known[name].shape)}, and the stored one {value.shape}. "
                "They belong to models of different widths."
            )
    for name, value in values.items():
        if name in texts:
            set_vocabulary(texts[name], value.tolist())
        else:
            known[name].assign(value)
    touched = {name.rpartition("/")[0] for name in values}
    for address, each in layers(model).items():
        if address in touched and isinstance(each, keras.layers.Normalization):
            # It computes with constants made of its weights, which do not follow them by themselves.
            each.finalize_state()
    if not texts.keys().isdisjoint(values):
        # A function Keras has compiled goes on looking up in the old table.
        model.make_predict_function(force=True)
        model.make_test_function(force=True)


def without_auxiliary(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns weights by address but for those of auxiliary outputs, which a checkpoint has and no finished model.

    >>> list(without_auxiliary({"output/bias": np.ones(2), "texture.auxiliary/bias": np.ones(2)}))
    ['output/bias']
    """
    return {name: value for name, value in values.items() if not name.partition("/")[0].endswith(AUXILIARY)}


def _inside(model: keras.Model, prefix: str) -> Iterator[tuple[str, Any]]:
    for each in model.layers:
        if isinstance(each, keras.Model):
            yield from _inside(each, f"{prefix}{each.name}.")
        elif not isinstance(each, keras.layers.InputLayer):
            yield f"{prefix}{each.name}", each


def _own(each: Any) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for variable in each.weights:
        number = seen[variable.name] = seen.get(variable.name, 0) + 1
        yield variable.name if number == 1 else f"{variable.name}_{number}", variable
