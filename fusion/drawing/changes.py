"""What changed from one graph to another, for each thing in its picture, and the list of it in words."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fusion.drawing.boxes import Box
from fusion.drawing.contents import Contents
from fusion.drawing.display import Group, Item, Text, flattened
from fusion.drawing.header import phase_name
from fusion.drawing.marks import Mark
from fusion.drawing.states import View
from fusion.drawing.widths import filled
from fusion.graph.nodes import FusionGraph, Node, Trunk
from fusion.wording import cleaned

LONGEST = 12
"""Changes that are listed; `fusion diff` lists all."""


def marks(view: View, now: Contents, was: Contents, formerly: Mapping[str, str]) -> dict[str, Mark]:
    """Returns what happened to the things of a picture, by name, compared with those it had in `view.before`.

    `formerly` says what some things were called there, which in `was` have the new names already.
    """
    old = view.before.graph if view.before else view.graph
    added = [name for name in now.boxes if name not in was.boxes and not _is_left_out(name, old)]
    removed = [name for name in was.boxes if name not in now.boxes and not _is_left_out(name, view.graph)]
    found = dict.fromkeys(added, Mark("added")) | dict.fromkeys(removed, Mark("removed"))
    for name in now.boxes.keys() & was.boxes.keys() if view.before else ():
        what = _changed(name, formerly.get(name, name), view, view.before) if view.before else []
        if not what and not name.startswith("trunk ") and _said(now.boxes[name]) != _said(was.boxes[name]):
            what = ["changed"]
        if what:
            found[name] = Mark("changed", tuple(dict.fromkeys(what)))
    return found


def change_list(view: View, width: float) -> Group:
    """Returns the changes in words, in lines of at most `width` pixels; nothing where nothing is compared."""
    if view.before is None:
        return Group((), frame=(0.0, 0.0))
    name = f"Changes from '{cleaned(view.before.graph.recipe.name)}', {phase_name(view.before)}"
    said = [cleaned(text).replace("->", "→") for text in view.said[:LONGEST]] or ["none"]
    more = len(view.said) - LONGEST
    said += [f"and {more} more, which fusion diff lists"] if more > 0 else []
    items: list[Item] = [
        Text(0, 12 + 15 * number, line, 11.0, "ink", True)
        for number, line in enumerate(filled(name.split(" "), " ", 11.0, width * 0.92))
    ]
    for text in said:
        for number, line in enumerate(filled(_SPACE.split(text), " ", 10.0, width - 12)):
            items.append(Text(0 if number == 0 else 12, 14 + 15 * len(items), line, 10.0))
    return Group(tuple(items), name="changes", frame=(width, 16.0 + 15 * len(items)))


_SPACE = re.compile(r" (?![kMGT]\b)")
"""Between words, but not between a number and its unit."""


def _said(box: Box) -> list[str]:
    items = [item for item, *_ in flattened(box.items)]
    return [
        item.text if isinstance(item, Text) else item.name for item in items if isinstance(item, Text | Group)
    ]


def former_names(view: View) -> dict[str, str]:
    """Returns what pools were called in `view.before` that are called otherwise because their branch has other taps."""
    if view.before is None:
        return {}
    now, was = _pools(view.graph), _pools(view.before.graph)
    return {
        name: was[tap]
        for tap, name in now.items()
        if tap in was and name not in was.values() and was[tap] not in now.values()
    }


def _pools(graph: FusionGraph) -> dict[tuple[str, str], str]:
    """Returns the names of the pools by branch and tap."""
    return {
        (node.branch, tap): node.name
        for node in graph.nodes
        if node.kind == "pool"
        for *_, tap in graph.digraph.in_edges(node.name, data="tap")
    }


def _is_left_out(name: str, graph: FusionGraph) -> bool:
    """Whether a thing is in a recipe whose picture ends before it, where something does not fit."""
    recipe = graph.recipe
    known = {"output", "the prediction", *recipe.nodes, *recipe.blocks}
    return bool(graph.misfits) and name.removeprefix("block ") in known


def _changed(name: str, former: str, new: View, old: View) -> list[str]:
    kind, _, backbone = name.partition(" ")
    if kind == "trunk" and backbone in new.graph.trunks.keys() & old.graph.trunks.keys():
        return _changed_trunk(new.graph.trunks[backbone], old.graph.trunks[backbone], new, old)
    now, was = _node(new.graph, name), _node(old.graph, former)
    return _changed_node(now, was, new, old) if now and was else []


def _node(graph: FusionGraph, name: str) -> Node | None:
    """Returns the node a box shows; of a block that several branches use, its first call."""
    return next((node for node in graph.nodes if name in {node.name, f"{node.kind} {node.layer}"}), None)


def _changed_trunk(now: Trunk, was: Trunk, new: View, old: View) -> list[str]:
    specs = [view.graph.recipe.backbones[now.backbone] for view in (new, old)]
    fed = [(trunk.shape, trunk.preprocess, len(trunk.calls)) for trunk in (now, was)]
    shared = {f"{now.backbone}/{name}" for name in now.kept & was.kept if now.skeleton[name].params}
    return [
        *(["backbone"] if specs[0] != specs[1] else []),
        *(["cut"] if now.taps != was.taps else []),
        *(["entry"] if now.enter != was.enter else []),
        *(["input"] if fed[0] != fed[1] else []),
        *(["training"] if _trained(shared, new) != _trained(shared, old) else []),
    ]


def _changed_node(now: Node, was: Node, new: View, old: View) -> list[str]:
    declared = _declared(now, new.graph), _declared(was, old.graph)
    shared = {each.address for each in now.weights} & {each.address for each in was.weights}
    widths = [
        (node.shape, [shape for *_, shape in view.graph.digraph.in_edges(node.name, data="shape")])
        for node, view in ((now, new), (was, old))
    ]
    return [
        *(word for word in declared[0] if declared[0][word] != declared[1].get(word)),
        *(["width"] if widths[0] != widths[1] else []),
        *(["training"] if _trained(shared, new) != _trained(shared, old) else []),
    ]


def _trained(addresses: Iterable[str], view: View) -> set[str] | None:
    return None if view.trained is None and addresses else set(addresses) & set(view.trained or ())


def _declared(node: Node, graph: FusionGraph) -> Mapping[str, Any]:
    """Returns what the recipe says of a node, by the word for it."""
    recipe = graph.recipe
    match node.kind:
        case "input":
            return {"input": recipe.inputs[node.name]}
        case "pool":
            branch = recipe.branches[node.branch]
            return {"pool": (branch.pool, branch.features, branch.normalise)}
        case "fusion":
            op = recipe.nodes[node.layer]
            return {"op": op.model_dump(exclude={"of"}), "inputs": op.of}
        case "block":
            return {"layers": recipe.blocks.get(node.layer)}
        case "output":
            return {"output": recipe.head.output}
        case _:
            return {}
