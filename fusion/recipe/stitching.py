"""Branches that read the map of another through a stitch: what they come from, in which order, and what cannot be stitched."""

from collections.abc import Collection, Iterator, Mapping

from fusion.errors import Problem, listed, near
from fusion.recipe.branches import Branch
from fusion.recipe.inputs import Category, Table
from fusion.recipe.recipe import Recipe
from fusion.recipe.texts import Listed, Text
from fusion.recipe.translation import pointer

AFTER_THE_MAP = ("pool", "features", "normalise", "blocks")
"""What a branch does to its map once that was tapped; a stitch reads it before."""


def fronts(branches: Mapping[str, Branch]) -> frozenset[str]:
    """Returns the branches whose map another reads.

    >>> front = Branch(input="photo", backbone="eye", cut="stage:2")
    >>> back = Branch(of="front", backbone="mind", enter="stage:2")
    >>> fronts({"front": front, "back": back})
    frozenset({'front'})
    """
    return frozenset(branch.of for branch in branches.values() if branch.of)


def ends(recipe: Recipe) -> tuple[str, ...]:
    """Returns the branches that give a vector: all but those that only a stitch reads.

    >>> one = Recipe(
    ...     name="stitched",
    ...     inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    ...     backbones={
    ...         "eye": {"arch": "TinyVGG", "weights": None},
    ...         "mind": {"arch": "TinyResNet", "weights": None},
    ...     },
    ...     branches={
    ...         "front": {"input": "photo", "backbone": "eye", "cut": "block2_pool"},
    ...         "back": {"of": "front", "backbone": "mind", "enter": "stage:2"},
    ...     },
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> ends(one)
    ('back',)
    """
    joined = {source for op in recipe.nodes.values() for source in op.of}
    read = fronts(recipe.branches)
    return tuple(name for name in recipe.branches if name in joined or name not in read)


def in_turn(branches: Mapping[str, Branch]) -> tuple[str, ...]:
    """Returns the branches, each after the one whose map it reads; none that reads one in a circle, or what is not there.

    >>> front = Branch(input="photo", backbone="eye", cut="stage:2")
    >>> back = Branch(of="front", backbone="mind", enter="stage:2")
    >>> in_turn({"back": back, "front": front})
    ('front', 'back')
    """
    found = dict.fromkeys(name for name, branch in branches.items() if not branch.of)
    for _ in branches:
        found |= dict.fromkeys(name for name, branch in branches.items() if branch.of in found)
    return tuple(found)


def root(branches: Mapping[str, Branch], name: str) -> str:
    """Returns the input at the beginning of the chain that ends in a branch; `""` if there is none.

    >>> front = Branch(input="photo", backbone="eye", cut="stage:2")
    >>> back = Branch(of="front", backbone="mind", enter="stage:2")
    >>> root({"front": front, "back": back}, "back")
    'photo'
    """
    found: Branch | None = branches[name]
    for _ in branches:
        found = branches.get(found.of) if found and found.of else found
    return found.input or "" if found else ""


def unstitchable(recipe: Recipe) -> Iterator[Problem]:
    """Yields what is wrong with what branches come from, as far as a recipe alone tells; names that are not there aside."""
    every = recipe.branches
    for name, branch in every.items():
        front = every.get(branch.of or "")
        place = pointer(("branches", name, "from"))
        if front is None:
            continue
        read = recipe.inputs.get(front.input or "")
        if circle := _circle(recipe, name):
            yield Problem(place, f"Branches read each other in a circle: {' -> '.join(circle)}.")
        elif front.backbone is None and isinstance(read, Table | Category | Text):
            yield Problem(
                place, f"Branch {branch.of!r} has no backbone and so no map; a stitch reads the map of one."
            )
        elif isinstance(recipe.inputs.get(root(every, name)), Listed):
            text = f"Branch {branch.of!r} reads a text, and a stitch reads the map of an image. Cut at one layer, and pool."
            yield Problem(place, text)
        elif len(front.cuts) > 1:
            text = (
                f"Branch {branch.of!r} is cut at {len(front.cuts)} layers, and a stitch reads one map. Give the cut that "
                "is meant a branch of its own; what both have in common runs once."
            )
            yield Problem(place, text)


def idle(recipe: Recipe) -> Iterator[Problem]:
    """Yields what a branch does to a map that nothing but a stitch reads; for recipes whose fusions could be read."""
    for name, branch in recipe.branches.items():
        for key in AFTER_THE_MAP if name not in ends(recipe) else ():
            value = getattr(branch, key)
            if value and value not in {"avg", "none"}:
                text = (
                    f"Only a stitch reads branch {name!r}, and it reads the map before its {key!r}. "
                    "Take this out, or name the branch in a fusion too."
                )
                yield Problem(pointer(("branches", name, key)), text)


def unled(recipe: Recipe, backbone: str, declared: Collection[str]) -> str:
    """Returns why no stitch into something can be selected; `""` if one leads there, or may.

    Args:
        recipe: What could be read of a recipe.
        backbone: What a selector names.
        declared: Names of all branches: one that could not be read may have a stitch.

    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"x": {"kind": "tabular", "columns": ["a"]}},
    ...     branches={"b": {"input": "x"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> unled(one, "vgg", ["b"])
    "No stitch leads into 'vgg'. Backbones entered: none."
    """
    entered = {branch.backbone or "": None for branch in recipe.branches.values() if branch.of}
    branch = recipe.branches.get(backbone)
    if backbone in entered or not {*declared} <= {*recipe.branches}:
        return ""
    if branch is not None and branch.of:
        return f"{backbone!r} is a branch; its stitch leads into {branch.backbone!r}: write 'stitch:{branch.backbone}'."
    return (
        f"No stitch leads into {backbone!r}.{near(backbone, entered)} Backbones entered: {listed(entered)}."
    )


def _circle(recipe: Recipe, name: str) -> list[str]:
    """Returns the circle a branch lies in, from itself to itself; nothing if it lies in none."""
    chain = [name]
    while (at := recipe.branches[chain[-1]].of) in recipe.branches and at is not None and at not in chain:
        chain.append(at)
    return [name, *reversed(chain)] if at == name else []
