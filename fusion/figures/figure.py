"""Figures: the picture of a graph in one phase of its training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from fusion.drawing.choices import chosen
from fusion.drawing.display import Drawing
from fusion.drawing.levels import Level
from fusion.drawing.levels import level as level_named
from fusion.drawing.pages import page
from fusion.drawing.runs import opened
from fusion.drawing.states import View, view
from fusion.drawing.styles import Style, colours
from fusion.drawing.styles import style as named
from fusion.drawing.values import Values, values_of
from fusion.errors import DrawingError, listed, near
from fusion.figures.svg import to_svg
from fusion.files import replacing
from fusion.graph.comparison import compared
from fusion.graph.nodes import FusionGraph


@dataclass(frozen=True)
class Figure:
    """A picture that can be written to files and shows itself in notebooks.

    Args:
        graph: What it shows.
        phase: In which phase of the training, from 0.
        style: How it looks.
        level: How closely it looks at backbones.
        expand: What of them is open at layer level.
        values: What is laid over it as colour.
        against: What it is compared with.
    """

    graph: FusionGraph
    phase: int
    style: Style = "auto"
    level: Level = "branch"
    expand: tuple[str, ...] = ("cut",)
    values: Values | None = None
    against: FusionGraph | None = None

    @property
    def view(self) -> View:
        """What it shows, as every format draws it."""
        seen = replace(view(self.graph, self.phase), values=self.values)
        if self.against is None:
            return seen
        # What cannot be built comes to nothing in all.
        whole = not self.graph.misfits and not self.against.misfits
        said = tuple(each.text for each in compared(self.against, self.graph) if whole or each.place)
        return replace(seen, before=view(self.against, self._former_phase(self.against)), said=said)

    def _former_phase(self, former: FusionGraph) -> int:
        """Returns the phase of another graph that is called as the one shown, else the one of its number or the last."""
        names = [plan.name for plan in former.phases]
        own = self.graph.phases[self.phase].name if self.graph.phases else ""
        return names.index(own) if own in names else min(self.phase, max(len(names) - 1, 0))

    @cached_property
    def drawing(self) -> Drawing:
        """What it is made of."""
        return page(self.view, self.style, self.level, self.expand)

    def svg(self) -> str:
        """Returns it as an SVG document, the same to the byte for the same graph."""
        return to_svg(self.drawing, self.style)

    def html(self) -> str:
        """Returns one page with the picture at every level, in which parts of backbones open on a click."""
        from fusion.figures.html import to_html

        seen = self.view
        return to_html(seen, self.style, self.level, opened(seen, self.expand))

    def dot(self) -> str:
        """Returns the graph as DOT source, to be edited and laid out by Graphviz."""
        from fusion.figures.dot import to_dot

        return to_dot(self._plain("DOT"))

    def mermaid(self) -> str:
        """Returns the graph as a Mermaid flowchart, which GitHub shows where it stands in Markdown."""
        from fusion.figures.mermaid import to_mermaid

        return to_mermaid(self._plain("Mermaid"))

    def tikz(self) -> str:
        """Returns it as a LaTeX document with one TikZ picture."""
        from fusion.figures.tikz import to_tikz

        return to_tikz(self.drawing, colours(self.style))

    def explorer(self) -> str:
        """Returns every layer of the graph as JSON for Google's Model Explorer."""
        from fusion.figures.explorer import to_explorer

        # Every layer, also those that a picture leaves out.
        return to_explorer(replace(self._plain("Model Explorer's format"), graph=self.graph))

    def text(self) -> str:
        """Returns what the picture says in words, a line for each thing, for terminals and screen readers."""
        from fusion.figures.tree import to_text

        return to_text(self.view)

    def _plain(self, what: str) -> View:
        if self.values or self.against or self.graph.misfits:
            laid = "values laid over a picture" if self.values else "what changed from another recipe"
            laid = "what does not fit" if self.graph.misfits else laid
            raise DrawingError(
                f"{what} has no place for {laid}; write .svg, .png, .pdf, .tex, .html or .txt."
            )
        return self.view

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {
            "image/svg+xml": self.svg(),
            "text/plain": self.text(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a graph is shown; what is written here is checked when it is drawn.

    Args:
        phase: In which phase of the training, from 0.
        style: `light`, `dark`, or `auto`: as dark as the reader's screen where the format can ask, else light. Or a
            shape, in light colours: `paper`, at most 800 pixels wide for a column of text, or `slide`, 16 to 9.
        level: `branch`, `stage` or `layer`: whether backbones are rulers, rows of stages, or layers from top to bottom.
        expand: What is open at layer level, else folded: `cut`, the parts that end at a cut, as if nothing is given;
            `all`; `none`; or the name of a backbone, a part such as `block4` or a layer; or several of these.
        values: Numbers to lay over it as colour, by address: a branch or a fusion, `branch/tap`, or `backbone/layer`.
        values_name: What they are, such as `accuracy`.
    """

    phase: int = 0
    style: str = "auto"
    level: str = "branch"
    expand: str | Sequence[str] = ()
    values: Mapping[str, float] | None = None
    values_name: str = "value"


USUAL = Look()
"""The first phase at branch level, with no values."""


def draw(graph: FusionGraph, look: Look = USUAL, *, against: FusionGraph | None = None) -> Figure:
    """Returns the picture of a graph, coloured by what a phase trains.

    Args:
        graph: What it shows.
        look: How.
        against: An earlier graph: what changed from it is outlined and said in words, in its phase of the same name,
            else of the same number.

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
        DrawingError: If there is no such phase, style or level, nothing of that name to open, nothing to open at
            that level, nothing at the address of a value, or a value that is no finite number.
    """
    _check_phase(graph, look.phase)
    close, expand = level_named(look.level), look.expand
    words = (expand,) if isinstance(expand, str) else tuple(expand)
    if words and close != "layer":
        raise DrawingError(
            f"At the level {close!r} there is nothing to open; write the level 'layer' with expand."
        )
    opened(view(graph, look.phase), words)
    numbers = values_of(graph, look.values or {}, look.values_name)
    return Figure(graph, look.phase, named(look.style), close, words or ("cut",), numbers, against)


def _check_phase(graph: FusionGraph, phase: int) -> None:
    names = [repr(plan.name) for plan in graph.phases]
    if phase not in range(max(len(names), 1)):
        known = listed(f"{number} {name}" for number, name in enumerate(names))
        text = f"Phases are {known}." if names else "It declares no training; leave the phase out."
        raise DrawingError(f"The recipe {graph.recipe.name!r} has no phase {phase}, counted from 0. {text}")


def save(figure: Figure, path: str | Path, *, engine: str = "own") -> None:
    """Writes a figure in the format that the suffix of `path` names.

    Args:
        figure: The figure.
        path: Where to.
        engine: What lays it out: `own`, or `dot`, Graphviz's program, for a plain graph with a box for each call.

    >>> save(None, "picture.jpg")
    Traceback (most recent call last):
    ...
    fusion.errors.DrawingError: Cannot draw to 'picture.jpg': this version writes .svg, .png, ...

    Raises:
        DrawingError: If this version does not write that format, or there is no such engine or it fails.
        FileError: If the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in WRITERS:
        hint = near(suffix, WRITERS)
        raise DrawingError(f"Cannot draw to {str(path)!r}: this version writes {listed(WRITERS)}.{hint}")
    by = chosen(engine, ENGINES, what="engine")
    with replacing(Path(path)) as part:
        part.write_bytes(WRITERS[suffix](figure) if by == "own" else _by_dot(figure, suffix))


def _png(figure: Figure) -> bytes:
    # Pillow takes time to load that a picture in SVG has no need of.
    from fusion.figures.png import to_png

    return to_png(figure.drawing, colours(figure.style))


def _pdf(figure: Figure) -> bytes:
    # Matplotlib takes longer still.
    from fusion.figures.pdf import to_pdf

    return to_pdf(figure.drawing, colours(figure.style))


def _by_dot(figure: Figure, suffix: str) -> bytes:
    from fusion.figures.engine import rendered

    return rendered(figure.dot(), suffix)


WRITERS: Mapping[str, Callable[[Figure], bytes]] = {
    ".svg": lambda figure: figure.svg().encode(),
    ".png": _png,
    ".pdf": _pdf,
    ".html": lambda figure: figure.html().encode(),
    ".tex": lambda figure: figure.tikz().encode(),
    ".gv": lambda figure: figure.dot().encode(),
    ".mmd": lambda figure: figure.mermaid().encode(),
    ".json": lambda figure: figure.explorer().encode(),
    ".txt": lambda figure: figure.text().encode(),
}
"""For each suffix, what makes the bytes of the file."""
ENGINES = ("own", "dot")
"""What can lay a picture out."""
