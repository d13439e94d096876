"""Recipes and graphs that show their own picture in a notebook, as figures do."""

from typing import Any

from fusion.checking import draw, sketch
from fusion.errors import RecipeError
from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe


def register(formatter: Any) -> None:
    """Tells a notebook's formatter how to show recipes and graphs.

    Args:
        formatter: IPython's `mimebundle_formatter`
            (<https://ipython.readthedocs.io/en/stable/config/integrating.html>).
    """
    for kind in (Recipe, FusionGraph):
        formatter.for_type(kind, shown)


def shown(value: Recipe | FusionGraph, **_: Any) -> dict[str, str]:
    """Returns the picture of a recipe or a graph by MIME type; of a recipe with problems, what they are.

    Where an op does not fit what it joins, the picture shows it too, and ends there.

    >>> from fusion.recipe.head import Output
    >>> from fusion.recipe.short import fuse
    >>> recipe = fuse("TinyVGG[block2_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> sorted(shown(recipe))
    ['image/svg+xml', 'text/plain']
    >>> print(shown(recipe.replace("/branches/tinyvgg_view/cut", "block2_pol"))["text/plain"])
    TinyVGG[block2_pool]: 1 problem
    ...
    """
    try:
        return draw(value)._repr_mimebundle_()
    except RecipeError as error:
        graph = None if isinstance(value, FusionGraph) else sketch(value)
        found = draw(graph)._repr_mimebundle_() if graph else {}
        return {**found, "text/plain": str(error)}
