"""Numbers laid over a picture as colour: what each belongs to, and how dark it is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from fusion.drawing.palette import SHADES, Colour
from fusion.drawing.tidying import HIDDEN
from fusion.errors import DrawingError, listed, near, shown
from fusion.graph.nodes import FusionGraph, Node
from fusion.recipe.parsing import parse, read_text


@dataclass(frozen=True, slots=True)
class Cell:
    """One number: the address it was given for, its words, and its shade among those of the picture."""

    address: str
    words: str
    shade: Colour

    @property
    def ink(self) -> Colour:
        """The colour in which its words are read on its shade."""
        return "ink" if SHADES.index(self.shade) < 4 else "page"


@dataclass(frozen=True, slots=True)
class Values:
    """What is laid over a picture.

    Args:
        name: What the numbers are, such as `accuracy`.
        ends: The least and the greatest, in words.
        nodes: Numbers of branches, taps and fusions, by the node that gives their vector.
        layers: Numbers of layers, by backbone, then by layer.
    """

    name: str
    ends: tuple[str, str]
    nodes: Mapping[str, tuple[Cell, ...]]
    layers: Mapping[str, Mapping[str, Cell]]

    def cells(self) -> Iterator[Cell]:
        """Yields all numbers, those of branches and taps first."""
        for several in self.nodes.values():
            yield from several
        for rows in self.layers.values():
            yield from rows.values()


def values_of(graph: FusionGraph, numbers: Mapping[str, float], name: str) -> Values | None:
    """Returns numbers with what they belong to in a graph; `None` if there are none.

    Args:
        graph: The graph.
        numbers: By address: a branch or a fusion, `branch/tap`, or `backbone/layer`.
        name: What they are.

    >>> from fusion.graph.making import make_graph
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> [cell.words for cell in values_of(make_graph(one, None), {"all": 0.5}, "accuracy").cells()]
    ['0.5']

    Raises:
        DrawingError: If an address is of nothing, or of two things, or a value is no finite number.
    """
    if not numbers:
        return None
    _check(graph, numbers)
    low, high = min(numbers.values()), max(numbers.values())
    cells = {
        address: Cell(address, f"{number:.3g}", _shade(number, low, high))
        for address, number in numbers.items()
    }
    nodes: dict[str, tuple[Cell, ...]] = {}
    layers: dict[str, dict[str, Cell]] = {}
    ends = _ends(graph)
    for address, cell in cells.items():
        if address in ends:
            nodes[ends[address]] = (*nodes.get(ends[address], ()), cell)
        else:
            backbone, _, layer = address.partition("/")
            layers.setdefault(backbone, {})[layer] = cell
    return Values(name, (f"{low:.3g}", f"{high:.3g}"), nodes, layers)


def read_values(path: Path) -> dict[str, float]:
    """Returns the values in a JSON file: an object with a number for each address.

    Raises:
        RecipeError: If it cannot be read or is no JSON.
        DrawingError: If it holds something else.
    """
    data = parse(read_text(path), source=str(path))
    if not isinstance(data, dict):
        raise DrawingError(
            f'{path} holds {shown(data)}; expected an object such as {{"shape/mixed7": 0.83}}.'
        )
    return dict(data)


def _shade(number: float, low: float, high: float) -> Colour:
    """Returns the shade of a number: classes of equal width, the middle one where all numbers are equal."""
    share = (number - low) / (high - low) if high > low else 0.5
    return SHADES[min(int(share * len(SHADES)), len(SHADES) - 1)]


def _ends(graph: FusionGraph) -> dict[str, str]:
    """Returns the node that gives what an address names: of branches and fusions their vector, of a tap its own."""
    taps = {f"{node.branch}/{_tap(graph, node)}": node.name for node in graph.nodes if node.kind == "pool"}
    return {name: _shown(graph, graph[end]) for name, end in graph.ends.items()} | taps


def _shown(graph: FusionGraph, node: Node) -> str:
    """Returns the node that a picture shows for another: what an optional input gives if it is there."""
    return _shown(graph, graph.parents(node.name)[0]) if node.kind in HIDDEN else node.name


def _tap(graph: FusionGraph, node: Node) -> str:
    return next(str(tap) for *_, tap in graph.digraph.in_edges(node.name, data="tap"))


def _check(graph: FusionGraph, numbers: Mapping[str, float]) -> None:
    for address, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
            raise DrawingError(f"The value of {shown(address)} is {shown(number)}; expected a finite number.")
    layers = {f"{name}/{row}" for name, trunk in graph.trunks.items() for row in trunk.skeleton.rows}
    ends = _ends(graph)
    unknown = [address for address in numbers if address not in ends and address not in layers]
    if unknown:
        hint = near(unknown[0], [*ends, *layers])
        more = f" Nor of {len(unknown) - 1} more." if unknown[1:] else ""
        raise DrawingError(
            f"There is nothing at {shown(unknown[0])} to lay a value over.{hint}{more} "
            f"Values are of {listed(ends)}, or of a layer as in {shown(next(iter(sorted(layers)), 'vgg/block1_conv1'))}."
        )
    for address in numbers:
        branch = graph.recipe.branches.get(address.partition("/")[0])
        if address in ends and address in layers and branch and branch.backbone != address.partition("/")[0]:
            raise DrawingError(
                f"{shown(address)} is a tap of a branch and a layer of another backbone; give one of them another name."
            )
