"""Where the stages of a backbone stand in its card: side by side, in several rows where a page is too narrow for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from fusion.drawing.boxes import ROW, STROKES
from fusion.drawing.display import Item
from fusion.drawing.lanes import PAD, Lane
from fusion.drawing.marks import APART
from fusion.drawing.segments import Segment
from fusion.drawing.strips import rows_of
from fusion.drawing.widths import text_width
from fusion.graph.costs import BYTES
from fusion.wording import MINUS, amount, counted, dimensions, memory

HEIGHT, GAP = 112.0, 30.0
"""How high the boxes of stages are, and the least room between them."""
FIRST, BETWEEN = 34.0, 40.0
"""How far below a row of boxes the line of its deepest cut runs, and room before the next row."""
BEFORE, AFTER = 12.0, 16.0
"""How far behind a stage its tap leaves, and how far behind that the cut is."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A stage where it stands: its left edge, its width, its row, and below it the values of its layers."""

    segment: Segment
    left: float
    width: float
    row: int
    strip: tuple[Item, ...] = ()
    depth: float = 0.0

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width


@dataclass(frozen=True, slots=True)
class Rows:
    """Where everything in the card of a backbone stands.

    Args:
        lane: What the card says.
        stands: Its stages.
        tops: The upper edge of each row.
        heights: How high the line of each call of each tap runs.
        bottom: The lower edge of the card.
    """

    lane: Lane
    stands: tuple[Stand, ...]
    tops: tuple[float, ...]
    heights: Mapping[tuple[str, str], float]
    bottom: float

    @property
    def width(self) -> float:
        """The width the card needs."""
        lane = self.lane
        named = text_width(lane.name, 14.5, bold=True) + 12 + text_width(lane.origin, 10.5)
        ends = [
            *(stand.right + (0.0 if stand.row == self.stands[-1].row else BEFORE) for stand in self.stands),
            lane.left + max([named, *(text_width(line, 10.5) for line in lane.lines)]),
            *(self.leaving(place) + AFTER + 8 + tap.width for place, tap in enumerate(lane.taps)),
        ]
        return max(ends) + PAD + lane.rim

    def middle(self, row: int) -> float:
        """Returns the height at which a row is run through."""
        return self.tops[row] + HEIGHT / 2

    def end(self, zone: int) -> int:
        """Returns the place of the stage behind which a tap leaves."""
        return max(place for place, stand in enumerate(self.stands) if stand.segment.zone == zone)

    def leaving(self, zone: int) -> float:
        """Returns where a tap leaves the line through the stages."""
        return self.stands[self.end(zone)].right + BEFORE

    def follows(self, zone: int) -> bool:
        """Returns whether a stage stands behind a tap in its row."""
        place = self.end(zone)
        return place + 1 < len(self.stands) and self.stands[place + 1].row == self.stands[place].row


def stage_rows(lane: Lane) -> Rows:
    """Returns where the stages of a backbone stand; in one row if its words may be so wide.

    Of several rows each ends where it is full or behind a cut, so that no line runs across another.
    """
    stands = _stands(lane, inf)
    if stands[-1].right > lane.left + lane.limit:
        stands = _stands(lane, lane.limit)
    tops, heights, y = (
        [],
        dict[tuple[str, str], float](),
        lane.rim + 53.0 + 15.0 * len(lane.lines) + lane.band,
    )
    for row in range(1 + stands[-1].row):
        own = [stand for stand in stands if stand.row == row]
        tops.append(y)
        low = y + HEIGHT + max(stand.depth for stand in own)
        keys = [
            (tap.name, call)
            for place, tap in reversed(list(enumerate(lane.taps)))
            if max(n for n, stand in enumerate(stands) if stand.segment.zone == place)
            in [n for n, stand in enumerate(stands) if stand.row == row]
            for call, _ in tap.calls
        ]
        heights |= {key: low + FIRST + ROW * number for number, key in enumerate(keys)}
        last = max([low - 6.0, *(heights[key] for key in keys)])
        y = last + BETWEEN
    return Rows(lane, stands, tuple(tops), heights, max(last, low) + 16.0 + lane.rim)


def _stands(lane: Lane, limit: float) -> tuple[Stand, ...]:
    """Returns the stages in rows of at most `limit`; where that is no limit, in one."""
    found: list[Stand] = []
    x, row = lane.left, 0
    for place, segment in enumerate(lane.segments):
        strip, width, depth = _strip(lane, segment)
        before = lane.segments[place - 1] if place else None
        parted = before is not None and before.zone != segment.zone
        if found and limit < inf and (parted or x + width + _room(lane, segment) > lane.left + limit):
            x, row = lane.left, row + 1
        found.append(Stand(segment, x, width, row, strip, depth))
        x += width + _behind(lane, place)
    return tuple(found)


def _room(lane: Lane, segment: Segment) -> float:
    """Returns the room for what leads on to the next row."""
    return 0.0 if segment is lane.segments[-1] else BEFORE


def _behind(lane: Lane, place: int) -> float:
    """Returns the room behind a stage: for its tap and a cut, or for the shape of what it gives."""
    segment = lane.segments[place]
    after = lane.segments[place + 1] if place + 1 < len(lane.segments) else None
    if not segment.discarded and (after is None or after.zone != segment.zone):
        return BEFORE + AFTER + 14
    room = GAP
    if has_shape(lane, segment):
        room = max(room, text_width(dimensions(segment.shape), 9.0) + 10)
    # Borders around what changed take room on either side.
    return room + sum(APART for each in (segment, after) if each and each.mark)


def _strip(lane: Lane, segment: Segment) -> tuple[tuple[Item, ...], float, float]:
    """Returns the values of a stage with the width of the stage above them and the height they take."""
    cells = [cell for name, cell in lane.cells if name in segment.names]
    width = _width(segment)
    if not cells:
        return (), width, 0.0
    items, wide, height = rows_of(cells, width, lane.measure)
    return items, max(wide, width), height + 3.0


def has_shape(lane: Lane, segment: Segment) -> bool:
    """Returns whether what a stage gives has one shape: calls at different sizes have none in common."""
    return bool(segment.shape) and not segment.discarded and None not in lane.trunk.shape


def lines_of(segment: Segment) -> tuple[str, ...]:
    """Returns what the box of a stage says below its title: what it is, and what it costs for one sample.

    >>> lines_of(Segment("block1", (), 0, layers=1, params=1200, outputs=256))
    ('1 layer', '1.20 k params', 'no operations', '1.0 KiB')
    """
    sign = MINUS if segment.discarded else ""
    return (
        counted(segment.layers, "layer"),
        f"{sign}{amount(segment.params)} params" if segment.params else "no weights",
        f"{'' if segment.uncounted else sign}{segment.work}"
        if segment.flops or segment.uncounted
        else "no operations",
        *([f"{sign}{memory(BYTES * segment.outputs)}"] if segment.outputs else []),
    )


def chip_words(segment: Segment) -> str:
    """Returns what the strip in the box of a stage says.

    >>> chip_words(Segment("block1", (), 0, params=12, trainable=8, state="mixed"))
    '8 trainable'
    """
    if segment.discarded:
        return "discarded"
    if segment.state == "mixed":
        return f"{amount(segment.trainable)} trainable"
    return segment.state if segment.state in STROKES else ""


def _width(segment: Segment) -> float:
    words: Sequence[float] = [text_width(line, 9.5) for line in lines_of(segment)]
    said = text_width(chip_words(segment), 9.5, bold=True) + (26 if segment.state in STROKES else 10)
    return max(92.0, text_width(segment.title, 11.5, bold=True) + 18, max(words) + 18, said + 10)
