"""What a seed has of its own: data and weights files in whose names `{seed}` stands for it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import pointer
from fusion.study.declaration import SEED


def path_of(path: Path, seed: int) -> Path:
    """Returns where the data of a seed lie.

    >>> path_of(Path("halves/{seed}.npz"), 3).as_posix(), path_of(Path("photographs"), 3).as_posix()
    ('halves/3.npz', 'photographs')
    """
    return Path(str(path).replace(SEED, str(seed))) if SEED in str(path) else path


def has_own_weights(recipe: Recipe) -> bool:
    """Returns whether each seed has a weights file of its own for a backbone.

    >>> from fusion.recipe.short import fuse
    >>> has_own_weights(fuse("TinyVGG", output=["a", "b"], weights="{seed}.h5", shape=(32, 32, 3)))
    True
    """
    return any(SEED in _file(each) for each in recipe.backbones.values())


def graph_of(graph: FusionGraph, seed: int) -> FusionGraph:
    """Returns a resolved recipe with the weights files of a seed.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.short import fuse
    >>> one = resolve(fuse("TinyVGG", output=["a", "b"], weights="{seed}.h5", shape=(32, 32, 3)))
    >>> graph_of(one, 3).recipe.backbones["tinyvgg"].weights.file
    '3.h5'
    """
    recipe = graph.recipe
    if not has_own_weights(recipe):
        return graph
    for name, each in recipe.backbones.items():
        if SEED in _file(each):
            place = pointer(("backbones", name, "weights", "file"))
            recipe = recipe.replace(place, _file(each).replace(SEED, str(seed)))
    return replace(graph, recipe=recipe)


def _file(backbone: Any) -> str:
    """Returns the name of a backbone's weights file, `""` where it has none."""
    return str(getattr(backbone.weights, "file", ""))
