"""Charts as PNG: the few elements they are made of, drawn again by Matplotlib in the colours of paper."""

import re
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from fusion.drawing.palette import LIGHT

NAME = re.compile(r"\{[^}]*\}")
SCALE = 2
"""Pixels of the picture for one of the chart."""


def to_png(chart: str) -> bytes:
    r"""Returns a chart that `fusion.report.marks` made, as PNG.

    >>> from fusion.report.marks import svg
    >>> to_png(svg(20, "empty", []))[:4]
    b'\x89PNG'
    """
    # A figure of its own, without pyplot: it opens no window and leaves the user's figures alone.
    from matplotlib.figure import Figure

    root = ElementTree.fromstring(chart)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    figure = Figure(figsize=(width / 72, height / 72), facecolor=LIGHT["page"])
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for number, element in enumerate(root):
        _draw(axes, element, number)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=72 * SCALE, facecolor=LIGHT["page"])
    return buffer.getvalue()


def _draw(axes: Any, element: ElementTree.Element, order: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle, Polygon, Rectangle

    style, at = _style(element), element.attrib
    look = _look(style)
    match NAME.sub("", element.tag):
        case "rect":
            corner = (float(at["x"]), float(at["y"]))
            axes.add_patch(Rectangle(corner, float(at["width"]), float(at["height"]), zorder=order, **look))
        case "circle":
            axes.add_patch(Circle((float(at["cx"]), float(at["cy"])), float(at["r"]), zorder=order, **look))
        case "polygon":
            axes.add_patch(Polygon(_points(at["points"]), zorder=order, **look))
        case "polyline":
            x, y = zip(*_points(at["points"]), strict=True)
            dashes = style.get("stroke-dasharray", "").split()
            line = Line2D(x, y, color=look["edgecolor"], linewidth=look["linewidth"], zorder=order)
            if dashes:
                # Matplotlib counts dashes in widths of the line.
                line.set_linestyle((0, [float(each) / look["linewidth"] for each in dashes]))
            axes.add_line(line)
        case "text":
            _write(axes, element, order)


def _write(axes: Any, element: ElementTree.Element, order: int) -> None:
    at = element.attrib
    turned = re.search(r"rotate\(([-.\d]+)", at.get("transform", ""))
    axes.text(
        float(at["x"]),
        float(at["y"]),
        "".join(element.itertext()) if not len(element) else element[-1].tail,
        ha={"start": "left", "middle": "center", "end": "right"}[at.get("text-anchor", "start")],
        va="baseline",
        rotation=-float(turned[1]) if turned else 0,
        rotation_mode="anchor",
        # That of Matplotlib is wider than those of a browser.
        fontsize=10.5,
        family="DejaVu Sans",
        color=LIGHT["mute" if at.get("class") == "mute" else "ink"],
        parse_math=False,
        zorder=order,
    )


def _style(element: ElementTree.Element) -> dict[str, str]:
    parts = element.attrib.get("style", "").split(";")
    return dict(part.split(":", 1) for part in parts if part)


def _look(style: dict[str, str]) -> dict[str, Any]:
    from matplotlib.colors import to_rgba

    fill, stroke = _colour(style.get("fill", "none")), _colour(style.get("stroke", "none"))
    return {
        "facecolor": to_rgba(fill, float(style.get("fill-opacity", 1))) if fill != "none" else "none",
        "edgecolor": stroke,
        "linewidth": float(style.get("stroke-width", 1)) if stroke != "none" else 0,
    }


def _colour(said: str) -> str:
    found = re.fullmatch(r"var\(--(\w+)\)", said)
    return str({**LIGHT}[found[1]]) if found else said  # type: ignore[index]  # charts use what the palette has


def _points(said: str) -> list[tuple[float, float]]:
    pairs = (each.split(",") for each in said.split())
    return [(float(x), float(y)) for x, y in pairs]
