"""Fusion ops that learn how to join: their weights train under the selectors `fusion` and `fusion:NODE`."""

from math import isclose
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Discriminator, Tag, model_validator
from pydantic_core import PydanticCustomError

from fusion.errors import shown
from fusion.recipe.joining import AnyOp, Pair
from fusion.recipe.translation import AT_KEY
from fusion.recipe.values import Count, Positive, Several, any_length

BUDGET = 10_000_000
"""Most weights an op on a product of whole vectors may take where nothing else is said; 40 MB."""


class LearnedOp(AnyOp):
    """An op that learns how to join."""

    learned = True


class WeightedSum(LearnedOp):
    """A sum of n vectors of equal width, each times one learned number that starts at 1/n; n weights.

    >>> WeightedSum(of=("left", "right")).op
    'weighted_sum'
    """

    equal = True
    op: Literal["weighted_sum"] = "weighted_sum"


class Gated(LearnedOp):
    """Gated multimodal unit: tanh of each vector, weighed component by component by what all of them say.

    With two vectors one gate z weighs z * a + (1 - z) * b; with more each has a gate of its own (Arevalo and others,
    "Gated multimodal units for information fusion", 2017). Widths w of n vectors, units u:
    `sum(w + 1) * u + gates * (sum(w) + 1) * u` weights, 1 gate for two vectors and else n.

    Args:
        units: Width of what comes out; that of the vectors if `None`, which then must be equal.

    >>> Gated(of=("photo", "table"), units=64).needs_equal
    False
    """

    op: Literal["gated"] = "gated"
    units: Count | None = None

    @property
    def needs_equal(self) -> bool:
        """Whether what it joins must have one width: where that is the width of what comes out."""
        return self.units is None and self.project is None


class Film(LearnedOp):
    """Feature-wise linear modulation: the second vector scales and shifts each component of the first.

    It starts near the first as it is: the bias of the scale starts at one (Perez and others, "FiLM: visual reasoning
    with a general conditioning layer", 2018). Widths a and b: `2 * (b + 1) * a` weights.

    >>> Film(of=("photo", "table")).of
    ('photo', 'table')
    """

    op: Literal["film"] = "film"
    of: Pair


class Bilinear(LearnedOp):
    """Every component of one vector times every one of the other, weighed: widths a, b: `(a * b + 1) * units` weights.

    Args:
        units: Width of what comes out.
        budget: Most weights it may take.

    >>> Bilinear(of=("left", "right"), units=8).budget
    10000000
    """

    op: Literal["bilinear"] = "bilinear"
    of: Pair
    units: Count
    budget: Count = BUDGET


class LowRank(LearnedOp):
    """Low-rank multimodal fusion: tensor fusion without its tensor, `sum(w + 1) * rank * units` weights.

    Each vector, with a one appended, is mapped to `rank` vectors of `units`; those of one rank are multiplied, then
    all ranks summed (Liu and others, "Efficient low-rank multimodal fusion with modality-specific factors", 2018).

    Args:
        rank: How many products are summed.
        units: Width of what comes out.

    >>> LowRank(of=("photo", "table"), units=32).rank
    4
    """

    op: Literal["low_rank"] = "low_rank"
    rank: Count = 4
    units: Count


class Tensor(LearnedOp):
    """Tensor fusion: all products of components, one of each vector or none, weighed; `prod(w + 1) * units` weights.

    That is the outer product of vectors with a one appended (Zadeh and others, "Tensor fusion network for multimodal
    sentiment analysis", 2017) and the dense layer that reads it; the product of the ones is that layer's bias.

    Args:
        units: Width of what comes out.
        budget: Most weights it may take.

    >>> Tensor(of=("photo", "table"), units=32, project=32).op
    'tensor'
    """

    op: Literal["tensor"] = "tensor"
    units: Count
    budget: Count = BUDGET


class Attention(LearnedOp):
    """Self-attention of n vectors of equal width w as n tokens, added to them, normalised, averaged; `4 * w * w + 2 * w` weights.

    One layer of "Attention is all you need" (Vaswani and others, 2017) without its dense part and without biases in
    front of the softmax, which it would not feel.

    Args:
        heads: How many patterns of attention; divides the width.

    >>> Attention(of=("left", "right")).heads
    4
    """

    equal = symmetric = True
    op: Literal["attention"] = "attention"
    heads: Count = 4


class CrossAttention(LearnedOp):
    """The first asks, the places of the others' maps answer: `4 * w * w + 2 * w` weights at width w.

    What it joins are maps of branches with `"pool": "none"`, each place being a token; the first may be a vector too,
    one token. What attention finds is added to the first's tokens, normalised and averaged to a vector. Maps have no
    coordinates but those their backbone put into their values.

    Args:
        heads: How many patterns of attention; divides the width.

    >>> CrossAttention(of=("facts", "photo"), project=64).reads_maps
    True
    """

    reads_maps: ClassVar = True
    equal = True
    op: Literal["cross_attention"] = "cross_attention"
    heads: Count = 4


def _shares(value: Any) -> Any:
    numbers = isinstance(value, list | tuple) and all(
        isinstance(each, int | float) and not isinstance(each, bool) and each > 0 for each in value
    )
    if value not in (None, "learned") and not numbers:
        raise ValueError(f'Weights are positive numbers, one a source, or "learned", got {shown(value)}.')
    return value


Shares = Annotated[
    Annotated[
        Annotated[Literal["learned"], Tag("<one>")] | Annotated[Several[Positive], Tag("<several>")],
        Discriminator(any_length),
    ]
    | None,
    BeforeValidator(_shares),
]
"""How much each of several predictions counts: numbers, or `learned`; `None` where all count alike."""


class Late(LearnedOp):
    """Late fusion: each source has an output layer of its own, and what they predict is averaged.

    Averaged are probabilities, or the numbers of a regression; with `logits` in the output the model gives the logits of
    those averaged probabilities. Only the head reads it, and the head then has no blocks and no weights. Widths w of n
    sources, u outputs: `sum(w + 1) * u` weights, and n where they are learned.

    Args:
        weights: How much each source counts, adding up to one; `learned` is a softmax over one number a source, equal
            at first; all alike if `None`.

    >>> Late(of=("texture", "shape"), weights=(0.7, 0.3)).shares
    (0.7, 0.3)
    >>> Late(of=("texture", "shape")).shares
    (0.5, 0.5)
    """

    op: Literal["late"] = "late"
    weights: Shares = None

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        if isinstance(self.weights, tuple):
            total = sum(self.weights)
            text = ""
            if len(self.weights) != len(self.of):
                text = (
                    f"There are {len(self.of)} sources and {len(self.weights)} weights; write one for each."
                )
            elif not isclose(total, 1, abs_tol=1e-6):
                whole = [round(each / total, 4) for each in self.weights]
                text = (
                    f"The weights add up to {total:g}, not to 1; in these proportions they are about {whole}."
                )
            if text:
                raise PydanticCustomError(AT_KEY, "{text}", {"text": text, "key": "weights"})
        return self

    @property
    def shares(self) -> tuple[float, ...] | None:
        """How much each source counts; `None` where that is learned."""
        if self.weights == "learned":
            return None
        return tuple(self.weights or [1 / len(self.of)] * len(self.of))
