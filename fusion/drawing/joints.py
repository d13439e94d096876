"""Fusion nodes and pools in a picture: what joins vectors, and what makes them of maps."""

from dataclasses import replace

from fusion.drawing.boxes import DOTS, SIGN, Box, Signs, bar, block, op_circle
from fusion.drawing.display import Circle, Rect, Text
from fusion.drawing.icons import inner_sign
from fusion.drawing.states import View, state
from fusion.graph.nodes import Node
from fusion.graph.pools import grid
from fusion.recipe.branches import Branch
from fusion.recipe.joining import Add, Average, Compare, Concat, Maximum, Multiply
from fusion.recipe.ops import Op
from fusion.recipe.weighing import (
    Attention,
    Bilinear,
    CrossAttention,
    Film,
    Gated,
    Late,
    LowRank,
    Tensor,
    WeightedSum,
)
from fusion.skeleton.layers import Shape
from fusion.wording import TIMES, amount, counted, dimensions, operations


def joint(view: View, node: Node) -> Box:
    """Returns the box of a fusion node: a stack for concat, a circle with a sign for what has no weights, else a block."""
    op, shapes = view.graph.recipe.nodes[node.layer], [each.shape for each in view.graph.parents(node.name)]
    title = op.op if node.layer == "fusion" else f"{node.layer}: {op.op}"
    tip = ", ".join(f"{name} {dimensions(shape)}" for name, shape in zip(op.of, shapes, strict=True))
    width = node.shape[-1] or 0
    if node.name in view.graph.misfits:
        return replace(_misfit(node, title, shapes), tip=f"{title} of {tip}: {view.graph.misfits[node.name]}")
    match op:
        case Concat(project=None):
            box = bar(node.name, title, [shape[-1] or 0 for shape in shapes])
        case Add(project=None) | Average(project=None) | Maximum(project=None) | Multiply(project=None):
            box = op_circle(node.name, op.op, title, width, len(shapes))
        case _:
            box = _with_inside(view, node, title, op, shapes)
    return replace(box, tip=f"{title} of {tip}")


def pool_words(branch: Branch, shape: Shape) -> str:
    """Returns how a pool makes a vector of a map of some shape: its name, its grid if it has one, its normalisation.

    >>> pool_words(Branch(input="photo", features=2048, normalise="l2"), (14, 14, 512)).split(TIMES)
    ['avg 2', '2 l2']
    """
    own = "map" if len(shape) > 1 else "as it is"
    words: list[str] = [own if branch.pool == "none" else branch.pool]
    if branch.features:
        parts = 2 if branch.pool == "avg+max" else 1
        words.append(TIMES.join(map(str, grid(shape, branch.features // parts))))
    return " ".join([*words, *([branch.normalise] if branch.normalise else [])])


def _with_inside(view: View, node: Node, title: str, op: Op, shapes: list[Shape]) -> Box:
    """Returns the box of an op that says what is inside, with an inlet for each vector."""
    params = sum(each.params for each in node.weights)
    lines = [
        *([f"project {op.project}"] if op.project else []),
        *_settings(op),
        f"{' + '.join(map(dimensions, shapes))} → {node.shape[-1]}",
        f"{amount(params)} params · {operations(node.flops)}" if params else "no weights",
    ]
    calls = [str(number) for number in range(len(shapes))]
    signs = Signs(icon=inner_sign(op.op, SIGN))
    box = block(node.name, title, lines, state(node.weights, view.trained), calls=calls, signs=signs)
    # Words say what one does to the other, so lines may run in as they cross least; shares are in the order of the recipe.
    ordered = isinstance(op, Late) and isinstance(op.weights, tuple)
    return replace(box, outlets={"": (box.width, box.height / 2)}, symmetric=not ordered)


def _misfit(node: Node, title: str, shapes: list[Shape]) -> Box:
    """Returns the box of an op that cannot join what runs into it: a dotted border and a sign, as colour says other things."""
    sign = (Circle(0, 0, SIGN, "ink"), Text(0, 3.8, "!", 10.5, "page", True, "middle"))
    lines = ["does not fit", " + ".join(map(dimensions, shapes))]
    calls = [str(number) for number in range(len(shapes))]
    box = block(node.name, title, lines, "none", calls=calls, signs=Signs(icon=sign))
    border = Rect(0, 0, box.width, box.height, "paper", "ink", 3.0, 6.0, DOTS)
    return replace(box, items=(border, *box.items[1:]), symmetric=True)


def _settings(op: Op) -> list[str]:
    match op:
        case Compare():
            return [", ".join(op.terms)]
        case LowRank():
            return [f"rank {op.rank}", f"{op.units} units"]
        case Bilinear() | Tensor():
            return [f"{op.units} units"]
        case Gated():
            return [f"{op.units} units"] if op.units else []
        case Attention():
            return [counted(op.heads, "head")]
        case CrossAttention():
            return [f"{op.of[0]} looks at {' and '.join(op.of[1:])}", counted(op.heads, "head")]
        case WeightedSum():
            return [counted(len(op.of), "learned weight")]
        case Late():
            return ["an output layer each", f"averaged {_shares(op)}"]
        case Film():
            return [f"{op.of[1]} scales and shifts {op.of[0]}"]
        case _:
            return []


def _shares(op: Late) -> str:
    if op.weights == "learned":
        return f"by {counted(len(op.of), 'learned weight')}"
    return " : ".join(f"{share:.3g}" for share in op.weights) if op.weights else "evenly"
