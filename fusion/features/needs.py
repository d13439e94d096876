"""What the tensors of phases still need in a store: known before a training starts, not when its disk is full."""

from collections.abc import Mapping, Sequence

from fusion.data.examples import Examples
from fusion.features.frozen import Frozen
from fusion.frontier.frontiers import Frontier
from fusion.frontier.units import above, units
from fusion.store.entries import find
from fusion.store.room import check_disk, check_writable, free_bytes
from fusion.store.shelf import holdings


def check_store(frozen: Frozen, phases: Sequence[Frontier], parts: Mapping[str, Examples]) -> None:
    """Raises if a store cannot be written, or its disk has no room for what phases are to store.

    Reckoned is with no more than is sure: what lies above layers that a phase before trains is left out.

    Args:
        frozen: What computes the tensors.
        phases: How they are split, in order.
        parts: The examples whose tensors are stored, by split.

    Raises:
        StoreError: If so.
    """
    if not any(each.tensors for each in phases):
        return
    check_writable(frozen.folder)
    rows = sum(map(len, parts.values()))
    if free_bytes(frozen.folder) < rows * sum(each.stored_bytes for each in phases):
        check_disk(frozen.folder, _missing(frozen, phases, parts))


def _missing(frozen: Frozen, phases: Sequence[Frontier], parts: Mapping[str, Examples]) -> int:
    """Returns the bytes that are not in the store yet, each tensor counted once."""
    opened, there = units(frozen.graph), {each.key: each.bytes for each in holdings(frozen.folder)}
    lacking, trained = dict[str, int](), set[str]()
    for split, plan in zip(phases, frozen.graph.phases[-len(phases) :], strict=True):
        trained |= plan.reset
        for name, part in parts.items():
            for wanted, rows in frozen.wanted(split, part, varied=name == "train"):
                tensor = wanted.tensor
                weights = [each for unit in above(opened, [tensor.name]) for each in opened[unit].weights]
                moved = {*weights, *(each.partition("/")[0] for each in weights)}
                if not moved & trained and find(frozen.folder, wanted.key) is None:
                    takes = rows * tensor.bytes // tensor.views
                    lacking[wanted.key] = max(0, takes - there.get(wanted.key, 0))
        trained |= set(plan.rates)
    return sum(lacking.values())
