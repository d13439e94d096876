"""A backbone cut at its taps: what comes after leaves memory, layers get their canonical names."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from fusion.backbones.tracing import operations
from fusion.errors import LayerNotFoundError, near
from fusion.skeleton.names import Naming, canonical_names


def cut(
    backbone: keras.Model,
    taps: Sequence[str],
    *,
    name: str,
    naming: Naming = canonical_names,
    enter: str = "",
) -> keras.Model:
    """Returns the part of a backbone that gives `taps`, one output each; it takes over the backbone's layers.

    The layers keep their weights and get canonical names. What is not needed is let go of: Keras keeps every
    later layer alive through the nodes of the earlier ones, so those links are taken out. Do not use
    `backbone` afterwards.

    Args:
        backbone: A functional model with one input and one output.
        taps: Canonical names of layers or bare operations; those in nested models are dotted.
        name: Name of the part.
        naming: What gives the layers of the backbone their names.
        enter: Canonical name of the layer whose place the part's input takes; `""` for the input of the backbone.

    >>> from fusion.backbones.small import TinyVGG
    >>> part = cut(TinyVGG(input_shape=(16, 16, 3), width=4), ["block1_pool", "block2_pool"], name="eye")
    >>> [tuple(output.shape) for output in part.outputs]
    [(None, 8, 8, 4), (None, 4, 4, 8)]

    Raises:
        LayerNotFoundError: If a tap is not there, or the layer that is entered.
    """
    rows = operations(backbone, naming=naming)
    for tap in [*taps, *filter(None, [enter])]:
        if tap not in rows:
            raise LayerNotFoundError(f"{backbone.name} has no layer {tap!r}.{near(tap, rows)}")
    for canonical, operation in rows.items():
        operation.name = canonical.rpartition(".")[2]
    # A tensor that is wrapped as an input has no history any more: what comes after it begins there.
    inputs = keras.Input(tensor=_given(rows[_end(enter)]), name=enter) if enter else backbone.inputs[0]
    inner = [tap for tap in taps if _holder(tap, rows)]
    outputs = _opened(inputs, taps, rows) if inner else [_given(rows[_end(tap)]) for tap in taps]
    part = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=name)
    _let_go(part)
    return part


def keep(backbone: keras.Model, *, name: str) -> keras.Model:
    """Returns a backbone as it is under another name: one with layers that only its own class knows how to save.

    >>> from fusion.backbones.small import TinyVGG
    >>> keep(TinyVGG(input_shape=(16, 16, 3), width=4), name="eye").name
    'eye'
    """
    backbone.name = name
    return backbone


def _given(operation: Any) -> Any:
    """Returns the tensor an operation gives in the graph of the backbone; a nested model's own outputs lie inside it."""
    return operation._inbound_nodes[0].output_tensors[0]


def _end(tap: str) -> str:
    """Returns the row of the backbone's own graph a tap belongs to: itself, or the nested model it lies in."""
    return tap.rpartition(".")[0] or tap


def _holder(tap: str, rows: Mapping[str, Any]) -> str:
    """Returns the nested model whose inside a tap is; `""` if it is in none, or gives that model's output."""
    holder = tap.rpartition(".")[0]
    return "" if not holder or rows[holder].outputs[0] is rows[tap].output else holder


def _opened(inputs: Any, taps: Sequence[str], rows: Mapping[str, Any]) -> list[Any]:
    """Returns the taps as tensors of one graph, a nested model that holds some giving those as outputs."""
    inside: dict[str, list[str]] = {}
    for tap in taps:
        if holder := _holder(tap, rows):
            if "." in holder:
                raise LayerNotFoundError(
                    f"{tap!r} lies in a nested model of a nested model, and only one level can be opened. "
                    f"Cut at {holder!r} instead."
                )
            inside.setdefault(holder, []).append(tap)
    ends = [_end(tap) for tap in taps]
    needed = {_end(tap) for tap in taps if not _holder(tap, rows)}
    whole = needed.union(*(_above(inputs, rows[end]) for end in ends))
    found: dict[str, Any] = {}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        held = inside.get(layer.name, [])
        if not held:
            return layer(*args, **kwargs)
        tensors = [rows[tap].output for tap in held]
        if layer.name in whole:
            tensors.append(layer.outputs[0])
        part = keras.Model(layer.inputs[0], tensors if len(tensors) > 1 else tensors[0], name=layer.name)
        _let_go(part)
        given = part(*args)
        given = given if len(tensors) > 1 else [given]
        found.update(zip(held, given, strict=False))
        return given[-1]

    replayed = keras.models.clone_model(
        keras.Model([inputs], [_given(rows[end]) for end in ends]),
        input_tensors=[inputs],
        clone_function=lambda layer: layer,
        call_function=call,
    )
    return [found.get(tap, output) for tap, output in zip(taps, replayed.outputs, strict=True)]


def _above(inputs: Any, operation: Any) -> set[str]:
    """Returns the names of what an operation depends on."""
    return {each.name for each in keras.Model(inputs, _given(operation)).operations} - {operation.name}


def _let_go(part: keras.Model) -> None:
    """Takes out the links from kept layers to layers that are not kept."""
    kept = {id(operation) for operation in part.operations}
    for operation in part.operations:
        operation._outbound_nodes = [node for node in operation._outbound_nodes if id(node.operation) in kept]
