"""Which values run through shared weights, told apart by a letter and a colour."""

from collections.abc import Mapping

from fusion.drawing.boxes import Badge
from fusion.drawing.palette import Colour
from fusion.graph.nodes import FusionGraph

COLOURS: tuple[Colour, ...] = ("ink", "second", "third", "fourth", "fifth", "sixth")
"""Of the streams in order; the letters tell more streams than these apart."""


def streams(graph: FusionGraph) -> Mapping[str, Badge]:
    """Returns the stream of each node that lies on one: calls of shared weights, what leads to them and what follows.

    A stream ends where it meets another. It has the letter of its input, so that two shared backbones agree; where
    one input is called at two sizes, that of the call.
    """
    numbers = _calls(graph)
    for node in graph.nodes:
        above = {numbers.get(parent.name) for parent in graph.parents(node.name)}
        if node.name not in numbers and len(above) == 1 and (number := above.pop()) is not None:
            numbers[node.name] = number
    for node in reversed(graph.nodes):
        below = {numbers.get(name) for name in graph.digraph.successors(node.name)}
        if node.kind in {"input", "prepare"} and len(below) == 1 and (number := below.pop()) is not None:
            numbers[node.name] = number
    return {
        name: Badge(chr(ord("A") + number % 26), COLOURS[number % len(COLOURS)])
        for name, number in numbers.items()
    }


def _calls(graph: FusionGraph) -> dict[str, int]:
    """The number of the stream of each call of shared weights."""
    found: dict[str, int] = {}
    order = list(graph.recipe.inputs)
    for trunk in graph.trunks.values():
        if len(trunk.calls) < 2:
            continue
        sources = [_input(graph, call) for call in trunk.calls]
        fed = sorted(
            {_input(graph, c) for t in graph.trunks.values() if len(t.calls) > 1 for c in t.calls},
            key=order.index,
        )
        for number, (call, source) in enumerate(zip(trunk.calls, sources, strict=True)):
            found[call] = fed.index(source) if len(set(sources)) == len(sources) else number
    if not found:
        for layer in {node.layer for node in graph.nodes if node.kind == "block"}:
            calls = [node.name for node in graph.nodes if node.layer == layer and node.kind == "block"]
            if len(calls) > 1:
                found |= {call: number for number, call in enumerate(calls)}
    return found


def _input(graph: FusionGraph, call: str) -> str:
    parents = graph.parents(call)
    return _input(graph, parents[0].name) if parents else call
