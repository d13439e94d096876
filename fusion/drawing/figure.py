"""Figures: the picture of a graph in one phase of its training."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fusion.drawing.display import Drawing
from fusion.drawing.picture import picture
from fusion.drawing.states import view
from fusion.drawing.svg import to_svg
from fusion.errors import DrawingError, listed, near
from fusion.files import replacing
from fusion.graph.nodes import FusionGraph


@dataclass(frozen=True)
class Figure:
    """A picture that can be written to files and shows itself in notebooks.

    Args:
        graph: What it shows.
        phase: In which phase of the training, from 0.
    """

    graph: FusionGraph
    phase: int

    @cached_property
    def drawing(self) -> Drawing:
        """What it is made of."""
        return picture(view(self.graph, self.phase))

    def svg(self) -> str:
        """Returns it as an SVG document, the same to the byte for the same graph."""
        return to_svg(self.drawing)

    def dot(self) -> str:
        """Returns the graph as DOT source, to be edited and laid out by Graphviz."""
        from fusion.drawing.dot import to_dot

        return to_dot(view(self.graph, self.phase))

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {
            "image/svg+xml": self.svg(),
            "text/plain": f"{self.drawing.title}: {self.drawing.description}",
        }


def draw(graph: FusionGraph, *, phase: int = 0) -> Figure:
    """Returns the picture of a graph, coloured by what its phase number `phase` trains.

    >>> from fusion.graph.making import make_graph
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> draw(make_graph(one, None)).drawing.title
    'one'

    Raises:
        DrawingError: If there is no such phase.
    """
    names = [repr(plan.name) for plan in graph.phases]
    if phase not in range(max(len(names), 1)):
        known = listed(f"{number} {name}" for number, name in enumerate(names))
        text = f"Phases are {known}." if names else "It declares no training; leave the phase out."
        raise DrawingError(f"The recipe {graph.recipe.name!r} has no phase {phase}, counted from 0. {text}")
    return Figure(graph, phase)


def save(figure: Figure, path: str | Path) -> None:
    """Writes a figure in the format that the suffix of `path` names.

    >>> save(None, "picture.jpg")
    Traceback (most recent call last):
    ...
    fusion.errors.DrawingError: Cannot draw to 'picture.jpg': this version writes .svg, .png, .gv. ...

    Raises:
        DrawingError: If this version does not write that format.
        FileError: If the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in WRITERS:
        hint = near(suffix, WRITERS)
        raise DrawingError(f"Cannot draw to {str(path)!r}: this version writes {listed(WRITERS)}.{hint}")
    with replacing(Path(path)) as part:
        part.write_bytes(WRITERS[suffix](figure))


def _png(figure: Figure) -> bytes:
    # Pillow takes time to load that a picture in SVG has no need of.
    from fusion.drawing.png import to_png

    return to_png(figure.drawing)


WRITERS: Mapping[str, Callable[[Figure], bytes]] = {
    ".svg": lambda figure: figure.svg().encode(),
    ".png": _png,
    ".gv": lambda figure: figure.dot().encode(),
}
"""For each suffix, what makes the bytes of the file."""
