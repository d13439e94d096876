"""The head: what comes after the fusion, and what the model predicts."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from fusion.errors import shown
from fusion.recipe.values import Count, Map, Name, Named, Positive, Several, Value, Word, any_length

Task = Literal["classification", "binary", "multilabel", "regression"]

METRICS: dict[Task, tuple[str, ...]] = {
    "classification": ("accuracy",),
    "binary": ("accuracy", "auc"),
    "multilabel": ("accuracy", "auc"),
    "regression": ("mae",),
}
"""Names of the metrics of each task, the one to quote first; `loss` comes with each."""

LOWER_IS_BETTER = frozenset({"loss", "mae"})
"""Of the metrics and the loss, those of which less is better."""


def _classes(value: object) -> object:
    if isinstance(value, list | tuple):
        if len(value) < 2 or not all(isinstance(name, str) and name for name in value):
            raise ValueError(f"The names of classes are two texts or more, got {shown(value)}.")
        if len(set(value)) < len(value):
            raise ValueError(f"The names of classes are different texts, got {shown(value)}.")
    elif value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 2):
        raise ValueError(f"Classes are a number of at least 2, or a list of names, got {shown(value)}.")
    return value


Classes = Annotated[
    Annotated[Count, Tag("<one>")] | Annotated[Several[Word], Tag("<several>")],
    Discriminator(any_length),
]
"""The number of classes, or their names."""


class Output(Value):
    """What is predicted; the task fixes activation, loss and metrics.

    Args:
        task: `classification` (one class of several), `binary` (yes or no, one unit), `multilabel` or `regression`.
        classes: How many there are, or their names in the order of the outputs.
        units: How many numbers a regression predicts.
        logits: Leaves the activation to the loss: the model gives what the softmax or sigmoid would read. What is
            reported and predicted stays the same.
        standardise: Of a regression: the last layer learns targets less their mean in the training rows, divided by
            their standard deviation there, and the model puts both back, so that it predicts in the target's unit.
            The loss is in squares of that deviation, 1 for who always says the mean; the metrics are in the unit.

    >>> Output(task="classification", classes=("ants", "bees")).width
    2
    """

    task: Task
    classes: Annotated[Classes | None, BeforeValidator(_classes)] = None
    units: Count | None = None
    logits: Annotated[bool, Field(strict=True)] = False
    standardise: Annotated[bool, Field(strict=True)] | None = None

    @model_validator(mode="after")
    def _task_has_its_size(self) -> Self:
        if self.task in {"classification", "multilabel"} and self.classes is None:
            raise ValueError(f'A {self.task} needs "classes": their number or a list of their names.')
        if self.task == "regression" and self.logits:
            raise ValueError("A regression has no logits; its numbers are what they are.")
        if self.task == "regression" and self.classes is not None:
            raise ValueError('A regression has no classes; for several numbers write "units".')
        if self.task != "regression" and self.units is not None:
            raise ValueError(f'Only a regression has "units"; a {self.task} is sized by its classes.')
        if self.task != "regression" and self.standardise is not None:
            raise ValueError(f"Only the numbers of a regression can be standardised; a {self.task} has none.")
        if self.task == "binary" and self.classes is not None and self._count() != 2:
            raise ValueError(f"A binary output tells 2 classes apart, got {self._count()}.")
        return self

    @property
    def width(self) -> int:
        """Number of units of the last layer."""
        match self.task:
            case "binary":
                return 1
            case "regression":
                return self.units or 1
            case _:
                return self._count()

    @property
    def activation(self) -> str:
        """Activation of the last layer."""
        return "linear" if self.logits else self.link

    @property
    def link(self) -> str:
        """What makes predictions of logits: softmax or sigmoid; `linear` for a regression, which has none."""
        return {"classification": "softmax", "regression": "linear"}.get(self.task, "sigmoid")

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the classes where the recipe says them."""
        return None if self.classes is None or isinstance(self.classes, int) else tuple(self.classes)

    def _count(self) -> int:
        return (
            self.classes or 0 if self.classes is None or isinstance(self.classes, int) else len(self.classes)
        )


class Head(Value):
    """Blocks after the fusion, then the output; beside it, in training only, auxiliary outputs.

    Args:
        blocks: Names of the blocks in front of the output.
        output: What is predicted.
        auxiliary: By branch or fusion node, the weight of the loss of a further output layer on it, which training adds
            to the main loss (Szegedy and others, "Going deeper with convolutions", 2015, section 5: 0.3). The
            finished model has none of them; the selector `head` trains them too.

    >>> Head(output=Output(task="binary"), auxiliary={"texture": 0.3}).reports[-2:]
    ('auc', 'loss.texture')
    """

    blocks: Several[Name] = ()
    output: Output
    auxiliary: Named[Positive] = Field(default=Map())

    @property
    def reports(self) -> tuple[str, ...]:
        """Names of all that an epoch reports and that can be monitored; `loss` is the main one alone."""
        names = ("loss", *METRICS[self.output.task], *(f"loss.{name}" for name in self.auxiliary))
        return (*(f"val_{name}" for name in names), *names)
