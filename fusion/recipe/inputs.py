"""What a model is fed: images, tables of numbers, texts that name a category, texts of words, and tokens."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from fusion.recipe.absence import Absence
from fusion.recipe.texts import OneColumn, Text, Tokens, Words
from fusion.recipe.values import Count, Number, Several, Value, Word


def _ascending(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] >= bounds[1]:
        raise ValueError(f"A range goes from low to high, got {list(bounds)}.")
    return bounds


def _different(columns: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise ValueError(f"A column is named once, but {', '.join(map(repr, twice))} stands more than once.")
    return columns


class Image(Value):
    """An image, fed as numbers in `range`; every branch rescales it to what its backbone wants.

    Args:
        shape: Height, width and channels of what is fed.
        range: Least and greatest value a pixel can have, as fed.
        optional: What stands in for the image where an example lacks it (fed as NaN); `None` if all have one.

    >>> Image(shape=(224, 224, 3)).range
    (0.0, 255.0)
    """

    always_written: ClassVar = ("kind",)
    dtype: ClassVar[str] = "float32"

    kind: Literal["image"] = "image"
    shape: tuple[Count, Count, Count]
    range: Annotated[tuple[Number, Number], AfterValidator(_ascending)] = (0.0, 255.0)
    optional: Absence | None = None


class Table(Value):
    """Numbers from the columns of a table, normalised by the mean and variance of the training rows.

    Args:
        columns: Names of the columns.
        optional: What stands in for the row where an example lacks it (fed as NaN); `None` if all have one.

    >>> Table(columns=("bedrooms", "area")).kind
    'tabular'
    """

    always_written: ClassVar = ("kind",)
    dtype: ClassVar[str] = "float32"

    kind: Literal["tabular"] = "tabular"
    columns: Annotated[Several[Word], Field(min_length=1), AfterValidator(_different)]
    optional: Absence | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example as fed."""
        return (len(self.columns),)


class Category(OneColumn):
    """A text that names one of several categories; becomes a vector of `most + 1` places, a one in one of them.

    The first place is for all texts that are not told apart, also those no training row has. A block that begins with
    a dense layer makes an embedding of the vector: the rows of its kernel are those of the categories.

    Args:
        column: Name of the column the texts stand in.
        most: Greatest number of texts told apart: the most frequent of the training rows, of equally frequent ones
            the first by text.
        optional: What stands in for the text where an example lacks it (fed as `""`); `None` if all have one.

    >>> Category(column="zip", most=50).width
    51
    """

    always_written: ClassVar = ("kind",)

    kind: Literal["categorical"] = "categorical"
    optional: Absence | None = None


def kind(value: Any) -> str | None:
    """Tells the kinds of input apart, as pydantic asks: by a value's or an object's `kind`."""
    found = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return None if found is None else f"<{found}>"


Input = Annotated[
    Annotated[Image, Tag("<image>")]
    | Annotated[Table, Tag("<tabular>")]
    | Annotated[Category, Tag("<categorical>")]
    | Annotated[Text, Tag("<text>")]
    | Annotated[Words, Tag("<words>")]
    | Annotated[Tokens, Tag("<tokens>")],
    Discriminator(kind),
]
"""An input of any kind."""

NOUNS = {
    "image": "image",
    "tabular": "table",
    "categorical": "category",
    "text": "text",
    "words": "list of words",
    "tokens": "list of tokens",
}
"""What messages call an input, by its kind."""
