"""Inputs that an example may lack: what its branches give then, and how often training takes them away."""

from typing import ClassVar, Literal

from fusion.recipe.values import Fraction, Value


class Absence(Value):
    """Says that examples may lack an input; every branch that reads it then gives something else in place of its own.

    Args:
        missing: What such a branch gives: zeros, or a vector of its own that is learned, and trains with the head.
        dropout: How often training takes the input away from an example that has it ("ModDrop": Neverova and others,
            2016), so that the model learns to do without. What is left is not scaled; the last input of an example
            always stays.

    >>> Absence(missing="learned").dropout
    0.0
    """

    always_written: ClassVar = ("missing",)

    missing: Literal["zeros", "learned"]
    dropout: Fraction = 0.0
