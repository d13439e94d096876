"""Frozen tensors of examples as arrays in a store: found there, or computed and written."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np

from fusion.data.examples import Examples
from fusion.features.extraction import Extracted, Pass, extract
from fusion.features.programs import Program
from fusion.frontier.machines import machine
from fusion.frontier.tensors import WIDTHS, NodeTensor
from fusion.store.entries import find, read
from fusion.store.keys import key
from fusion.store.writers import Writer, writing


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tensor of some examples.

    Args:
        tensor: Which.
        parts: All that its values depend on.
    """

    tensor: NodeTensor
    parts: Mapping[str, object]

    @property
    def key(self) -> str:
        """What it is found by in a store."""
        return key(self.parts)


def described(
    tensor: NodeTensor, digest: bytes, *, backbones: Sequence[str], data: str, batch_size: int
) -> Wanted:
    """Returns a tensor with what its values depend on; names of a recipe are not among it, so others find it too.

    Args:
        tensor: The tensor.
        digest: Of its inputs and of all layers above it (`fusion.features.digests`).
        backbones: Architectures above it, for people to read.
        data: What the examples are, for people to read.
        batch_size: Examples computed together.

    >>> found = described(
    ...     NodeTensor("all.pool", "", (8,), "float32", 32), b"1", backbones=["VGG16"], data="", batch_size=8
    ... )
    >>> found.parts["tensor"], len(found.key)
    ('pool', 32)
    """
    parts = {
        "tensor": tensor.layer or tensor.node.rpartition(".")[2],
        "backbone": " + ".join(backbones),
        "data": data,
        "digest": digest.hex(),
        "batch": batch_size,
        "machine": machine(),
        "keras": keras.__version__,
        "tensorflow": version("tensorflow"),
    }
    return Wanted(tensor, parts)


def as_fed(wanted: Wanted, *, bytes: bool) -> Wanted:
    """Returns an input as it is stored: as bytes where it has whole numbers of 0..255 alone; what it is found by stays.

    >>> photo = Wanted(NodeTensor("photo", "", (2, 2, 3), "uint8", 12), {})
    >>> as_fed(photo, bytes=False).tensor.bytes, as_fed(photo, bytes=True).tensor.bytes
    (48, 12)
    """
    tensor = wanted.tensor
    dtype = "uint8" if bytes else "float32"
    takes = tensor.bytes * WIDTHS.get(dtype, 4) // WIDTHS.get(tensor.dtype, 4)
    return Wanted(replace(tensor, dtype=dtype, bytes=takes), wanted.parts)


def stored(folder: Path, wanted: Sequence[Wanted]) -> dict[str, np.ndarray]:
    """Returns, by name, those of the tensors that are in a store, as arrays of shape (examples, *shape) in their files.

    Raises:
        StoreError: If the store cannot be read.
    """
    found = {each.tensor.name: find(folder, each.key) for each in wanted}
    return {name: read(entry) for name, entry in found.items() if entry is not None}


def compute(
    folder: Path,
    wanted: Sequence[Wanted],
    program: Program,
    examples: Examples,
    *,
    how: Pass,
) -> None:
    """Computes tensors in one pass over examples and writes them to a store, from where an earlier pass broke off.

    Args:
        folder: The store.
        wanted: The tensors.
        program: What gives them, in this order.
        examples: What the program is fed.
        how: In which batches, changed by what, and who is told.

    Raises:
        StoreError: If the store cannot be written, or has no room.
        DataError: If an image file cannot be read any more.
    """
    with ExitStack() as stack:
        writers: dict[str, Writer] = {}
        # Everyone opens them in the order of their keys, so that nobody waits for who waits for them.
        for each in sorted(wanted, key=lambda one: one.key):
            tensor = each.tensor
            shape = [size or 0 for size in tensor.shape]
            writers[tensor.name] = stack.enter_context(
                writing(folder, each.parts, shape=shape, rows=len(examples), dtype=tensor.dtype)
            )
        ordered = [writers[each.tensor.name] for each in wanted]
        start = min(writer.done for writer in ordered) // how.batch_size * how.batch_size
        if start == len(examples) or all(writer.done == writer.rows for writer in ordered):
            if how.watch is not None:
                how.watch(Extracted(how.what, len(examples), len(examples), 0.0, len(examples)))
            return
        at = start

        def append(tensors: Sequence[np.ndarray]) -> None:
            nonlocal at
            for writer, rows in zip(ordered, tensors, strict=True):
                new = rows[max(0, writer.done - at) :]
                writer.append(new.astype(np.uint8) if writer.manifest.dtype == "uint8" else new)
            at += len(tensors[0])

        extract(program, examples, append, how=how, start=start)
