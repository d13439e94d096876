"""Pictures in words, for terminals and for screen readers: a line for each thing, indented under what it is part of.

Nothing but indentation shows the structure, because screen readers spell frames drawn with characters.
"""

from collections.abc import Iterator, Mapping

from fusion.drawing.boxes import Box
from fusion.drawing.contents import contents
from fusion.drawing.display import Group, Text, flattened
from fusion.drawing.header import header, phase_name
from fusion.drawing.inputs import fed
from fusion.drawing.lanes import lane
from fusion.drawing.states import View
from fusion.graph.costs import branch_nodes
from fusion.graph.nodes import Node, Trunk
from fusion.wording import cleaned, dimensions

Row = tuple[int, str]
"""How deep a line is indented, and what it says."""


def to_text(view: View) -> str:
    """Returns what the picture of a graph says, in lines that are indented by two spaces a level."""
    boxes = contents(view).boxes
    rows = [*_totals(view), *_inputs(view)]
    if view.graph.trunks:
        rows.append((0, "backbones"))
    for trunk in view.graph.trunks.values():
        rows += _backbone(view, trunk, boxes[f"trunk {trunk.backbone}"])
    rows += [
        *_branches(view, boxes),
        *_fusion(view, boxes),
        *_head(view, boxes),
        *_values(view),
        *_changes(view),
    ]
    return "".join(f"{'  ' * depth}{cleaned(text)}\n" for depth, text in rows)


def _totals(view: View) -> Iterator[Row]:
    yield 0, view.graph.recipe.name
    yield 0, phase_name(view)
    if view.graph.misfits:
        yield from ((0, f"cannot be built: {text}") for text in view.graph.misfits.values())
        return
    # The first two texts are the name and the phase, which are cut short in a picture.
    words = [item.text for item, *_ in flattened(header(view).items) if isinstance(item, Text)][2:]
    shares = words[:-1] if view.trained is not None else []
    yield from ((0, text) for text in [*shares, *words[-1].split(" · ")])


def _inputs(view: View) -> Iterator[Row]:
    yield 0, "inputs"
    for node in view.graph.nodes:
        if node.kind == "input":
            spec = view.graph.recipe.inputs[node.name]
            yield 1, f"{node.name}: {fed(spec)}{', optional' if spec.optional else ''}"


def _backbone(view: View, trunk: Trunk, card: Box) -> Iterator[Row]:
    found = lane(view, trunk, {})
    fed = dict.fromkeys(source for call in trunk.calls for source in _fed_by(view, call))
    yield 1, f"{trunk.backbone}: {found.arch}"
    yield 2, f"fed by {' and '.join(fed)}"
    yield from ((2, fact) for fact in found.facts.split(" · "))
    yield 2, "parts"
    for item, *_ in flattened(card.items):
        if isinstance(item, Group) and item.name.endswith(" segment"):
            state = item.name.removesuffix(" segment")
            yield 3, f"{item.tip}{f', {state}' if state in {'frozen', 'trainable', 'mixed'} else ''}"
    yield 2, "taps"
    for tap in found.taps:
        yield 3, f"{tap.name}: {tap.words[1]}{', cut' if found.is_cut(tap) else ''}"


def _fed_by(view: View, name: str) -> list[str]:
    parents = view.graph.parents(name)
    return [source for parent in parents for source in _fed_by(view, parent.name)] if parents else [name]


def _branches(view: View, boxes: Mapping[str, Box]) -> Iterator[Row]:
    graph = view.graph
    yield 0, "branches"
    for name, branch in graph.recipe.branches.items():
        entered = f" from {branch.enter} on" if branch.enter else ""
        through = (
            f" through {branch.backbone}{entered} up to {' and '.join(branch.cuts)}"
            if branch.backbone
            else ""
        )
        yield 1, f"{name}: {f'map of {branch.of}' if branch.of else branch.input}{through}"
        own = [node for node in graph.nodes if node.branch == name and node.kind != "join"]
        if branch.of:
            own.insert(0, [node for node in branch_nodes(graph, name) if node.kind == "stitch"][-1])
        yield from ((2, f"{_name(node, boxes)}: {', '.join(_details(node, boxes))}") for node in own)
        yield 2, f"gives {dimensions(graph[graph.ends[name]].shape)}"


def _name(node: Node, boxes: Mapping[str, Box]) -> str:
    if node.kind == "missing":
        return _texts(boxes[node.name])[0]
    return node.kind if node.kind in {"pool", "stitch"} else node.layer


def _fusion(view: View, boxes: Mapping[str, Box]) -> Iterator[Row]:
    fused = [node for node in view.graph.nodes if node.kind == "fusion"]
    if fused:
        yield 0, "fusion"
    for node in fused:
        if node.name in view.graph.misfits:
            yield 1, f"{boxes[node.name].tip}"
            continue
        details = [text for text in _details(node, boxes) if not text.isdigit()]
        yield 1, ", ".join([f"{boxes[node.name].tip} gives {dimensions(node.shape)}", *details])


def _head(view: View, boxes: Mapping[str, Box]) -> Iterator[Row]:
    if "the prediction" not in boxes:
        return
    yield 0, "head"
    for node in view.graph.nodes:
        if node.is_head or node.kind == "auxiliary":
            yield 1, f"{node.layer}: {', '.join(_details(node, boxes))}"
    yield 1, f"prediction: {', '.join(_texts(boxes['the prediction']))}"


def _values(view: View) -> Iterator[Row]:
    if view.values:
        yield 0, f"values: {view.values.name}"
        yield from ((1, f"{cell.address}: {cell.words}") for cell in view.values.cells())


def _changes(view: View) -> Iterator[Row]:
    if view.before:
        yield 0, f"changes from {view.before.graph.recipe.name}, {phase_name(view.before)}"
        yield from ((1, text) for text in view.said or ["none"])


def _details(node: Node, boxes: Mapping[str, Box]) -> list[str]:
    """Returns what the box of a node says below its title."""
    return _texts(boxes.get(node.name) or boxes[f"block {node.layer}"])[1:]


def _texts(box: Box) -> list[str]:
    words = [item.text for item, *_ in flattened(box.items) if isinstance(item, Text)]
    return [text for line in words for text in line.split(" · ")]
