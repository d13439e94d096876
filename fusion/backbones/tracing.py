"""Reading the layer table out of a Keras model."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import keras

from fusion.errors import BackboneError, listed
from fusion.skeleton.flops import flops
from fusion.skeleton.layers import Layer, Shape, Skeleton
from fusion.skeleton.names import Naming, canonical_names


@dataclass(frozen=True, slots=True)
class _Row:
    """One operation of a model, the tensors it reads and gives, and the places in the list of its nested models."""

    operation: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    outer: tuple[int, ...]


def trace(model: keras.Model, *, source: str, naming: Naming = canonical_names) -> Skeleton:
    """Returns the table of a functional model with one input and one output, its nested models opened.

    Nothing is run and no weight is read, so a model whose weights were never made does as well.

    Args:
        model: The model.
        source: What messages call it.
        naming: What gives the rows their names.

    >>> inputs = keras.Input((8, 8, 3))
    >>> model = keras.Model(inputs, keras.layers.Conv2D(4, 3, padding="same")(inputs))
    >>> trace(model, source="mine")["conv2d"].params
    112

    Raises:
        BackboneError: If the model is not functional, has several inputs or outputs, or calls one layer twice.
    """
    _check(model, source)
    rows = _rows(model, source)
    names = _names(rows, source, naming)
    feeds = _feeds(rows)
    makers = {id(tensor): name for row, name in zip(rows, names, strict=True) for tensor in row.outputs}
    layers = []
    for row, name in zip(rows, names, strict=True):
        if _is_leaf(row):
            origins = (_origin(tensor, feeds) for tensor in row.inputs)
            container = names[row.outer[-1]] if row.outer else ""
            layers.append(_layer(row, name, tuple(makers[id(tensor)] for tensor in origins), container))
    output = makers[id(_origin(model.outputs[0], feeds))]
    return Skeleton(source, _sample(model.inputs[0].shape), tuple(layers), output, keras.__version__)


def operations(model: keras.Model, *, source: str = "", naming: Naming = canonical_names) -> dict[str, Any]:
    """Returns the Keras operations of a model by name, canonical if not said otherwise.

    Layers of nested models have dotted names; a nested model itself is listed too, under its own name.

    >>> inputs = keras.Input((8, 8, 3))
    >>> model = keras.Model(inputs, keras.layers.Conv2D(4, 3)(inputs))
    >>> operations(model)["conv2d"] is model.layers[1]
    True

    Raises:
        BackboneError: As `trace`.
    """
    source = source or model.name
    _check(model, source)
    rows = _rows(model, source)
    return {name: row.operation for row, name in zip(rows, _names(rows, source, naming), strict=True)}


def _check(model: keras.Model, source: str) -> None:
    if not is_graph(model) or not model.built:
        raise BackboneError(
            f"{source} is no functional model ({type(model).__name__}), so its layers cannot be listed or cut. "
            "Build it with keras.Model(inputs, outputs), or call it once if it is a Sequential."
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise BackboneError(
            f"{source} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; a backbone has one of each."
        )


def is_graph(operation: Any) -> bool:
    """Returns whether an operation of a model is a model itself, whose layers can be listed.

    >>> is_graph(keras.Sequential()), is_graph(keras.layers.Dense(1))
    (True, False)
    """
    return isinstance(operation, keras.Function | keras.Sequential)


def _is_leaf(row: _Row) -> bool:
    entry = bool(row.outer) and isinstance(row.operation, keras.layers.InputLayer)
    return not entry and not is_graph(row.operation)


def _rows(model: Any, source: str) -> list[_Row]:
    """Returns the operations of a model in Keras's order, each nested model followed by what is in it."""
    rows: list[_Row] = []

    def add(graph: Any, outer: tuple[int, ...]) -> None:
        nodes = calls_of(graph, source)
        for operation in _listed(graph):
            node = nodes[id(operation)]
            rows.append(_Row(operation, tuple(node.input_tensors), tuple(node.output_tensors), outer))
            if is_graph(operation):
                add(operation, (*outer, len(rows) - 1))

    add(model, ())
    return rows


def _listed(graph: Any) -> list[Any]:
    if isinstance(graph, keras.Sequential):
        return [graph.inputs[0]._keras_history.operation, *graph.layers]
    return list(graph.operations)


def calls_of(graph: Any, source: str) -> dict[int, Any]:
    """Returns, by id of the operation, the call of it that this model consists of.

    An operation remembers all its calls, also those in other models; only walking back from the outputs tells
    which of them are meant.

    >>> inputs = keras.Input((8,))
    >>> model = keras.Model(inputs, keras.layers.Dense(4, name="d")(inputs))
    >>> [call.operation.name for call in calls_of(model, "mine").values()][:1]
    ['d']

    Raises:
        BackboneError: If one layer is called twice.
    """
    entries = {id(tensor) for tensor in graph.inputs}
    nodes: dict[int, Any] = {}
    waiting = list(graph.outputs)
    while waiting:
        tensor = waiting.pop()
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index]
        seen = nodes.get(id(operation))
        if seen is None:
            nodes[id(operation)] = node
            waiting += [] if id(tensor) in entries else node.input_tensors
        elif seen is not node:
            raise BackboneError(
                f"{source} calls its layer {operation.name!r} more than once, so a cut there would be ambiguous. "
                "Give each call a layer of its own."
            )
    return nodes


def _names(rows: list[_Row], source: str, naming: Naming) -> list[str]:
    plain = naming([(row.operation.name, type(row.operation).__name__) for row in rows])
    names = [
        ".".join([*(plain[place] for place in row.outer), own]) for row, own in zip(rows, plain, strict=True)
    ]
    doubled = {name for name, times in Counter(names).items() if times > 1}
    if doubled:
        raise BackboneError(
            f"{source} has several layers called {listed(sorted(doubled))} once automatic names are counted afresh. "
            "Rename them."
        )
    return names


def _feeds(rows: Iterable[_Row]) -> dict[int, Any]:
    """Returns, by id, what stands for each tensor at the border of a nested model on the other side of it."""
    feeds: dict[int, Any] = {}
    for row in rows:
        if is_graph(row.operation):
            pairs = [*zip(row.operation.inputs, row.inputs, strict=True)]
            pairs += zip(row.outputs, row.operation.outputs, strict=True)
            feeds.update({id(tensor): other for tensor, other in pairs})
    return feeds


def _origin(tensor: Any, feeds: dict[int, Any]) -> Any:
    while id(tensor) in feeds:
        tensor = feeds[id(tensor)]
    return tensor


def _layer(row: _Row, name: str, parents: tuple[str, ...], container: str) -> Layer:
    operation = row.operation
    output = row.outputs[0]
    is_layer = isinstance(operation, keras.Layer)
    weights = operation.weights if is_layer else []
    package = type(operation).__module__.partition(".")[0]
    # Layers of other packages may have no configuration at all.
    config = operation.get_config() if is_layer and package == "keras" else {}
    activation = config.get("activation")
    window = config.get("kernel_size") or config.get("pool_size") or ()
    return Layer(
        name=name,
        kind=type(operation).__name__,
        parents=parents,
        shape=_sample(output.shape),
        params=sum(prod(weight.shape) for weight in weights),
        statistics=sum(prod(weight.shape) for weight in _fixed(operation, weights)),
        flops=_flops(row, config, weights),
        dtype=output.dtype,
        operation=not is_layer,
        container=container,
        package=package,
        activation=activation if isinstance(activation, str) else "",
        kernel=(window,) if isinstance(window, int) else tuple(window),
    )


def _fixed(operation: Any, weights: list[Any]) -> Iterator[Any]:
    """Yields the weights no gradient changes, whether or not the layer is frozen at the moment."""
    known = {"moving_mean", "moving_variance", "mean", "variance", "count"}
    if weights and operation.trainable:
        yield from operation.non_trainable_weights
    else:
        yield from (weight for weight in weights if weight.name in known)


def _flops(row: _Row, config: dict[str, Any], weights: list[Any]) -> int:
    return flops(
        type(row.operation).__name__,
        config,
        [_sample(tensor.shape) for tensor in row.inputs],
        _sample(row.outputs[0].shape),
        [tuple(weight.shape) for weight in weights],
    )


def _sample(shape: tuple[int | None, ...]) -> Shape:
    return tuple(shape[1:])
