"""What predicts: a late fusion, which has output layers of its own, comes last and alone."""

from collections.abc import Iterator

from fusion.errors import Problem, listed
from fusion.recipe.recipe import Recipe
from fusion.recipe.stitching import ends
from fusion.recipe.translation import pointer
from fusion.recipe.weighing import Late


def read_by_head(recipe: Recipe) -> str | None:
    """Returns the branch or fusion node that the head reads; `None` where that is not one alone.

    >>> read_by_head(
    ...     Recipe(
    ...         name="one",
    ...         inputs={"x": {"kind": "tabular", "columns": ["a"]}},
    ...         branches={"b": {"input": "x"}},
    ...         head={"output": {"task": "regression"}},
    ...     )
    ... )
    'b'
    """
    joined = {source for op in recipe.nodes.values() for source in op.of}
    last = [name for name in (recipe.nodes or ends(recipe)) if name not in joined]
    return last[0] if len(last) == 1 else None


def misread(recipe: Recipe) -> Iterator[Problem]:
    """Yields where something other than a bare head reads late fusion, and selectors that name weights the head lacks."""
    nodes = recipe.nodes
    for name, op in nodes.items():
        for index, source in enumerate(op.of):
            if isinstance(nodes.get(source), Late):
                text = (
                    f"{source!r} is late: it gives predictions, which only the head reads, and {name!r} joins vectors. "
                    f'Name {listed(nodes[source].of)} here, or write another op than "late" in {source!r}.'
                )
                yield Problem(pointer(("fusion", name, "from", index)), text)
    last = read_by_head(recipe)
    if last is None or not isinstance(nodes.get(last), Late):
        return
    if recipe.head.blocks:
        text = (
            f"The head reads {last!r}, which is late and gives predictions, so nothing comes after it but the output. "
            f'Move {listed(recipe.head.blocks)} into the "blocks" of branches, each with one of its own.'
        )
        yield Problem("/head/blocks", text)
    yield from _without_weights(recipe, last)


def _without_weights(recipe: Recipe, last: str) -> Iterator[Problem]:
    for number, phase in enumerate(recipe.training.phases if recipe.training else ()):
        heads = [index for index, part in enumerate(phase.parts) if part.part == "head"]
        why = f"it reads {last!r}, which is late and has the output layers. Write 'fusion'"
        if recipe.head.auxiliary and len(heads) == len(phase.parts):
            text = f"The head has auxiliary outputs alone, which predict nothing: {why} too."
            yield Problem(pointer(("training", "phases", number, "train")), text)
        elif not recipe.head.auxiliary:
            for index in heads:
                text = f"The head has no weights here: {why}."
                yield Problem(pointer(("training", "phases", number, "train", index)), text)
