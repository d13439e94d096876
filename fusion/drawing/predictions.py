"""What predicts, in a picture: the output, auxiliary ones beside it, and the prediction."""

from dataclasses import replace

from fusion.drawing.boxes import Box, pill
from fusion.drawing.states import View
from fusion.graph.nodes import AUXILIARY, Node
from fusion.recipe.head import Output
from fusion.wording import cleaned, counted


def prediction(output: Output) -> Box:
    """Returns the box of what a model gives in the end.

    >>> prediction(Output(task="classification", classes=("ants", "bees"))).tip
    'ants, bees'
    """
    words = {
        "binary": "yes or no",
        "regression": counted(output.width, "number"),
        "multilabel": counted(output.width, "label"),
    }.get(output.task, f"{output.width} classes")
    tip = ", ".join(cleaned(label) for label in output.labels or ())
    return replace(pill("the prediction", output.task, words, strong=True), tip=tip)


def output_words(view: View, node: Node) -> list[str]:
    """Returns what an output does, and of an auxiliary one that it is there in training only and how much it counts."""
    head = view.graph.recipe.head
    # What late fusion gives is predicted already.
    dense = f"dense {node.shape[-1]} {head.output.activation}" if node.can_train else head.output.activation
    lines = [dense, *(["standardised, put back"] if head.output.standardise else [])]
    if node.kind == "output":
        return lines
    share = head.auxiliary[node.name.removesuffix(AUXILIARY)]
    return ["training only", *lines, f"its loss times {share:g}"]
