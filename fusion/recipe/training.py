"""Training: phases, each with its own trainable part, optimizer and length."""

from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from fusion.errors import shown
from fusion.recipe.augmentation import Augmentation
from fusion.recipe.balance import ClassWeights
from fusion.recipe.values import Count, Fraction, Map, NonNegative, Positive, Several, Value, Word


class Part(Value):
    """A selector with a learning rate of its own.

    >>> Part(part="vgg[block4_conv1..]", learning_rate=1e-5).learning_rate
    1e-05
    """

    part: Word
    learning_rate: Positive


class Optimizer(Value):
    """How weights are changed; the names and what they mean are those of `keras.optimizers`.

    Args:
        name: The optimizer.
        learning_rate: Size of a step, for every part that has no rate of its own.
        momentum: Of `sgd` and `rmsprop`.
        nesterov: Of `sgd`.
        weight_decay: Part of each weight taken off a step, times the learning rate; `None` is 0.004 for `adamw`, 0 else.
        clipnorm: Greatest norm of the gradient of one weight.
        schedule: Of the rates over all steps of the phase, `epochs` being declared: `constant`, or `cosine`, which
            falls to 0 along half a wave (Loshchilov and Hutter, 2017).
        warmup: Part of the phase's steps in which the rates first rise in a line from 0.

    >>> Optimizer(name="sgd", learning_rate=1e-4, momentum=0.9).name
    'sgd'
    """

    name: Literal["adam", "adamw", "rmsprop", "sgd"] = "adam"
    learning_rate: Positive = 0.001
    momentum: Fraction = 0.0
    nesterov: Annotated[bool, Field(strict=True)] = False
    weight_decay: NonNegative | None = None
    clipnorm: Positive | None = None
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: Fraction = 0.0

    @model_validator(mode="after")
    def _has_what_is_set(self) -> Self:
        if self.momentum and self.name not in {"rmsprop", "sgd"}:
            raise ValueError(f"{self.name} has no momentum to set; sgd and rmsprop have.")
        if self.nesterov and not (self.name == "sgd" and self.momentum):
            raise ValueError('"nesterov" is for sgd with a momentum.')
        return self


class EarlyStopping(Value):
    """Ends a phase when what it monitors has not become better for `patience` epochs.

    >>> EarlyStopping(patience=3).min_delta
    0.0
    """

    patience: Count
    min_delta: NonNegative = 0.0


def _selector(value: Any) -> Any:
    if isinstance(value, str | dict | Part):
        return value
    raise ValueError(f'A part is a selector, or {{"part": ..., "learning_rate": ...}}, got {shown(value)}.')


def any_selected(value: Any) -> str:
    """Tells a selector from a part with a rate of its own, as pydantic asks."""
    return "<selector>" if isinstance(value, str) else "<part>"


Selected = Annotated[
    Annotated[Word, Tag("<selector>")] | Annotated[Part, Tag("<part>")],
    Discriminator(any_selected),
    BeforeValidator(_selector),
]
"""What a phase trains: a selector, or one with a rate of its own."""


class Phase(Value):
    """One `fit` with fixed trainability: what is not named in `train` is frozen, in inference mode.

    Args:
        name: Its name in reports and files.
        train: Selectors: `head`, `fusion`, `block:NAME`, `stitch:BACKBONE`, `BACKBONE`, `BACKBONE[a..b]`; or parts with a rate of their own.
        reset: Selectors of what begins with fresh weights, its batch normalisation, which then trains, too.
        epochs: Passes over the training data.
        optimizer: A fresh one is made for the phase.
        batchnorm: Of the backbones: `inference` leaves batch normalisation as it was trained, `train` trains it too.
        monitor: What decides which epoch is best, such as `val_loss` or `val_accuracy`; the main loss, unless
            `val_loss.texture` asks for that of an auxiliary output.
        keep: Weights the phase ends with: those of its best epoch, or of its last.
        early_stopping: When to stop before `epochs`.

    >>> Phase(name="head first", train=["head"], epochs=5).batchnorm
    'inference'
    """

    name: Word
    train: Several[Selected] = Field(min_length=1)
    epochs: Count
    optimizer: Optimizer = Optimizer()
    batchnorm: Literal["inference", "train"] = "inference"
    monitor: Word = "val_loss"
    keep: Literal["best", "last"] = "best"
    early_stopping: EarlyStopping | None = None
    reset: Several[Word] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """What trains, every part with the rate that holds for it."""
        rate = self.optimizer.learning_rate
        return tuple(Part(part=p, learning_rate=rate) if isinstance(p, str) else p for p in self.train)

    @property
    def chooses(self) -> bool:
        """Whether what it monitors decides which weights it ends with, or when."""
        return self.keep == "best" or self.early_stopping is not None


def _different_names(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    counts = Counter(phase.name for phase in phases)
    if twice := sorted(name for name, count in counts.items() if count > 1):
        raise ValueError(f"Phases have different names, but {', '.join(map(repr, twice))} stands twice.")
    return phases


class Training(Value):
    """The phases, in order, and what holds for all of them.

    Args:
        augment: How images are changed at random, by input; only those of training batches are.
        views: How many changed copies of each example there are, which epochs take in turn, so that what is frozen is
            computed of those alone; `None` changes examples anew in every epoch.
        class_weight: How much each class counts in the loss of training, by its name or number, those not named 1;
            `balanced` is n / (classes * count) of n examples. What is judged and validated is not weighted.
        precision: What backbones and blocks train in; weights and the finished model are float32.
        phases: What trains when.
        batch_size: Examples a step.
        seed: Of fresh weights, of the order of examples, of dropout and of augmentation.

    >>> Training(phases=[Phase(name="all", train=["head"], epochs=1)]).batch_size
    32
    """

    augment: Augmentation = Field(default=Map())
    views: Count | None = None
    class_weight: ClassWeights = None
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    phases: Annotated[Several[Phase], AfterValidator(_different_names)] = Field(min_length=1)
    batch_size: Count = 32
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)] = 0

    @model_validator(mode="after")
    def _has_views_of_something(self) -> Self:
        if self.views and not self.augment:
            raise ValueError('"views" are copies changed at random; say how in "augment".')
        return self

    def since_reset(self, number: int) -> int:
        """Returns the place of a phase among those since something was reset, from 0.

        What trains anew sees examples in the same order, whatever trained before.

        >>> first, second = ({"name": name, "train": ["head"], "epochs": 1} for name in "ab")
        >>> Training(phases=[first, {**second, "reset": ["head"]}]).since_reset(1)
        0
        """
        return number - max((each for each in range(number + 1) if self.phases[each].reset), default=0)

    @property
    def budget(self) -> int:
        """The epochs by which trainings are compared: those since something was last reset.

        What trained before made the weights that are transferred, as whoever pretrained a backbone did, whose epochs nobody
        counts either.

        >>> first, second = ({"name": name, "train": ["head"], "epochs": 5} for name in "ab")
        >>> (
        ...     Training(phases=[first, second]).budget,
        ...     Training(phases=[first, {**second, "reset": ["head"]}]).budget,
        ... )
        (10, 5)
        """
        last = len(self.phases) - 1
        return sum(phase.epochs for phase in self.phases[last - self.since_reset(last) :])
