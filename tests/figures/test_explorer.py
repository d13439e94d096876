"""Model Explorer: every layer, in the form its reader takes."""

import json
from collections.abc import Callable
from typing import Any

from fusion.checking import draw
from fusion.drawing.palette import LIGHT
from fusion.graph.nodes import FusionGraph
from fusion.wording import TIMES


def nodes(graph: FusionGraph, phase: int = 0) -> dict[str, dict[str, Any]]:
    found = json.loads(draw(graph, phase=phase).explorer())
    (only,) = found["graphs"]
    return {node["id"]: node for node in only["nodes"]}


def facts(node: dict[str, Any]) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in node["attrs"]}


def test_every_layer_of_every_call_is_there_once_and_edges_lead_to_nodes(
    case: tuple[FusionGraph, int],
) -> None:
    graph, phase = case
    found = json.loads(draw(graph, phase=phase).explorer())["graphs"][0]["nodes"]

    keys = [node["id"] for node in found]
    layers = sum(len(t.skeletons[call].layers) for t in graph.trunks.values() for call in t.calls)
    assert len(keys) == len(set(keys)) == layers + sum(node.kind != "trunk" for node in graph.nodes)
    for node in found:
        assert {edge["sourceNodeId"] for edge in node["incomingEdges"]} <= set(keys)
        assert [edge["targetNodeInputId"] for edge in node["incomingEdges"]] == [
            str(number) for number in range(len(node["incomingEdges"]))
        ]


def test_values_are_of_the_types_that_the_viewer_reads(case: tuple[FusionGraph, int]) -> None:
    found = json.loads(draw(case[0], phase=case[1]).explorer())

    assert set(found) == {"label", "graphs"}
    assert set(found["graphs"][0]) == {"id", "nodes", "groupNodeAttributes"}
    for node in found["graphs"][0]["nodes"]:
        assert all(isinstance(node[key], str) for key in ("id", "label", "namespace"))
        pairs = node["attrs"] + node["outputsMetadata"][0]["attrs"]
        assert all(isinstance(pair[key], str) for pair in pairs for key in ("key", "value"))
    for values in found["graphs"][0]["groupNodeAttributes"].values():
        assert all(isinstance(value, str) for value in values.values())


def test_a_backbone_is_fed_and_tapped_where_the_recipe_says(topology: Callable[[str], FusionGraph]) -> None:
    found = nodes(topology("two"))

    assert [edge["sourceNodeId"] for edge in found["left/input"]["incomingEdges"]] == ["left.prepare"]
    assert [edge["sourceNodeId"] for edge in found["texture.pool"]["incomingEdges"]] == ["left/block3_pool"]
    assert found["left/block3_pool"]["outputsMetadata"][0]["attrs"] == [
        {"key": "tensor_shape", "value": f"4{TIMES}4{TIMES}64"}
    ]
    assert [edge["sourceNodeId"] for edge in found["fusion"]["incomingEdges"]] == [
        "texture.pool",
        "shape.taps",
    ]


def test_layers_are_coloured_as_the_phase_trains_and_what_is_cut_off_is_grey(
    topology: Callable[[str], FusionGraph],
) -> None:
    found = nodes(topology("two"), 1)

    looks = {name: found[f"left/{name}"] for name in ("block1_conv1", "block3_conv1", "block4_conv1")}
    assert [facts(node)["state"] for node in looks.values()] == [
        "frozen",
        "trainable",
        "discarded, never built",
    ]
    assert [node["style"]["backgroundColor"] for node in looks.values()] == [
        LIGHT[name] for name in ("frozen_fill", "trainable_fill", "ghost_fill")
    ]
    assert [node["namespace"] for node in looks.values()] == [
        "left/stage 1",
        "left/stage 3",
        "left/discarded",
    ]


def test_hostile_names_stay_values(topology: Callable[[str], FusionGraph]) -> None:
    graph = topology("names")

    text = draw(graph).explorer()
    assert json.loads(text)["label"].startswith('<script>alert("1")')
    assert "\\u0000" not in text
    assert "\u202e" not in text


def test_a_stitch_feeds_what_comes_after_the_entrance_and_nothing_before(
    topology: Callable[[str], FusionGraph],
) -> None:
    found = nodes(topology("stitched"))

    def fed(name: str) -> list[str]:
        return [edge["sourceNodeId"] for edge in found[name]["incomingEdges"]]

    assert fed("two.stitch") == ["one/block2_pool"]
    assert fed("two/input") == []
    assert fed("two/block3_bn1") == ["two/block3_conv1"]
    assert fed("two/block3_conv2") == ["two.stitch"]
    assert found["two/block3_bn1"]["namespace"] == "two/discarded"
