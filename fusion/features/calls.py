"""A built model as one flat list of calls of layers, its sub-models opened, told by the units of its graph."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from fusion.backbones.tracing import is_graph
from fusion.errors import ModelError
from fusion.frontier.units import AUGMENTED
from fusion.graph.nodes import FusionGraph

Place = tuple[int, int]
"""Where a tensor comes from: the number of a call, and which of its outputs it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of one layer or bare operation.

    Args:
        operation: What is called; an input layer is called on nothing.
        arguments: What Keras noted of the call.
        reads: By id of each symbolic tensor among the arguments, where it comes from.
    """

    operation: Any
    arguments: Any
    reads: Mapping[int, Place]


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """The calls of a model, each after those it reads.

    Args:
        calls: The calls.
        ends: By name of the unit (`fusion.frontier.units`), where what it gives comes from.
        outputs: Where the model's outputs come from, in order.
    """

    calls: tuple[Call, ...]
    ends: Mapping[str, Place]
    outputs: tuple[Place, ...]


def calls(model: keras.Model, graph: FusionGraph) -> Calls:
    """Returns the calls a model consists of; it must be the one that `fusion.model.building` made of this graph.

    Nothing is called for it: a further symbolic call would stay with the model's layers for good.

    >>> from fusion.checking import resolve
    >>> from fusion.model.building import build_graph
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
    ...     branches={"all": {"input": "photo", "backbone": "eye", "cut": "block1_pool"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> graph = resolve(one)
    >>> found = calls(build_graph(graph), graph)
    >>> found.calls[found.ends["eye/block1_pool"][0]].operation.name
    'block1_pool'

    Raises:
        ModelError: If the model is not the graph's.
    """
    made = list(_nodes(model))
    names = _names(made, graph)
    walk = _Walk()
    for node in made:
        name = names[id(node)]
        if graph[name].kind == "trunk":
            walk.enter(node, f"{name}/")
        else:
            walk.ends[name] = walk.whole(node)
    training = graph.recipe.training
    for name in training.augment if training else ():
        walk.ends[f"{name}/{AUGMENTED}"] = walk.ends[name]
    return Calls(tuple(walk.calls), walk.ends, tuple(walk.places[id(each)] for each in model.outputs))


class _Walk:
    """What was met so far on the way through a model."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.ends: dict[str, Place] = {}
        self.places: dict[int, Place] = {}

    def whole(self, node: Any) -> Place:
        """Walks a call of something whose inside has no names; returns where what it gives comes from."""
        self.enter(node, "")
        return self.places[id(node.outputs[0])]

    def enter(self, node: Any, prefix: str) -> None:
        """Walks a call; of a model, the calls in it, their names noted behind `prefix` if that is not empty."""
        if not is_graph(node.operation):
            reads = {id(each): self.places[id(each)] for each in node.input_tensors}
            number = len(self.calls)
            self.calls.append(Call(node.operation, node.arguments, reads))
            self.places.update({id(each): (number, place) for place, each in enumerate(node.outputs)})
            return
        inner = node.operation
        # A model that is called twice has the same tensors inside: those of the last call stand for it.
        self.places.update(
            {
                id(entry): self.places[id(each)]
                for entry, each in zip(inner.inputs, node.input_tensors, strict=True)
            }
        )
        entries = {id(each) for each in inner.inputs}
        for each in _nodes(inner):
            if _is_entry(each, entries):
                continue
            name = f"{prefix}{each.operation.name}" if prefix else ""
            self.enter(each, f"{name}." if name else "")
            if name and not is_graph(each.operation):
                self.ends[name] = self.places[id(each.outputs[0])]
        self.places.update(
            {id(each): self.places[id(end)] for each, end in zip(node.outputs, inner.outputs, strict=True)}
        )


def _nodes(graph: Any) -> Iterator[Any]:
    """Yields Keras's notes of the calls that a functional model consists of, each after those it reads."""
    entries = {id(each) for each in graph.inputs}
    done: set[int] = set()
    waiting = [_node(each) for each in [*reversed(graph.outputs), *reversed(graph.inputs)]]
    while waiting:
        node = waiting[-1]
        before = [] if _is_entry(node, entries) else [_node(each) for each in node.input_tensors]
        ahead = [each for each in before if id(each) not in done]
        if ahead:
            waiting += reversed(ahead)
            continue
        waiting.pop()
        if id(node) not in done:
            done.add(id(node))
            yield node


def _is_entry(node: Any, entries: set[int]) -> bool:
    """Whether a model begins here: its inputs may be what layers outside of it gave."""
    return node.is_input or any(id(each) in entries for each in node.outputs)


def _node(tensor: Any) -> Any:
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def _names(made: Iterable[Any], graph: FusionGraph) -> dict[int, str]:
    """Returns by id which node of the graph each call in a model is: a layer's first call is its first node."""
    called: dict[str, list[Any]] = {}
    for node in made:
        called.setdefault(node.operation.name, []).append(node)
    wanted: dict[str, list[str]] = {}
    for each in graph.nodes:
        wanted.setdefault(each.layer, []).append(each.name)
    for layer in dict.fromkeys([*wanted, *called]):
        times, declared = len(called.get(layer, ())), len(wanted.get(layer, ()))
        if times != declared:
            raise ModelError(
                f"The model calls {layer!r} {times} times, and its recipe {declared} times. "
                "Build it again from this recipe."
            )
    found = {}
    for layer, nodes in called.items():
        ordered = sorted(nodes, key=nodes[0].operation._inbound_nodes.index)
        found.update({id(node): name for node, name in zip(ordered, wanted[layer], strict=True)})
    return found
