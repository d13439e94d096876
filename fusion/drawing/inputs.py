"""What pictures say of inputs."""

from fusion.recipe.inputs import Image, Input
from fusion.recipe.texts import Tokens
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
