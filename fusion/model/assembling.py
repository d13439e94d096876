"""Fusion ops and pools as layers and sub-models, made of what is built into Keras."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from fusion.graph.assembly import Inner
from fusion.skeleton.layers import Shape


def assembled(
    layers: Sequence[Inner],
    sources: Mapping[str, Shape],
    *,
    name: str,
    dtypes: Mapping[str, str] | None = None,
) -> Any:
    """Returns what `layers` make: the only one, or a sub-model of all that reads `sources` in their order.

    Args:
        layers: Each after those it reads.
        sources: Shapes of what is read from outside, by the names that layers call it.
        name: Its name.
        dtypes: Of what is read, by name, where that is no floats.

    >>> both = [
    ...     Inner("half", "Dense", ("in.a",), (2,), {"units": 2}),
    ...     Inner("all", "Add", ("half", "in.b"), (2,)),
    ... ]
    >>> assembled(both, {"in.a": (4,), "in.b": (2,)}, name="fusion").output_shape
    (None, 2)
    """
    if len(layers) == 1 and not layers[0].kind.startswith("ops."):
        return _layer(layers[0], name)
    inputs = {
        source: keras.Input(shape, dtype=(dtypes or {}).get(source), name=source)
        for source, shape in sources.items()
    }
    tensors: dict[str, Any] = dict(inputs)
    for layer in layers:
        tensors[layer.name] = _called(layer, [tensors[each] for each in layer.of])
    read = list(inputs.values())
    return keras.Model(read if len(read) > 1 else read[0], tensors[layers[-1].name], name=name)


def _called(layer: Inner, read: list[Any]) -> Any:
    if layer.kind.startswith("ops."):
        given = getattr(keras.ops, layer.kind.removeprefix("ops."))(*read, **layer.config)
        # A bare operation takes no name where it is called, and an automatic one depends on what was built before.
        given._keras_history.operation.name = layer.name
        return given
    made = _layer(layer, layer.name)
    if layer.kind == "MultiHeadAttention":
        return made(*read)
    if layer.kind == "Resizing":
        # As in `fusion.backbones.preprocessing`: its own default would have all that follows run as in training.
        return made(read[0], training=False)
    return made(read if len(read) > 1 else read[0])


def _layer(layer: Inner, name: str) -> Any:
    return getattr(keras.layers, layer.kind)(**layer.config, name=name)
