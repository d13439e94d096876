"""Whether an op can join what it names: widths, maps, heads, budgets; each refusal names both sides and a way out."""

from collections.abc import Iterator, Mapping
from math import prod

from fusion.errors import listed
from fusion.graph.nodes import size
from fusion.recipe.ops import Op
from fusion.recipe.weighing import Attention, Bilinear, CrossAttention, Tensor
from fusion.skeleton.layers import Shape

NARROW = 8
"""What a width is at least that is proposed for all, where one has it."""


def misfits(op: Op, sources: Mapping[str, Shape]) -> Iterator[str]:
    """Yields why an op cannot join what it reads, at most one reason of a kind.

    Args:
        op: The op.
        sources: For each branch or node it names, the shape it gives; a map has places, then channels.

    >>> from fusion.recipe.joining import Add
    >>> print(*misfits(Add(of=("texture", "shape")), {"texture": (512,), "shape": (2048,)}))
    add needs vectors of one width: texture 512, shape 2048. Write "project": 512, or end each branch in a block ...
    """
    maps = [name for name, shape in sources.items() if len(shape) > 1]
    if maps and not op.reads_maps:
        yield (
            f"{op.op} joins vectors, and {listed(maps)} gives a map, as it is not pooled. "
            'Write a "pool" there, or use cross_attention.'
        )
        return
    if isinstance(op, CrossAttention) and (unanswered := list(_unanswered(op, sources))):
        yield from unanswered
        return
    widths = {name: op.project or shape[-1] or 0 for name, shape in sources.items()}
    if op.needs_equal and len(set(widths.values())) > 1:
        yield _unequal(op, widths)
        return
    match op:
        case Bilinear() | Tensor():
            yield from _beyond_budget(op, widths)
        case Attention():
            yield from _undivided(op.op, op.heads, next(iter(widths.values())))
        case CrossAttention():
            yield from _undivided(op.op, op.heads, next(iter(widths.values())))


def product_weights(op: Bilinear | Tensor, widths: list[int]) -> int:
    """Returns how many weights read a product of whole vectors of some widths.

    >>> product_weights(Tensor(of=("a", "b"), units=256), [512, 2048])
    269091072
    """
    rows = prod(widths) + 1 if isinstance(op, Bilinear) else prod(width + 1 for width in widths)
    return rows * op.units


def _unequal(op: Op, widths: Mapping[str, int]) -> str:
    each = ", ".join(f"{name} {width}" for name, width in widths.items())
    # The narrowest, so that nothing is made of nothing; of a few numbers of a table the others would be squeezed into those.
    wide = [width for width in widths.values() if width >= NARROW] or [max(widths.values())]
    block = "" if op.reads_maps else ", or end each branch in a block with the same units"
    return (
        f"{op.op} needs {'maps' if op.reads_maps else 'vectors'} of one width: {each}. "
        f'Write "project": {min(wide)}{block}{", or give it units" if op.op == "gated" else ""}.'
    )


def _beyond_budget(op: Bilinear | Tensor, widths: Mapping[str, int]) -> Iterator[str]:
    needed = product_weights(op, list(widths.values()))
    if needed <= op.budget:
        return
    each = ", ".join(f"{name} {width}" for name, width in widths.items())
    narrow = max(widths.values())
    while narrow and product_weights(op, [narrow] * len(widths)) > op.budget:
        narrow -= 1
    way = f'"project": {narrow}, ' if narrow else "fewer units, "
    yield (
        f"{op.op} of {each} would take {needed:,} weights, and its budget is {op.budget:,}. "
        f'Write {way}the op low_rank, or "budget": {needed}.'
    )


def _undivided(name: str, heads: int, width: int) -> Iterator[str]:
    if width % heads:
        fitting = [number for number in range(1, min(width, 16) + 1) if width % number == 0]
        yield (
            f'{name} splits a width of {width} among {heads} heads, which leaves a rest. Write "heads": '
            f'one of {listed(map(str, fitting))}, or another "project".'
        )


def _unanswered(op: CrossAttention, sources: Mapping[str, Shape]) -> Iterator[str]:
    others = [name for name in op.of if name != op.of[0]]
    vectors = [name for name in others if len(sources[name]) == 1]
    if vectors:
        yield (
            f"{op.op} looks at the places of maps, and {listed(vectors)} gives a vector. "
            'Write "pool": "none" in that branch, or name a vector first: it asks.'
        )
    elif sum(size(sources[name][:-1]) for name in others) < 2:
        yield f"{op.op} chooses among places, and the map of {others[0]} has one. Cut earlier, or use a larger input."
