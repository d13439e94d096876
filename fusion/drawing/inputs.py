"""What pictures say of inputs."""

from fusion.recipe.inputs import Category, Image, Input
from fusion.recipe.texts import Text, Tokens, Words
from fusion.wording import counted, dimensions


def fed(declared: Input) -> str:
    """Returns in a few words what one example of an input is.

    >>> fed(Tokens(length=64))
    '64 tokens'
    """
    match declared:
        case Image():
            return dimensions(declared.shape)
        case Tokens():
            return counted(declared.length, "token")
        case _:
            return counted(len(declared.columns), "text" if declared.dtype == "string" else "column")


def made_of(declared: Input) -> tuple[str, str, str]:
    """Returns what is done to a table or a text before anything reads it, how many numbers it gives, and more of it.

    >>> made_of(Words(column="said", most=50, length=8))[:2]
    ('words in order', '8 numbers')
    """
    match declared:
        case Category(most=most, width=width):
            return "one-hot", str(width), _places(most, "texts")
        case Text(most=most, width=width):
            return "bag of words", str(width), _places(most, "words")
        case Words(most=most, length=length):
            tip = f"a number for each of the {most} most frequent words in training, 1 for all others, 0 for none"
            return "words in order", counted(length, "number"), tip
        case _:
            return "normalise", str(declared.shape[-1]), ""


def _places(most: int, what: str) -> str:
    return f"one place for each of the {most} most frequent {what} in training, the first for all others"
