"""Everything put together: a header, boxes in columns, lines between them, a legend."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from fusion.drawing.changes import change_list
from fusion.drawing.contents import ruler_cards
from fusion.drawing.display import Drawing, Group, Item, flattened
from fusion.drawing.header import WIDEST, header, phase_name
from fusion.drawing.legend import legend
from fusion.drawing.levels import Level
from fusion.drawing.overlays import whole
from fusion.drawing.placing import Placed, across, down
from fusion.drawing.runs import opened
from fusion.drawing.stagecards import stage_cards
from fusion.drawing.standing import standing
from fusion.drawing.states import View
from fusion.drawing.towers import tower_boxes
from fusion.wording import cleaned

MARGIN, ABOVE, BELOW = 20.0, 24.0, 24.0
"""Room around a picture, between header and boxes, and between boxes and legend."""


def picture(view: View, level: Level = "branch", expand: str | Sequence[str] = "cut") -> Drawing:
    """Returns the picture of a graph: backbones stacked, from inputs on the left to the prediction; layers downwards.

    Args:
        view: The graph.
        level: How closely it looks at backbones.
        expand: What is open at layer level, as `fusion.drawing.runs.opened` takes it.

    Raises:
        DrawingError: If something to be opened is not there.
    """
    return composed(view, body(view, level, expand), level)


def composed(view: View, found: Placed, level: Level, limit: float = WIDEST) -> Drawing:
    """Returns a picture of what is placed already, with a header whose words are at most `limit` wide, and a legend."""
    top = header(view, limit)
    width = max(top.width, found.width)
    names = {item.name for item, *_ in flattened(found.boxes) if isinstance(item, Group)}
    below = legend(view, width, names, level)
    body_top = MARGIN + top.height + ABOVE
    said, said_top = change_list(view, width), body_top + found.height + BELOW
    legend_top = said_top + (said.frame or (0, 0))[1]
    indent = MARGIN + (width - found.width) / 2
    items: list[Item] = [
        Group(top.items, MARGIN, MARGIN, name="header", frame=(width, top.height)),
        Group(found.boxes, indent, body_top, name="boxes"),
        Group(found.lines, indent, body_top, name="lines"),
        *([replace(said, x=MARGIN, y=said_top)] if said.items else []),
        Group(below.items, MARGIN, legend_top, name=below.name, frame=below.frame),
    ]
    full = (2 * MARGIN + width, legend_top + (below.frame or (0, 0))[1] + MARGIN)
    return Drawing(*full, cleaned(view.graph.recipe.name), _description(view), tuple(items))


def body(view: View, level: Level, expand: str | Sequence[str]) -> Placed:
    """Returns what stands between header and legend.

    Raises:
        DrawingError: If something to be opened is not there.
    """
    if level == "layer":
        return down(whole(view, partial(tower_boxes, opened=opened(view, expand)), standing))
    return across(whole(view, stage_cards if level == "stage" else ruler_cards))


def _description(view: View) -> str:
    recipe = view.graph.recipe
    branches = ", ".join(
        f"{name} ({branch.backbone} up to {' and '.join(branch.cuts)})" if branch.backbone else name
        for name, branch in recipe.branches.items()
    )
    ops = ", ".join(op.op for op in recipe.nodes.values()) or "no fusion"
    said = (
        " ".join(["Cannot be built:", *view.graph.misfits.values()])
        if view.graph.misfits
        else phase_name(view)
    )
    return cleaned(f"Branches {branches}; {ops}; {recipe.head.output.task}; {said.removesuffix('.')}.")
