"""Fresh weights for layers of a model that has some: the same for the same seed and address in whatever model."""

from collections.abc import Callable
from textwrap import shorten
from typing import Any

import keras

from fusion.errors import ModelError
from fusion.model.addresses import layers
from fusion.model.lookups import LOOKUPS
from fusion.model.seeding import seeded

ADAPTED = (keras.layers.Normalization, *LOOKUPS)
"""Layers whose weights are measured on data, not learnt."""


def renew(model: keras.Model, chosen: Callable[[str], bool], *, seed: int) -> tuple[str, ...]:
    """Gives layers weights as their initializers draw them, statistics and random states included.

    What a layer is given follows from `seed` and its address alone. It is another draw than that a model is built with, so
    that what trained above some layers does not begin anew where it began before.

    Args:
        model: What is changed.
        chosen: Tells by the address of a layer whether it is one of them.
        seed: Of what is drawn.

    Returns:
        The addresses of those that have weights.

    >>> import numpy as np
    >>> x = keras.Input((4,), name="x")
    >>> model = keras.Model(x, keras.layers.Dense(2, name="output")(x))
    >>> before = np.array(model.layers[1].kernel)
    >>> renew(model, {"output"}.__contains__, seed=0)
    ('output',)
    >>> bool((before == np.array(model.layers[1].kernel)).any())
    False

    Raises:
        ModelError: If a layer cannot be made a second time by what it says of itself.
    """
    found = {address: each for address, each in layers(model).items() if chosen(address)}
    learning = {
        address: each for address, each in found.items() if each.variables and not isinstance(each, ADAPTED)
    }
    for address, each in learning.items():
        with seeded(seed, f"{address} anew"):
            fresh = _made_again(address, each)
        for own, new in zip(each.variables, fresh.variables, strict=True):
            own.assign(new)
    return tuple(address for address, each in learning.items() if each.weights)


def _made_again(address: str, layer: Any) -> Any:
    refused = f"Layer {address!r}, a {type(layer).__name__}, cannot be given fresh weights: "
    way_out = ' Leave it out of "reset".'
    try:
        fresh = type(layer).from_config(layer.get_config())
        if not fresh.built:
            fresh.build_from_config(layer.get_build_config() or {})
    except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
        cause = shorten(str(error), 200, placeholder=" ...")
        raise ModelError(
            f"{refused}it cannot be made again by its configuration: {cause}{way_out}"
        ) from error
    shapes = [[tuple(each.shape) for each in made.variables] for made in (layer, fresh)]
    if shapes[0] != shapes[1]:
        raise ModelError(
            f"{refused}made again by its configuration it has weights of the shapes {shapes[1]}, not {shapes[0]}.{way_out}"
        )
    return fresh
