"""Cards of backbones in HTML: parts that open and close on a click, without a script."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from html import escape

from fusion.drawing.boxes import Box
from fusion.drawing.display import Group, Item, Line, Text, flattened
from fusion.drawing.lanes import Lane, Tap, thickness
from fusion.drawing.openings import folded, part_head, size_words, unfolded
from fusion.drawing.parts import SKIPPED, parts
from fusion.drawing.runs import Run, runs, single
from fusion.drawing.states import View
from fusion.drawing.towers import arrivals, cut_marks, joining, leading, tower, tower_words
from fusion.drawing.tracks import CALL, GAP, Tower
from fusion.figures.svg import Scraps
from fusion.skeleton.layers import Shape
from fusion.wording import cleaned, dimensions


@dataclass(frozen=True)
class Accordion:
    """The card of a backbone whose every part can be opened.

    Args:
        view: The graph.
        tower: The card with every part open, also what is thrown away: so wide it must be.
        exits: Layers that leave the parts open at first.
        scraps: What writes the pieces.
    """

    view: View
    tower: Tower
    exits: Collection[str]
    scraps: Scraps

    def html(self) -> str:
        """Returns the card as an element of HTML, as high as what is open, at least as its neighbours."""
        tower, trunk = self.tower, self.tower.lane.trunk
        first = [*tower_words(tower), Line(((0, tower.top), (tower.width, tower.top)), "edge", 1.0)]
        start = GAP + (12 if tower.lane.badges else 0)
        first += (leading if trunk.enter else arrivals)(tower, tower.top, tower.top + start)
        found, ends = [self.scrap(first, tower.top + start)], ""
        if trunk.enter:
            found.append(f'<div class="past">{self.passing()}')
        taps = {tap.name: tap for tap in tower.lane.taps}
        shape: Shape | None = None
        before = 0
        for run in runs(trunk, self.view, ()):
            if trunk.enter and before == SKIPPED != run.facts.zone:
                found.append(f"</div>{self.entrance(shape or ())}")
            elif shape is not None:
                found.append(self.link(shape, is_ghost=run.facts.discarded))
            found.append(self.details(run))
            shape, before = run.facts.shape, run.facts.zone
            tap = taps.get(run.parts[-1].exit.name)
            if tap and not run.facts.discarded:
                found.append(self.cut(tap))
                ends, shape = ends + "</div>", ()
        shared = " shared" if tower.lane.badges else ""
        tip = escape(f"{tower.lane.name}: {tower.lane.arch}")
        return (
            f'<section class="card{shared}" style="width:{tower.width:.1f}px" aria-label="{tip}">'
            f"{''.join(found)}{ends}{self.tails()}</section>"
        )

    def entrance(self, shape: Shape) -> str:
        """Returns how the lines that ran past what lies before an entrance come back to the first part that runs."""
        beside = max(self.tower.arrivals) + 9
        words = [Text(beside, GAP - 11, dimensions(shape), 9.0, "mute")] if shape else []
        return self.scrap([*joining(self.tower, 0, (self.tower.middle, GAP)), *words], GAP)

    def passing(self) -> str:
        """Returns the lines that run past what lies before an entrance."""
        tower = self.tower
        return "".join(
            wire(tower.track(number), 2.0, tower.arriving(call))
            for number, call in enumerate(tower.lane.trunk.calls)
        )

    def names(self) -> set[str]:
        """Returns what the card shows, folded or open, by the names that the legend knows."""
        lane, trunk = self.tower.lane, self.tower.lane.trunk
        boxes = [box for _, box in self.tower.pieces]
        boxes += [folded(trunk, self.view, single(trunk, part, self.view)) for part in parts(trunk)]
        inner = (item for box in boxes for item, *_ in flattened(box.items))
        found = {box.name for box in boxes} | {item.name for item in inner if isinstance(item, Group)}
        return found | ({"cut"} if any(lane.is_cut(tap) for tap in lane.taps) else set())

    def scrap(self, items: Collection[Item], height: float) -> str:
        """Returns items in a strip as wide as the card."""
        return self.scraps.scrap(items, (0, 0, self.tower.width, height))

    def link(self, shape: Shape, *, is_ghost: bool) -> str:
        """Returns the line from one part to the next."""
        x = self.tower.middle
        weight, dash = thickness(shape) if shape and not is_ghost else 1.3, 4.0 if is_ghost else 0.0
        items: list[Item] = [
            Line(((x, 0), (x, GAP)), "ghost" if is_ghost else "line", weight, dash, arrow=True)
        ]
        if shape and not is_ghost:
            items.append(Text(x + 9, GAP - 11, dimensions(shape), 9.0, "mute"))
        return self.scrap(items, GAP)

    def details(self, run: Run) -> str:
        """Returns a folded box that opens: to its one part with all operations, or to the parts it holds."""
        trunk = self.tower.lane.trunk
        if len(run.parts) > 1:
            opened = self.box(part_head(run.facts))
            inner = [single(trunk, part, self.view) for part in run.parts]
            held = "".join(self.link((), is_ghost=run.facts.discarded) + self.details(each) for each in inner)
        else:
            box = unfolded(trunk, self.view, replace(run, is_open=True))
            opened, held = self.box(box), ""
        state = " open" if any(part.exit.name in self.exits for part in run.parts) else ""
        label = escape(f"{cleaned(run.facts.title)}: {size_words(run.facts)}")
        return (
            f'<details{state}><summary aria-label="{label}">'
            f'<span class="folded">{self.box(folded(trunk, self.view, run))}</span><span class="opened">{opened}</span>'
            f"</summary>{held}</details>"
        )

    def box(self, box: Box) -> str:
        """Returns a box on the line through the middle, and below it the way back to that line where it leaves beside."""
        middle = self.tower.middle
        enters = box.inlets.get("", (box.width / 2, 0.0))[0]
        left = middle - enters
        x, y = left + box.outlets[""][0], box.outlets[""][1]
        items: list[Item] = [Group(box.items, left, 0, tip=box.tip, name=box.name)]
        height = box.height
        if abs(x - middle) >= 1:
            height += 14
            points = ((x, y), (x, box.height + 7), (middle, box.height + 7), (middle, height))
            items.append(Line(points, "line", 1.6))
        elif y < box.height:
            items.append(Line(((middle, y), (middle, height)), "line", 1.6))
        return self.scrap(items, height)

    def cut(self, tap: Tap) -> str:
        """Returns a cut, and the beginning of what stands beside the lines that leave there."""
        tower = self.tower
        marks, heights, last = cut_marks(tower, tap, (tower.middle, 0), 0)
        last = max(last, heights[-1]) + 2
        wires = ""
        for (call, shape), height in zip(tap.calls, heights, strict=True):
            x, colour, weight = tower.beside(tap.name, call), tower.colour(call), thickness(shape)
            marks.append(Line(((tower.middle, height), (x, height), (x, last)), colour, weight))
            wires += wire(x, weight, colour)
        return f'{self.scrap(marks, last)}<div class="after">{wires}'

    def tails(self) -> str:
        """Returns the way of the lines of all cuts to the lower edge of the card."""
        tower, bottom = self.tower, 24 + CALL * len(self.tower.tails)
        items: list[Item] = []
        for tap in tower.lane.taps:
            for call, shape in tap.calls:
                way = tower.tail(tap.name, call, 0, bottom)
                points = ((tower.beside(tap.name, call), 0), *way[-3:])
                items.append(Line(points, tower.colour(call), thickness(shape)))
        return self.scrap(items, bottom)


def accordion(view: View, lane: Lane, exits: Collection[str], scraps: Scraps) -> Accordion:
    """Returns the card of `lane`, at first open where `exits` leave a part."""
    every = frozenset(part.exit.name for part in parts(lane.trunk))
    return Accordion(view, tower(view, lane, every), exits, scraps)


def wire(x: float, weight: float, colour: str, bottom: float = 0.0) -> str:
    """Returns a line from top to bottom of the element it stands in, or to `bottom` pixels above.

    >>> wire(10, 2, "ink")
    '<i class="wire ink" style="left:9.0px;width:2.0px;bottom:0px"></i>'
    """
    return f'<i class="wire {colour}" style="left:{x - weight / 2:.1f}px;width:{weight:.1f}px;bottom:{bottom:.0f}px"></i>'
