"""Fusion ops without weights of their own, and what every op has in common."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from fusion.recipe.values import Count, Name, Several, Value


def _two(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) != 2:
        raise ValueError(
            f"It joins two, and here are {len(names)}: {', '.join(names)}. Join some of them first, in a node of their own, "
            "or write an op for any number, such as concat."
        )
    return names


Pair = Annotated[
    Several[Name],
    Field(
        validation_alias="from", serialization_alias="from", min_length=2, json_schema_extra={"maxItems": 2}
    ),
    AfterValidator(_two),
]
"""What an op joins that takes two; the order counts."""


class AnyOp(Value):
    """What every op has.

    Args:
        of: Branches or other nodes it joins, `from` in JSON.
        project: Width every vector is brought to first, each by a dense layer of its own, without activation;
            `None` to take them as they are.
    """

    always_written: ClassVar = ("op",)
    equal: ClassVar[bool] = False
    """Whether it joins vectors of one width only."""
    symmetric: ClassVar[bool] = False
    """Whether it gives the same whatever the order; not where each vector is projected by weights of its own."""
    reads_maps: ClassVar[bool] = False
    """Whether it joins maps that are not pooled."""
    learned: ClassVar[bool] = False
    """Whether how it joins is learned."""

    of: Several[Name] = Field(validation_alias="from", serialization_alias="from", min_length=2)
    project: Count | None = None

    @property
    def is_symmetric(self) -> bool:
        """Whether what it joins may be exchanged."""
        return self.symmetric and self.project is None

    @property
    def has_weights(self) -> bool:
        """Whether there is something to train: how it joins, or what projects its vectors."""
        return self.learned or self.project is not None

    @property
    def needs_equal(self) -> bool:
        """Whether what it joins must have one width before any projection."""
        return self.equal and self.project is None


class Concat(AnyOp):
    """One vector after the other; the order of `of` (`from` in JSON) counts.

    >>> Concat(of=("texture", "shape")).op
    'concat'
    """

    op: Literal["concat"] = "concat"


class Add(AnyOp):
    """The sum of vectors of equal width.

    >>> Add(of=("left", "right"), project=64).needs_equal
    False
    """

    equal = symmetric = True
    op: Literal["add"] = "add"


class Average(AnyOp):
    """The mean of vectors of equal width.

    >>> Average(of=("left", "right")).op
    'average'
    """

    equal = symmetric = True
    op: Literal["average"] = "average"


class Maximum(AnyOp):
    """The greatest of each component of vectors of equal width.

    >>> Maximum(of=("left", "right")).op
    'maximum'
    """

    equal = symmetric = True
    op: Literal["maximum"] = "maximum"


class Multiply(AnyOp):
    """The product of each component of vectors of equal width.

    >>> Multiply(of=("left", "right")).is_symmetric
    True
    """

    equal = symmetric = True
    op: Literal["multiply"] = "multiply"


Term = Literal["abs_diff", "product", "cosine"]


def _different(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    if len(set(terms)) < len(terms):
        raise ValueError("A term stands once; here one stands twice.")
    return terms


class Compare(AnyOp):
    """How alike two vectors of equal width are, for siamese networks; its terms stand one after the other.

    Args:
        terms: `abs_diff` |a - b| and `product` a * b, component by component; `cosine`, one number.

    >>> Compare(of=("left", "right"), terms=("abs_diff", "cosine")).is_symmetric
    True
    """

    equal = symmetric = True
    op: Literal["compare"] = "compare"
    of: Pair
    terms: Annotated[Several[Term], Field(min_length=1), AfterValidator(_different)] = (
        "abs_diff",
        "product",
    )
