"""The room in the card of a backbone at layer level: where its parts stand, and where lines run beside them."""

from dataclasses import dataclass

from fusion.drawing.boxes import Box
from fusion.drawing.display import Item, Point
from fusion.drawing.lanes import PAD, Lane
from fusion.drawing.palette import Colour
from fusion.drawing.parts import SKIPPED
from fusion.drawing.runs import Run
from fusion.skeleton.layers import Shape

GAP, TRACK, CALL, APART = 34.0, 14.0, 11.0, 80.0
"""Room between parts, between the lines of cuts that run down beside them, between lines that leave one cut, and the card."""


@dataclass(frozen=True, slots=True)
class Tower:
    """What stands in a card, and how much room it takes left and right of the line through its middle.

    Args:
        lane: What the card says.
        pieces: Each run with its box.
        words: The lines below the name.
        left: Room left of the line, with the lines of cuts, which run down there.
        right: Room right of it.
    """

    lane: Lane
    pieces: tuple[tuple[Run, Box], ...]
    words: tuple[str, ...]
    left: float
    right: float

    @property
    def width(self) -> float:
        """Width of the card."""
        return self.left + self.right + 2 * self.lane.rim

    @property
    def middle(self) -> float:
        """Where the line through the parts runs, from the card's left edge."""
        return self.lane.rim + self.left

    @property
    def top(self) -> float:
        """Where the line through the parts begins."""
        return self.lane.rim + 40.0 + 14.0 * len(self.words)

    @property
    def arrivals(self) -> tuple[float, ...]:
        """Where the line of each call arrives, from the card's left edge."""
        count = len(self.lane.trunk.calls)
        return tuple(self.middle + 26 * (number - (count - 1) / 2) for number in range(count))

    @property
    def tails(self) -> tuple[tuple[str, str], ...]:
        """The tap and the call of each line that leaves, from left to right, the shallowest cut's first."""
        return tails(self.lane)

    def stand(self, box: Box) -> float:
        """Returns the left edge of a part: its line runs on straight, unless there is no room for what sticks out."""
        end = self.width - self.lane.rim - PAD - box.width
        start = self.lane.rim + PAD + TRACK * len(self.tails)
        return max(min(self.middle - box.inlets[""][0], end), start)

    def track(self, number: int) -> float:
        """Returns where a line runs down left of the parts."""
        return self.lane.rim + PAD + TRACK * number

    def enters(self, number: int) -> bool:
        """Returns whether the first part that runs of an entered backbone has some number."""
        zones = [run.facts.zone for run, _ in self.pieces[: number + 1]]
        return len(zones) > 1 and zones[-1] != SKIPPED == zones[-2]

    def outlet(self, tap: str, call: str) -> float:
        """Returns where a line leaves the card, from its left edge."""
        return self.middle + APART * (self.tails.index((tap, call)) - (len(self.tails) - 1) / 2)

    def colour(self, call: str) -> Colour:
        """Returns the colour of the line of a call."""
        return self.lane.badges[call].colour if call in self.lane.badges else "ink"

    def arriving(self, call: str) -> Colour:
        """Returns the colour of the line of a call before the parts."""
        return self.lane.badges[call].colour if call in self.lane.badges else "line"

    def beside(self, tap: str, call: str) -> float:
        """Returns where a line runs down: left of the parts, or straight on if nothing follows."""
        number = self.tails.index((tap, call))
        last = number == len(self.tails) - 1 and not self.pieces[-1][0].facts.discarded
        if last and len(self.lane.trunk.calls) == 1:
            return self.middle
        return self.track(number)

    def tail(self, tap: str, call: str, y: float, bottom: float) -> tuple[Point, ...]:
        """Returns the way of a line from a cut at height `y` to the lower edge of the card; none meets another."""
        x, end = self.beside(tap, call), self.outlet(tap, call)
        turn = bottom - 12 - CALL * self.tails.index((tap, call))
        if x == self.middle:
            return ((x, y), (x, turn), (end, turn), (end, bottom))
        return ((self.middle, y), (x, y), (x, turn), (end, turn), (end, bottom))


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts and cuts of a tower, drawn one below the other.

    Args:
        items: What is drawn.
        end: Where what leaves the last part is, and what follows begins.
        shape: Of what leaves there; `()` behind a cut.
        low: How far down it reaches.
        leaving: The tap and the call of each line that leaves, with the height of its start and its shape.
    """

    items: tuple[Item, ...]
    end: Point
    shape: Shape
    low: float
    leaving: tuple[tuple[str, str, float, Shape], ...]


def tails(lane: Lane) -> tuple[tuple[str, str], ...]:
    """Returns the tap and the call of each line that leaves, from left to right, the shallowest cut's first."""
    return tuple((tap.name, call) for tap in lane.taps for call, _ in tap.calls)
