"""Mermaid: every node and every edge, whatever names say."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import networkx as nx

from fusion.checking import draw
from fusion.graph.nodes import FusionGraph

NODE = re.compile(
    r'  n\d+(\(\[|\(|\{\{|\[\[|\[)"[^"`<>&]*(<br/>[^"`<>&]*)*"(\]\)|\)|\}\}|\]\]|\]):::(plain|frozen|trainable)'
)
EDGE = re.compile(r'  n\d+ (-->|-\.->)\|"[^"`<>&]*"\| n\d+')


def test_there_is_a_line_for_every_node_and_every_edge(case: tuple[FusionGraph, int]) -> None:
    graph, phase = case

    lines = draw(graph, phase=phase).mermaid().splitlines()
    body = [line for line in lines[4:] if not line.startswith(("  classDef ", "  style "))]
    assert lines[0] == lines[2] == "---"
    assert lines[3] == "flowchart LR"
    assert sum(bool(NODE.fullmatch(line)) for line in body) == len(graph.nodes)
    assert sum(bool(EDGE.fullmatch(line)) for line in body) == graph.digraph.number_of_edges()
    assert len(body) == len(graph.nodes) + graph.digraph.number_of_edges()


def test_what_trains_and_what_is_shared_is_marked(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("siamese")).mermaid()

    assert text.count("]]:::trainable") == text.count("]]:::frozen") == 2
    assert text.count(":::trainable") == 3
    assert "<br/>trainable" in text


def test_hostile_names_are_entities(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("names")).mermaid()

    title = json.loads(text.splitlines()[1].removeprefix("title: "))
    assert title.startswith("\u2039script\u203aalert(\"1\")\u2039/script\u203a & 'q' ]]\u203a")
    assert "\U0001f98a" in title
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)
    assert max(map(len, text.splitlines())) < 400


def test_what_means_something_to_mermaid_does_not_in_a_label(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("vector")
    name = 'a"`<b>`%%{init}%%; --> #quot; [x]'
    renamed = nx.relabel_nodes(graph.digraph, {"facts": name})
    renamed.nodes[name]["node"] = replace(graph["facts"], name=name)

    text = draw(replace(graph, digraph=renamed)).mermaid()
    assert (
        'n0(["a#34;#96;#60;b#62;#96;#37;#37;#123;init#125;#37;#37;#59; --#62; #35;quot#59; #91;x#93;' in text
    )


def test_what_is_there_in_training_only_is_dashed(topology: Callable[[str], FusionGraph]) -> None:
    text = draw(topology("votes")).mermaid()

    assert text.count("-.->") == text.count("stroke-dasharray: 4 4") == text.count("training only") == 3
