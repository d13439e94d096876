"""Computing in bfloat16, where the processor does so faster than in float32."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import keras
import tensorflow as tf

from fusion.errors import ModelError, listed, near
from fusion.features.tensors import Wanted
from fusion.graph.nodes import FusionGraph
from fusion.model.addresses import layers

Precision = Literal["float32", "bfloat16"]
PRECISIONS = ("float32", "bfloat16")

CPU = Path("/proc/cpuinfo")
FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""What Linux calls the instructions, on processors of Intel, AMD and ARM."""

EXACT = (keras.layers.Rescaling, keras.layers.Normalization, keras.layers.TFSMLayer)
"""Layers that read pixels of many digits, which they bring near 0 at next to no cost; and programs that read float32."""


def precision_of(text: str) -> Precision:
    """Returns a precision by its name, if computing in it is of use on this machine.

    >>> precision_of("float32")
    'float32'

    Raises:
        ModelError: If it is another one, or bfloat16 where nothing computes in it.
    """
    if text == "float32":
        return "float32"
    if text != "bfloat16":
        raise ModelError(
            f"There is no precision {text!r}.{near(text, PRECISIONS)} Known: {listed(PRECISIONS)}."
        )
    if not has_bfloat16():
        raise ModelError(
            "This machine has no instructions for bfloat16 (avx512_bf16 or amx_bf16, or a GPU), so it would take longer "
            "than float32 and be less exact. Leave the precision at float32."
        )
    return "bfloat16"


def has_bfloat16() -> bool:
    """Returns whether this machine computes in bfloat16 itself.

    >>> has_bfloat16() in (True, False)
    True
    """
    return bool(FLAGS & _flags()) or bool(tf.config.list_physical_devices("GPU"))


@contextmanager
def computing(model: keras.Model, graph: FusionGraph, precision: Precision) -> Iterator[None]:
    """Has the backbones of a model compute in a precision as long as this lasts; their weights stay as they are.

    What prepares images and what pools is left in float32: sums of many numbers need the digits.
    """
    owned = (layer for address, layer in layers(model).items() if address.partition("/")[0] in graph.trunks)
    with under("mixed_bfloat16", narrowable(owned) if precision == "bfloat16" else ()):
        yield


@contextmanager
def under(policy: str, inner: Sequence[keras.Layer]) -> Iterator[None]:
    """Has layers compute by a dtype policy as long as this lasts."""
    before = [layer.dtype_policy for layer in inner]
    for layer in inner:
        layer.dtype_policy = keras.DTypePolicy(policy)
    try:
        yield
    finally:
        for layer, each in zip(inner, before, strict=True):
            layer.dtype_policy = each


def narrowable(owned: Iterable[keras.Layer]) -> list[keras.Layer]:
    """Returns the layers, with those they hold, that compute in float32 and may do so in 16 bits."""
    # A layer may hold others, such as a transformer's block, which each have a policy of their own.
    every = (inner for layer in owned for inner in layer._flatten_layers())
    return [each for each in every if each.dtype_policy.name == "float32" and not isinstance(each, EXACT)]


def narrowed(wanted: Wanted) -> Wanted:
    """Returns a tensor as it is wanted of backbones that compute in bfloat16: under another key; maps in that dtype.

    >>> from fusion.frontier.tensors import NodeTensor
    >>> narrowed(Wanted(NodeTensor("eye", "block1_pool", (8,), "float32", 32), {})).tensor.bytes
    16
    """
    tensor = wanted.tensor
    if tensor.layer and tensor.dtype == "float32":
        tensor = replace(tensor, dtype="bfloat16", bytes=tensor.bytes // 2)
    return Wanted(tensor, {**wanted.parts, "precision": "bfloat16"})


def _flags() -> set[str]:
    try:
        lines = CPU.read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return {
        flag
        for line in lines
        if line.lower().startswith(("flags", "features"))
        for flag in line.partition(":")[2].split()
    }
