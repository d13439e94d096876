"""A graph in the making: nodes so far, and what is wrong so far."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import networkx as nx

from fusion.errors import Problem
from fusion.graph.nodes import Node
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import Place


@dataclass
class Draft:
    """A graph in the making.

    Args:
        recipe: What it is made of.
        problems: What was found wrong so far.
        doubtful: Places whose values are not those meant.
        digraph: The nodes so far, as a graph has them.
        ends: The node each branch and fusion node ends in.
        widths: The width each block reads, and the node that is the first to read it.
    """

    recipe: Recipe
    problems: list[Problem]
    doubtful: Collection[Place] = ()
    digraph: nx.DiGraph = field(default_factory=nx.DiGraph)
    ends: dict[str, Node] = field(default_factory=dict)
    widths: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, node: Node, parents: Sequence[Node]) -> Node:
        """Adds a node after those it reads, if it is not there yet, and returns it."""
        self.digraph.add_node(node.name, node=node)
        for order, parent in enumerate(parents):
            self.digraph.add_edge(parent.name, node.name, order=order, tap="", shape=parent.shape)
        return node

    def __getitem__(self, name: str) -> Node:
        node: Node = self.digraph.nodes[name]["node"]
        return node
