"""How much each class counts in the loss."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Tag

from fusion.errors import Problem, listed, near, shown
from fusion.recipe.head import Output
from fusion.recipe.values import Map, Positive, Word


def _weights(value: Any) -> Any:
    if value not in (None, "balanced") and not (isinstance(value, dict) and value):
        raise ValueError(
            f'Class weights are "balanced", or a number for each class by its name, got {shown(value)}.'
        )
    return value


def _kind(value: Any) -> str:
    return "<several>" if isinstance(value, dict) else "<one>"


ClassWeights = Annotated[
    Annotated[
        Annotated[Literal["balanced"], Tag("<one>")] | Annotated[Map[Word, Positive], Tag("<several>")],
        Discriminator(_kind),
    ]
    | None,
    BeforeValidator(_weights),
]
"""How much each class counts, by its name or number; `balanced` is what its rarity gives."""


def misweighed(declared: object, output: Output) -> Iterator[Problem]:
    """Yields what is wrong with class weights as far as a recipe tells: names of folders are known with the data.

    >>> [each.text for each in misweighed("balanced", Output(task="regression"))]
    ['A regression has no classes to weigh; a classification and a binary output have.']
    """
    if declared is None:
        return
    if output.task not in {"classification", "binary"}:
        text = f"A {output.task} has no classes to weigh; a classification and a binary output have."
        if output.task == "multilabel":
            text = "An example of a multilabel output has several classes, so none by which it could count."
        yield Problem("/training/class_weight", text)
        return
    for name in declared if isinstance(declared, dict) and output.labels else ():
        if output.labels and name not in output.labels:
            text = f"There is no class {name!r}.{near(name, output.labels)} Classes: {listed(output.labels)}."
            yield Problem(f"/training/class_weight/{name}", text)
