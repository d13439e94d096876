"""What a tensor depends on, as one digest: the layers above it, their weights, and how they are connected."""

import hashlib
import inspect
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fusion.backbones.savedmodels import digest_folder
from fusion.features.calls import Call, Calls, Place
from fusion.model.lookups import LOOKUPS, vocabulary


def digests(calls: Calls, inputs: Mapping[str, bytes]) -> dict[str, bytes]:
    """Returns the digest of what each unit gives, for inputs whose content has the digests given.

    Names of branches, blocks and layers are not in it, so recipes that compute the same share it. The values of weights
    are, and the code of layers that are not Keras's own.

    Args:
        calls: The calls of a model.
        inputs: By name of the input, the digest of all its examples in order.

    >>> from fusion.checking import resolve
    >>> from fusion.features.calls import calls
    >>> from fusion.model.building import build_graph
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> graph = resolve(one)
    >>> found = calls(build_graph(graph), graph)
    >>> first, other = (digests(found, {"facts": content}) for content in (b"1", b"2"))
    >>> first["facts.normalise"] == other["facts.normalise"]
    False
    """
    fed = {calls.ends[name][0]: content for name, content in inputs.items()}
    said: dict[int, bytes] = {}
    owned: dict[int, bytes] = {}
    for number, call in enumerate(calls.calls):
        if number in fed:
            said[number] = fed[number]
            continue
        key = id(call.operation)
        if key not in owned:
            owned[key] = _owned(call.operation)
        said[number] = hashlib.sha256(owned[key] + _connected(call, said)).digest()
    return {name: _at(said, place) for name, place in calls.ends.items()}


def _at(said: Mapping[int, bytes], place: Place) -> bytes:
    return said[place[0]] + str(place[1]).encode()


def _connected(call: Call, said: Mapping[int, bytes]) -> bytes:
    """Returns how a call was made, each tensor in it by its digest."""
    tensors = {key: _at(said, place).hex() for key, place in call.reads.items()}
    return repr(call.arguments.fill_in(tensors)).encode()


def _owned(operation: Any) -> bytes:
    """Returns the digest of a layer by itself: its class, its configuration and its weights, not its name."""
    kind = type(operation)
    hashed = hashlib.sha256(f"{kind.__module__}.{kind.__qualname__}".encode())
    if not kind.__module__.startswith("keras.src."):
        hashed.update(_code(kind))
    hashed.update(_configuration(operation))
    if isinstance(operation, keras.Layer):
        for variable in operation.weights:
            value = np.array(variable)
            hashed.update(f"{variable.name} {value.dtype} {value.shape}".encode())
            hashed.update(np.ascontiguousarray(value).data)
    if isinstance(operation, keras.layers.TFSMLayer):
        # Its program is in the folder, and constants in it are no weights.
        hashed.update(digest_folder(Path(operation.filepath)).encode())
    if isinstance(operation, LOOKUPS):
        hashed.update(json.dumps(vocabulary(operation).tolist()).encode())
    return hashed.digest()


def _code(kind: type) -> bytes:
    """Returns the source of a class; what was typed in at a prompt is the same for this process only."""
    try:
        return inspect.getsource(kind).encode()
    except (OSError, TypeError):
        return f"{os.getpid()} {id(kind)}".encode()


def _configuration(operation: Any) -> bytes:
    """Returns what a layer was made with; of bare operations that cannot say, all that they remember."""
    try:
        config = operation.get_config()
    except NotImplementedError:
        config = {name: value for name, value in vars(operation).items() if not name.startswith("_")}
    left_out = {"name", "trainable", "filepath"}
    told = {name: value for name, value in config.items() if name not in left_out}
    return json.dumps(told, sort_keys=True, default=repr).encode()
