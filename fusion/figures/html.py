"""Pictures as one page of HTML: a tab for each level and for words, parts that open on a click, names to be found."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

from fusion.drawing.boxes import Badge, Box
from fusion.drawing.display import Group, Item, Line
from fusion.drawing.header import header
from fusion.drawing.lanes import lanes
from fusion.drawing.legend import legend
from fusion.drawing.levels import LEVELS, Level
from fusion.drawing.overlays import overlaid
from fusion.drawing.palette import DARK, Colour
from fusion.drawing.picture import picture
from fusion.drawing.placing import Placed, down
from fusion.drawing.runs import Opened
from fusion.drawing.standing import standing
from fusion.drawing.states import View
from fusion.drawing.streams import streams
from fusion.drawing.styles import Style, colours
from fusion.drawing.towers import card_box
from fusion.figures.accordion import Accordion, accordion, wire
from fusion.figures.finding import FIELD, SCRIPT, STYLES, policy
from fusion.figures.svg import Scraps, to_svg
from fusion.figures.tree import to_text
from fusion.wording import cleaned

WORDS = "words"
TABS = (*LEVELS, WORDS)
"""The tabs of a page: each level, and all of it in words, for those who do not see it or want to copy it."""
ROOM = 170.0
"""Height that is set aside for cards in the layout; in the page they are as high as they need."""
EDGE = 6.0
"""Room around what is drawn, for borders."""

_STYLES = """
body{margin:0;font-family:Helvetica,Arial,'Liberation Sans',sans-serif;font-size:14px}
main{padding:16px 20px}
.tab{position:absolute;opacity:0}
nav{position:sticky;top:0;z-index:1;padding-bottom:8px}
nav label{display:inline-block;padding:7px 16px;margin:12px 0 0 12px;border:1px solid;border-radius:8px;cursor:pointer}
.level{display:none;overflow-x:auto}
svg{display:block}
pre{font-family:inherit;line-height:1.5;white-space:pre-wrap}
.level>svg[role=img]{max-width:100%;min-width:1000px;height:auto}
.card svg{overflow:visible}
.row{position:relative;display:flex;align-items:stretch}
.card{position:relative;box-sizing:border-box;display:flex;flex-direction:column;border-radius:10px;outline:1px solid;flex:none}
.card.shared{outline:4px double}
.after{position:relative;flex:1 0 auto;display:flex;flex-direction:column}
.past{position:relative;display:flex;flex-direction:column}
.wire{position:absolute;top:0}
.aside{position:absolute;bottom:-2px}
details{position:relative}
summary{display:block;cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
summary:focus-visible{outline:2px solid;outline-offset:2px}
.opened,details[open]>summary>.folded{display:none}
.folded,details[open]>summary>.opened{display:block}
@media print{nav{display:none}}
"""


def to_html(view: View, style: Style, level: Level, opened: Opened) -> str:
    """Returns a page with the pictures of a graph at every level.

    Args:
        view: The graph.
        style: Its colours.
        level: The tab in front.
        opened: What is open at layer level before the first click.
    """
    title = escape(cleaned(view.graph.recipe.name))
    tabs = "".join(
        f'<input class="tab" type="radio" name="level" id="tab-{each}"{" checked" if each == level else ""}>'
        for each in TABS
    )
    labels = "".join(f'<label for="tab-{each}">{each}</label>' for each in TABS)
    pages = "".join(
        f'<div class="level" id="level-{each}">{to_svg(picture(view, each), style)}</div>'
        for each in LEVELS
        if each != "layer"
    )
    # What changed is shown at layer level as it is open at first: parts of two recipes do not open as one.
    exits = [f"{backbone}/{name}" for backbone, names in opened.items() for name in sorted(names)]
    layers = to_svg(picture(view, "layer", exits), style) if view.before else _layers(view, style, opened)
    pages += f'<div class="level" id="level-layer">{layers}</div>'
    pages += f'<div class="level" id="level-{WORDS}"><pre>{escape(to_text(view))}</pre></div>'
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLES}{STYLES}{_tabbed()}{_coloured(style)}</style>\n</head>\n"
        f"<body>\n{tabs}<nav>{labels}{FIELD}</nav>\n<main>{pages}</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _layers(view: View, style: Style, opened: Opened) -> str:
    """Returns the layer level: what feeds the cards, the cards side by side, what reads them."""
    prefix = "h" + hashlib.sha256(repr(view.graph.recipe).encode("utf-8", "replace")).hexdigest()[:8]
    scraps = Scraps(prefix, style)
    found = lanes(view, streams(view.graph))
    cards = {
        f"trunk {lane.trunk.backbone}": accordion(view, lane, opened[lane.trunk.backbone], scraps)
        for lane in found
    }

    def placeholders(_: View, __: Mapping[str, Badge]) -> Mapping[str, Box]:
        return {name: card_box(card.tower, ROOM, ()) for name, card in cards.items()}

    placed = down(overlaid(view, standing(view, placeholders)))
    top = header(view)
    width = max(top.width, placed.width)
    below = legend(view, width, [name for card in cards.values() for name in card.names()], "layer")
    return (
        f"{scraps.shared()}{scraps.scrap(top.items, (0, 0, width, top.height + 24))}"
        f'<div style="margin-left:{max(top.width - placed.width, 0) / 2:.1f}px">{_middle(placed, cards, scraps)}</div>'
        f"{scraps.scrap(below.items, (0, -24, width, (below.frame or (0, 0))[1] + 44))}"
    )


def _middle(placed: Placed, cards: Mapping[str, Accordion], scraps: Scraps) -> str:
    """Returns rows of cards with what stands above, between and below them; a stitch leads from one row to the next."""
    tops = sorted({box.y for box in placed.boxes if box.name in cards})
    aside = [box for box in placed.boxes if any(top <= box.y < top + ROOM for top in tops)]
    every: tuple[Item, ...] = (*(box for box in placed.boxes if box not in aside), *placed.lines)
    left, wide, start = -EDGE, placed.width + 2 * EDGE, -EDGE
    found = []
    for top in tops:
        found.append(scraps.scrap(every, (left, start, wide, top - start)))
        beside = [box for box in aside if top <= box.y < top + ROOM]
        found.append(_row(placed, beside, cards, scraps))
        start = top + ROOM
    return "".join([*found, scraps.scrap(every, (left, start, wide, placed.height - start + EDGE))])


def _row(placed: Placed, boxes: Sequence[Group], cards: Mapping[str, Accordion], scraps: Scraps) -> str:
    """Returns cards that stand side by side, with what stands beside them and what runs past them."""
    top = min(box.y for box in boxes if box.name in cards)
    row, right = [], 0.0
    for box in sorted((box for box in boxes if box.name in cards), key=lambda box: box.x):
        row.append(
            f'<div style="margin-left:{box.x - right:.1f}px;display:flex">{cards[box.name].html()}</div>'
        )
        right = box.x + (box.frame or (0.0, 0.0))[0]
    row += [_aside(box, scraps) for box in boxes if box.name not in cards]
    row += [_passing(line, top + ROOM) for line in placed.lines if _passes(line, top, top + ROOM)]
    return (
        f'<div class="row" style="margin-left:{EDGE:.0f}px;width:{placed.width:.1f}px">{"".join(row)}</div>'
    )


def _passes(line: Line, top: float, bottom: float) -> bool:
    heights = [y for _, y in line.points]
    return max(heights) > top + 1 and min(heights) < bottom - 1


def _passing(line: Line, bottom: float) -> str:
    """Returns a line that runs past the cards, however high they are."""
    x, y = line.points[-1]
    return wire(x, line.weight, line.stroke, max(bottom - y, 0.0))


def _aside(box: Group, scraps: Scraps) -> str:
    """Returns a thing that stands beside the cards, level with their lower edge."""
    width, height = box.frame or (0.0, 0.0)
    inner = scraps.scrap((replace(box, x=2, y=2),), (0, 0, width + 4, height + 4))
    return f'<div class="aside" style="left:{box.x - 2:.1f}px">{inner}</div>'


def _tabbed() -> str:
    return "".join(
        f"#tab-{each}:checked~main>#level-{each}{{display:block}}"
        f"#tab-{each}:checked~nav>label[for=tab-{each}]{{font-weight:700;border-width:2px}}"
        f"#tab-{each}:focus-visible~nav>label[for=tab-{each}]{{outline:2px solid}}"
        for each in TABS
    )


def _coloured(style: Style) -> str:
    """Returns the colours of what is no SVG."""
    dark = f"@media screen and (prefers-color-scheme:dark){{{_rules(DARK)}}}" if style == "auto" else ""
    return _rules(colours(style)) + dark


def _rules(palette: Mapping[Colour, str]) -> str:
    wires = "".join(f".{colour}{{background:{value}}}" for colour, value in palette.items())
    return (
        f"body{{background:{palette['page']};color:{palette['ink']}}}nav label{{border-color:{palette['edge']}}}"
        f".card{{background:{palette['panel']};outline-color:{palette['edge']}}}"
        f".card.shared{{outline-color:{palette['ink']}}}nav{{background:{palette['page']}}}"
        f".hit>rect:first-of-type,.hit>g:first-of-type>rect:first-of-type{{stroke:{palette['ink']}}}{wires}"
    )
