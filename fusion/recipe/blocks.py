"""Blocks: own layers, which own weights; branches and the head go through them step by step."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from fusion.recipe.values import Count, Fraction, NonNegative, Several, Value, by_key


def _for_features(value: Any) -> Any:
    if value == "softmax":
        raise ValueError(
            "'softmax' makes probabilities of features: they add up to one, and what tells examples apart is all but "
            "lost in them. Use relu or linear; the output has a softmax of its own."
        )
    return value


Activation = Annotated[
    Literal["linear", "relu", "gelu", "elu", "selu", "silu", "tanh", "sigmoid", "softplus"],
    BeforeValidator(_for_features),
]


class Dense(Value):
    """A fully connected layer; in JSON `{"dense": 256, "activation": "relu"}`.

    Args:
        units: Number of outputs; the key `dense` in JSON.
        activation: What is applied to them.
        l2: Weight of the squared kernel in the loss.

    >>> Dense(units=256, activation="relu").l2
    0.0
    """

    always_written: ClassVar = ("dense",)

    units: Count = Field(validation_alias="dense", serialization_alias="dense")
    activation: Activation = "linear"
    l2: NonNegative = 0.0

    @property
    def dense(self) -> int:
        """Number of outputs, by the name it has in JSON."""
        return self.units


class Dropout(Value):
    """Random zeros while training; in JSON `{"dropout": 0.3}`.

    >>> Dropout(rate=0.3).rate
    0.3
    """

    rate: Fraction = Field(validation_alias="dropout", serialization_alias="dropout")


class LayerNorm(Value):
    """Normalisation of each vector; in JSON `{"layer_norm": true}`.

    >>> LayerNorm().on
    True
    """

    always_written: ClassVar = ("layer_norm",)

    on: Literal[True] = Field(default=True, validation_alias="layer_norm", serialization_alias="layer_norm")

    @property
    def layer_norm(self) -> bool:
        """Always true: the key that tells what the step is."""
        return self.on


class BatchNorm(Value):
    """Normalisation by the batch; in JSON `{"batch_norm": true}`.

    >>> BatchNorm().on
    True
    """

    always_written: ClassVar = ("batch_norm",)

    on: Literal[True] = Field(default=True, validation_alias="batch_norm", serialization_alias="batch_norm")

    @property
    def batch_norm(self) -> bool:
        """Always true: the key that tells what the step is."""
        return self.on


KINDS: dict[type, str] = {
    Dense: "dense",
    Dropout: "dropout",
    LayerNorm: "layer_norm",
    BatchNorm: "batch_norm",
}
"""The key that tells each kind of step in JSON."""

Step = Annotated[
    Annotated[Dense, Tag("<dense>")]
    | Annotated[Dropout, Tag("<dropout>")]
    | Annotated[LayerNorm, Tag("<layer_norm>")]
    | Annotated[BatchNorm, Tag("<batch_norm>")],
    Discriminator(by_key(KINDS)),
]
"""A step of any kind."""

Block = Annotated[Several[Step], Field(min_length=1)]
"""Steps in order; who names the block shares its weights."""
