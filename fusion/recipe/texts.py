"""Texts as inputs: strings that become bags or lists of words, and lists of tokens, for text backbones."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fusion.recipe.absence import Absence
from fusion.recipe.values import Count, Value, Word

Id = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
"""The number of a token."""


class OneColumn(Value):
    """A text in one column of a table, fed as one string; becomes a vector with a place for each of the most frequent.

    Args:
        column: Name of the column the texts stand in.
        most: How many places there are for what is told apart; one more, the first, is for all else.
    """

    dtype: ClassVar[str] = "string"

    column: Word
    most: Count

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


class Text(OneColumn):
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

    kind: Literal["text"] = "text"
    bag: Literal["multi_hot", "count"] = "multi_hot"
    optional: Absence | None = None


class Words(OneColumn):
    """A text, fed as one string; becomes the numbers of its first words in order, for a backbone that reads texts.

    Words are those of a `Text`. 0 stands for no word where a text has fewer than `length`, 1 for any word that is not
    told apart; the most frequent of the training rows is 2. So the numbers are below `most + 2`.

    Args:
        column: Name of the column the texts stand in.
        most: Greatest number of words told apart: the most frequent of the training rows, of equally frequent ones
            the first by text.
        length: How many words of a text are read.
        optional: What stands in for the text where an example lacks it (fed as `""`); `None` if all have one.

    >>> Words(column="description", most=500, length=40).known
    502
    """

    always_written: ClassVar = ("kind",)
    pad: ClassVar[int] = 0

    kind: Literal["words"] = "words"
    length: Count
    optional: Absence | None = None

    @property
    def width(self) -> int:
        """How many numbers it becomes."""
        return self.length

    @property
    def known(self) -> int:
        """How many different numbers there are."""
        return self.most + 2


class Tokens(Value):
    """A text as the numbers of its tokens, made by the tokenizer a text backbone was trained with.

    Fed as whole numbers of shape (examples, length). Branches that read it name a text backbone, which is told to look
    away from padding; pools do too.

    Args:
        length: How many tokens a text has, padding included.
        pad: The number that stands for padding.
        optional: What stands in for the text where an example lacks it (fed as padding alone); `None` if all have one.

    >>> Tokens(length=64).shape
    (64,)
    """

    always_written: ClassVar = ("kind",)
    dtype: ClassVar[str] = "int32"

    kind: Literal["tokens"] = "tokens"
    length: Count
    pad: Id = 0
    optional: Absence | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example as fed."""
        return (self.length,)


def padding_of(declared: object) -> int | None:
    """Returns the number that pads an input as it is fed; `None` for one that is not fed as a list of tokens.

    >>> padding_of(Tokens(length=8, pad=1)), padding_of(Text(column="said", most=5))
    (1, None)
    """
    return declared.pad if isinstance(declared, Tokens) else None


Listed = Tokens | Words
"""Texts that a backbone reads as a list of whole numbers."""
