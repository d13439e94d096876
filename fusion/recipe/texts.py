"""Texts as inputs: strings that become bags of words."""

from typing import ClassVar, Literal

from fusion.recipe.absence import Absence
from fusion.recipe.values import Count, Value, Word


class Text(Value):
    """A text, fed as one string; becomes a bag of words: a vector of `most + 1` places, one for each word told apart.

    As Keras's `TextVectorization` has it, letters A to Z are lowered (no others are), ASCII punctuation is taken out,
    and what blanks part is a word. The first place is for all words that are not told apart; the order of words is
    lost. A block that begins with a dense layer turns the bag into the sum of embeddings of its words: the rows of the
    kernel. A text without any word is a vector of zeros.

    Args:
        column: Name of the column the texts stand in.
        most: Greatest number of words told apart: the most frequent of the training rows, of equally frequent ones
            the first by text.
        bag: What stands in a word's place: `multi_hot`, one if the text has it, or `count`, how often.
        optional: What stands in for the text where an example lacks it (fed as `""`); `None` if all have one.

    >>> Text(column="description", most=500).width
    501
    """

    always_written: ClassVar = ("kind",)
    dtype: ClassVar[str] = "string"

    kind: Literal["text"] = "text"
    column: Word
    most: Count
    bag: Literal["multi_hot", "count"] = "multi_hot"
    optional: Absence | None = None

    @property
    def width(self) -> int:
        """Length of the vector it becomes."""
        return self.most + 1

    @property
    def columns(self) -> tuple[str, ...]:
        """The column, as those of a table."""
        return (self.column,)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example as fed."""
        return (1,)
