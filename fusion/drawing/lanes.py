"""What the card of a backbone says: its size, its parts along the depth, its cuts, and how much room they take."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from fusion.drawing.boxes import BORDER, STROKES, Badge, shares
from fusion.drawing.display import Point
from fusion.drawing.segments import Segment, segments
from fusion.drawing.states import View
from fusion.drawing.values import Cell
from fusion.drawing.widths import filled, shortened, text_width
from fusion.graph.nodes import Trunk
from fusion.skeleton.flops import uncounted
from fusion.skeleton.layers import Shape
from fusion.wording import TIMES, amount, cleaned, counted, dimensions, work

TRACK, BADGED = 13.0, 21.0
"""Distance of lines that run to an entrance, and where they have letters."""
PAD = 14.0
"""Room between the border of a card and what it holds."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A cut, and the calls that read there.

    Args:
        name: The layer.
        calls: Each call with the shape it gives there.

    >>> Tap("mixed7", (("inc@left", (12, 12, 768)), ("inc@right", (12, 12, 768)))).words[1].split(TIMES)
    ['2 ', ' 12', '12', '768']
    """

    name: str
    calls: tuple[tuple[str, Shape], ...]

    @property
    def words(self) -> tuple[str, str]:
        """The layer's name and what it gives, as the card says them."""
        times = Counter(dimensions(shape) for _, shape in self.calls)
        shapes = [f"{count} {TIMES} {words}" if count > 1 else words for words, count in times.items()]
        return shortened(cleaned(self.name), 10.0, 260.0, bold=True), " and ".join(shapes)

    @property
    def width(self) -> float:
        """How wide these words are, with the gap between them."""
        return text_width(self.words[0], 10.0, bold=True) + 7 + text_width(self.words[1], 10.0)


@dataclass(frozen=True, slots=True)
class Lane:
    """What the card of a backbone says.

    Args:
        trunk: The backbone.
        arch: Its architecture and where its weights come from.
        facts: Its size and cost, in words.
        segments: Its parts along the depth.
        taps: Its cuts, the shallowest first.
        badges: The stream of each call, where there are more than one.
        limit: How wide its words may be; facts go on in further lines.
        cells: The values of its layers, in their order.
        measure: What these are.
        former: Its cuts in what the picture is compared with, where it is cut no longer, and whether a line leaves there.
    """

    trunk: Trunk
    arch: str
    facts: str
    segments: tuple[Segment, ...]
    taps: tuple[Tap, ...]
    badges: Mapping[str, Badge]
    limit: float = inf
    cells: tuple[tuple[str, Cell], ...] = ()
    measure: str = ""
    former: tuple[tuple[Tap, bool], ...] = ()

    @property
    def lines(self) -> list[str]:
        """Its facts in lines."""
        return filled(self.facts.split(" · "), " · ", 10.5, self.limit)

    @property
    def name(self) -> str:
        """What the recipe calls the backbone, as long as there is room."""
        return shortened(self.trunk.backbone, 14.5, 240.0, bold=True)

    @property
    def origin(self) -> str:
        """Its architecture and where its weights come from, as long as there is room beside the name."""
        return shortened(self.arch, 10.5, self.limit - text_width(self.name, 14.5, bold=True) - 12)

    @property
    def top(self) -> float:
        """How far below the card's upper edge the ruler starts."""
        return self.rim + 50.0 + 15.0 * len(self.lines) + self.band

    @property
    def band(self) -> float:
        """Room above the parts for the lines that run to an entrance past what lies before it."""
        return self._track * len(self.trunk.calls) if self.trunk.enter else 0.0

    @property
    def _track(self) -> float:
        return BADGED if self.badges else TRACK

    @property
    def rim(self) -> float:
        """Room for the second border of a backbone that is called more than once."""
        return BORDER if self.badges else 0.0

    @property
    def left(self) -> float:
        """Where the ruler starts."""
        return (PAD + 18 if self.badges else PAD) + self.rim

    def arrivals(self, entrance: float, top: float) -> dict[str, Point]:
        """Returns where the line of each call ends that runs above the parts, which begin at `top`, to an entrance."""
        last = len(self.trunk.calls) - 1
        return {
            call: (entrance, top - self._track * (last - number + 0.6))
            for number, call in enumerate(self.trunk.calls)
        }

    def is_cut(self, tap: Tap) -> bool:
        """Returns whether something that reads the layer of a tap is cut off there, and not kept for another tap."""
        trunk = self.trunk
        return any(tap.name in row.parents and row.name not in trunk.kept for row in trunk.skeleton.layers)

    def widths(self, ruler: float) -> list[float]:
        """Returns the width of each part of a ruler: in proportion to its layers, but wide enough for its name."""
        return shares(
            [float(each.layers) for each in self.segments], [_least(each) for each in self.segments], ruler
        )

    def depth(self, layer: str, ruler: float) -> float:
        """Returns where a layer lies on a ruler, from the card's left edge."""
        x = self.left
        for width, part in zip(self.widths(ruler), self.segments, strict=True):
            if layer in part.names:
                return x + width * (part.names.index(layer) + 1) / len(part.names)
            x += width
        return x

    def ends(self, ruler: float) -> list[float]:
        """Returns where each cut lies on a ruler, from the card's left edge."""
        parts = list(zip(self.widths(ruler), self.segments, strict=True))
        zones = range(len(self.taps))
        return [self.left + sum(width for width, part in parts if part.zone <= zone) for zone in zones]

    def fits_left(self, tap: Tap, x: float, ends: Sequence[float]) -> bool:
        """Returns whether the words of the cut at `x` have room on its left, clear of the cuts at `ends`."""
        start = x - 10 - tap.width
        return start > self.rim + 8 and not any(start - 6 < end < x - 1 for end in ends)


def lane(view: View, trunk: Trunk, badges: Mapping[str, Badge]) -> Lane:
    """Returns what the card of `trunk` says in the phase of `view`."""
    graph, spec = view.graph, view.graph.recipe.backbones[trunk.backbone]
    origin = "random" if spec.weights is None else spec.weights
    source = origin if isinstance(origin, str) else origin.file
    edges = [edge for call in trunk.calls for edge in graph.digraph.out_edges(call, data=True)]
    found: dict[str, dict[str, Shape]] = {tap: {} for tap in trunk.taps}
    for call, _, data in edges:
        found[data["tap"]][call] = data["shape"]
    taps = tuple(Tap(tap, tuple(shapes.items())) for tap, shapes in found.items())
    parts = segments(trunk, view)
    values = view.values.layers.get(trunk.backbone, {}) if view.values else {}
    return Lane(
        trunk,
        shortened(f"{spec.arch} · {cleaned(source)} weights", 10.5, 330.0),
        _facts(view, trunk),
        parts,
        taps,
        badges,
        cells=tuple((name, values[name]) for part in parts for name in part.names if name in values),
        measure=view.values.name if view.values else "",
        former=_former(view, trunk),
    )


def _former(view: View, trunk: Trunk) -> tuple[tuple[Tap, bool], ...]:
    before = view.before.graph.trunks.get(trunk.backbone) if view.before else None
    if view.before is None or before is None:
        return ()
    now, graph, found = view.graph.digraph, view.before.graph, []
    for name in before.taps:
        if name in trunk.skeleton.rows and name not in trunk.taps:
            calls = {
                call: (data["shape"], target not in now)
                for call in before.calls
                for _, target, data in graph.digraph.out_edges(call, data=True)
                if data["tap"] == name
            }
            tap = Tap(name, tuple((call, shape) for call, (shape, _) in calls.items()))
            found.append((tap, any(gone for _, gone in calls.values())))
    return tuple(found)


def lanes(view: View, badges: Mapping[str, Badge]) -> list[Lane]:
    """Returns what the cards of all backbones say; `badges` are the streams by call."""
    return [
        lane(view, trunk, {call: badges[call] for call in trunk.calls if len(trunk.calls) > 1})
        for trunk in view.graph.trunks.values()
    ]


def ruler_width(lane: Lane) -> float:
    """Returns the least width of a ruler in which every part can be named."""
    return sum(_least(segment) for segment in lane.segments)


def lane_width(lane: Lane, ruler: float) -> float:
    """Returns the width of the card whose ruler is `ruler` wide."""
    ends = lane.ends(ruler)
    lines = [*ends, *(lane.depth(tap.name, ruler) for tap, _ in lane.former)]
    words = [text_width(lane.name, 14.5, bold=True) + 12 + text_width(lane.origin, 10.5)]
    words += [text_width(line, 10.5) for line in lane.lines]
    labels = [
        x + 8 + tap.width + 12 - lane.left
        for tap, x in zip(lane.taps, ends, strict=True)
        if not lane.fits_left(tap, x, lines)
    ]
    # Lines of streams leave with a letter on them.
    return lane.left + max(ruler, *words, *labels) + PAD + (18.0 if lane.badges else 0.0) + lane.rim


def thickness(shape: Shape) -> float:
    """Returns how thick the line of a tensor is: with the logarithm of its size.

    >>> thickness((12, 12, 768)) > thickness((768,))
    True
    """
    size = 1
    for each in shape:
        size *= each or 1
    decimals = len(str(size)) - 1 + int(str(size)[0]) / 10
    return min(4.0, max(1.3, round(0.5 * decimals, 1)))


def _facts(view: View, trunk: Trunk) -> str:
    graph, table = view.graph, trunk.skeleton
    count = len(trunk.calls)
    params = sum(table[name].params for name in trunk.kept)
    unknown = uncounted(table[name] for name in trunk.kept)
    flops = work(sum(graph[call].flops for call in trunk.calls), unknown)
    trains = view.trained is not None and any(a.startswith(f"{trunk.backbone}/") for a in view.trained)
    normed = any(table[name].kind == "BatchNormalization" for name in trunk.kept)
    facts = [
        f"shared {TIMES}{count}" if count > 1 else "",
        f"{len(trunk.kept)} of {len(table.layers)} layers",
        f"{amount(params)} of {amount(table.params)} params",
        f"{flops} in {count} calls" if count > 1 and not unknown else flops,
        _read(view, trunk),
        "batch norm in inference" if trains and normed and view.batchnorm == "inference" else "",
    ]
    return " · ".join(fact for fact in facts if fact)


def _read(view: View, trunk: Trunk) -> str:
    """Returns what the calls of a backbone read, and what is done to images before, in words."""
    graph = view.graph
    if trunk.enter:
        return f"entered at {cleaned(trunk.enter)}, {dimensions(trunk.skeleton[trunk.enter].shape)}"
    before = [graph.parents(call)[0] for call in trunk.calls]
    if len(trunk.shape) == 1:
        return f"reads {counted(trunk.shape[0] or 0, 'token')}" if trunk.shape[0] else "reads tokens"
    sizes = dict.fromkeys(dimensions(node.shape) for node in before)
    pairs = [(parent.shape, node.shape) for node in before for parent in graph.parents(node.name)]
    resized = ["resized"] if any(fed[:2] != read[:2] for fed, read in pairs) else []
    grey = ["grey repeated"] if any(fed[2] != read[2] for fed, read in pairs) else []
    done = [*resized, *grey, f"preprocess {trunk.preprocess}"]
    return f"reads {' and '.join(sizes)}, {', '.join(done)}"


def _least(segment: Segment) -> float:
    sign = 14.0 if segment.state in STROKES and not segment.discarded else 0.0
    words = text_width(segment.size, 9.5) + sign
    return max(text_width(segment.title, 10.5, bold=True), words, 24.0) + 12
