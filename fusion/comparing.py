"""What two recipes differ in, in words, and what that comes to."""

from fusion.checking import Source, resolve
from fusion.graph.comparison import Difference, compared


def differences(before: Source, after: Source) -> tuple[Difference, ...]:
    """Returns what changed from one recipe to another, then what that comes to in all; nothing if they mean the same.

    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None}},
    ...     branches={"all": {"input": "photo", "backbone": "eye", "cut": "block3_pool"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> for each in differences(one, one.replace("/branches/all/cut", "block2_pool")):
    ...     print(each.place, each.text)
    /branches/all/cut cut of branch 'all': block3_pool -> block2_pool: 64 -> 32 features, -55.8 k params
     in all: 72.8 k -> 17.0 k params (-55.8 k), 20.0 -> 12.8 MFLOP a sample

    Raises:
        RecipeError: If one of them has problems, listing all.
    """
    return compared(resolve(before), resolve(after))
