"""What happened to a thing in a picture that is compared with another, and how that is said and drawn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from fusion.drawing.display import Group, Rect, Text
from fusion.drawing.states import View
from fusion.drawing.widths import text_width
from fusion.graph.nodes import Trunk
from fusion.skeleton.layers import Layer
from fusion.wording import MINUS

SIGNS = {"added": "+ added", "removed": f"{MINUS} removed"}
"""What stands below what another recipe has not, and below what only it has."""
BORDERS: Mapping[str, tuple[float, float]] = {
    "added": (2.2, 0.0),
    "removed": (1.6, 6.0),
    "changed": (2.2, 2.0),
}
"""Weight and dash of the borders of what changed."""
APART = 3.5
"""Room between layers and the border around them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What happened to a thing, and of what is changed, what: its cut, its op, its width."""

    kind: Literal["added", "removed", "changed"]
    what: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What stands below it; the sign says the same as the word, and as its border."""
        return SIGNS.get(self.kind, f"~ {', '.join(self.what)}")

    @property
    def is_mere_width(self) -> bool:
        """Whether it changed only by what it reads."""
        return self.what == ("width",)


def layers_mark(trunk: Trunk, rows: Iterable[Layer], view: View) -> Mark | None:
    """Returns what happened to some layers of a backbone since `view.before`; `None` if nothing, or nothing can be said.

    Layers that a cut discards no longer are added, those that it discards now are removed.
    """
    was = view.before.graph.trunks.get(trunk.backbone) if view.before else None
    if view.before is None or was is None or was.skeleton.rows.keys() != trunk.skeleton.rows.keys():
        return None
    kept = {(row.name in was.kept, row.name in trunk.kept) for row in rows}
    if kept == {(False, True)}:
        return Mark("added")
    if kept == {(True, False)}:
        return Mark("removed")
    moved = any(before != now for before, now in kept)
    trains = any(
        _trains(trunk, row, view) != _trains(trunk, row, view.before)
        for row in rows
        if row.params and row.name in was.kept & trunk.kept
    )
    what = (*(["cut"] if moved else []), *(["training"] if trains else []))
    return Mark("changed", what) if what else None


def _trains(trunk: Trunk, row: Layer, view: View) -> bool | None:
    return None if view.trained is None else f"{trunk.backbone}/{row.name}" in view.trained


def outlined(mark: Mark | None, width: float, height: float, *, brief: str = "") -> tuple[Group, ...]:
    """Returns the border around the box of layers, at the origin, to which something happened, and what in words.

    Args:
        mark: What happened; `None` draws nothing.
        width: Of the box.
        height: Of the box.
        brief: `sign` leaves the words at their sign, where there is no room for more.

    >>> outlined(None, 90, 30), outlined(Mark("added"), 90, 30)[0].name
    ((), 'added')
    """
    if mark is None:
        return ()
    weight, dash = BORDERS[mark.kind]
    border = Rect(-APART, -APART, width + 2 * APART, height + 2 * APART, None, "ink", weight, 8.0, dash)
    words = mark.words[:1] if brief else mark.words
    # The words interrupt the border, so that no line beside it runs through them.
    plate = Rect(4, -APART - 6, text_width(words, 9.0, bold=True) + 6, 11, "page", None, 0, 3)
    return (Group((border, plate, Text(7, -APART + 3, words, 9.0, "ink", True)), name=mark.kind),)
