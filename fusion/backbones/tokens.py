"""Text backbones of KerasHub as models of one input, token ids: what else they read follows from the ids."""

from typing import Any

import keras

from fusion.backbones.tracing import calls_of
from fusion.errors import BackboneError, InputSizeError, listed

IDS = "token_ids"
"""The input that all text backbones have."""

FED = (IDS, "padding_mask", "segment_ids")
"""Inputs that one list of token ids decides: the ids, which of them are no padding, and zeros, as there is one segment."""

REFUSALS = (TypeError, ValueError, AttributeError, KeyError, NotImplementedError)
"""What KerasHub's classes raise where they cannot do what is asked of them."""


def of_one_input(backbone: keras.Model, *, length: int | None, pad: int) -> keras.Model:
    """Returns a text backbone as a functional model from token ids (batch, length) to the last of its outputs.

    Its layers are called anew, and the calls before are forgotten: each then has one, as cutting wants it. A backbone
    with layers that cannot be saved by themselves is called as a whole instead, nested under the name `whole`.

    Args:
        backbone: A backbone of KerasHub, not to be used afterwards.
        length: How many ids there are; `None` for any number.
        pad: The id that stands for padding, which the backbone is told to look away from.

    Raises:
        BackboneError: If it reads something else than texts, or calls a layer more than once.
        InputSizeError: If it has fewer positions than there are ids.
    """
    _check(backbone, length)
    ids = keras.Input((length,), dtype="int32", name=IDS)
    feeds = _feeds(backbone, ids, pad)
    if any(not is_saved(layer) for layer in backbone.layers):
        backbone.name = "whole"
        return keras.Model(ids, sequence(backbone, backbone(feeds)))
    last = backbone.output.get("pooled_output") if isinstance(backbone.output, dict) else backbone.output
    again = keras.Function(backbone.inputs, sequence(backbone) if last is None else last)
    model = keras.Model(ids, again.call([feeds[_name(tensor)] for tensor in backbone.inputs]))
    _forget(model, type(backbone).__name__)
    return keras.Model(ids, model.output)


def sequence(backbone: keras.Model, given: Any = None) -> Any:
    """Returns what a text backbone gives for each token, out of its outputs or those of a call."""
    outputs = backbone.output if given is None else given
    return outputs["sequence_output"] if isinstance(outputs, dict) else outputs


def reads_tokens(backbone: keras.Model) -> bool:
    """Returns whether a backbone reads nothing but what token ids decide.

    >>> reads_tokens(keras.Model(x := keras.Input((4,), name="token_ids"), x))
    True
    """
    names = [_name(tensor) for tensor in backbone.inputs]
    return IDS in names and {*names} <= {*FED}


def is_saved(layer: Any) -> bool:
    """Returns whether Keras could make a layer again from what it says of itself.

    >>> is_saved(keras.layers.Dense(2))
    True
    """
    try:
        type(layer).from_config(layer.get_config())
    except REFUSALS:
        return False
    return True


def _forget(model: keras.Model, source: str) -> None:
    """Takes from the layers of a model all calls but those it consists of."""
    found = list(calls_of(model, source).values())
    own = {id(call) for call in found}
    for call in found:
        call.operation._inbound_nodes = [call]
        call.operation._outbound_nodes = [each for each in call.operation._outbound_nodes if id(each) in own]
        for tensor in call.output_tensors:
            tensor._keras_history = tensor._keras_history._replace(node_index=0)


def _check(backbone: keras.Model, length: int | None) -> None:
    name = type(backbone).__name__
    if not reads_tokens(backbone):
        read = listed([_name(tensor) for tensor in backbone.inputs])
        raise BackboneError(
            f"{name} reads {read}, and a branch feeds one list of token ids; of that follow {listed(FED[1:])} alone."
        )
    most = getattr(backbone, "max_sequence_length", None)
    if most is not None and length is not None and length > most:
        raise InputSizeError(
            f'{name} has {most} positions, and the input has {length} tokens. Write "length": {most} or less, or a '
            'larger "max_sequence_length" in its options.'
        )


def _feeds(backbone: keras.Model, ids: Any, pad: int) -> dict[str, Any]:
    found = {IDS: ids}
    for name in (_name(tensor) for tensor in backbone.inputs):
        if name == "padding_mask":
            found[name] = _called(
                name, keras.ops.cast(_called("is_token", keras.ops.not_equal(ids, pad)), "int32")
            )
        elif name == "segment_ids":
            found[name] = _called(name, keras.ops.zeros_like(ids))
    return found


def _called(name: str, tensor: Any) -> Any:
    # A bare operation takes no name where it is called, and an automatic one depends on what was built before.
    tensor._keras_history.operation.name = name
    return tensor


def _name(tensor: Any) -> str:
    return str(tensor._keras_history.operation.name)
