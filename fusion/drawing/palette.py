"""The colours of a picture, by what they mean, on white and on black.

Frozen and trainable stay apart under protanopia, deuteranopia and tritanopia (differences of 47 and more in CIEDE2000
after Machado and others, "A physiologically-based model for simulation of color vision deficiency", 2009), and a second
sign says the same wherever colour does: an icon, the width of a border, a letter. Six streams (`ink`, then `second` to
`sixth`) are 17 and more apart for the same eyes, and their letters have a contrast of 4.5 and more.

The shades are of one hue, green, and as far from each other (11 in CIEDE2000 on white and on black) as they come; every
number is printed on its shade (contrast 4.5 and more), with `ink` on the first four and `page` on the others.
"""

from collections.abc import Mapping
from typing import Literal

Colour = Literal[
    "page",
    "paper",
    "panel",
    "edge",
    "ink",
    "mute",
    "line",
    "frozen",
    "frozen_fill",
    "trainable",
    "trainable_fill",
    "ghost",
    "ghost_fill",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "shade0",
    "shade1",
    "shade2",
    "shade3",
    "shade4",
    "shade5",
    "shade6",
]
"""What a colour is for; `second` to `sixth` are streams through a shared backbone, shades are values from low to high."""

SHADES: tuple[Colour, ...] = ("shade0", "shade1", "shade2", "shade3", "shade4", "shade5", "shade6")

LIGHT: Mapping[Colour, str] = {
    "page": "#FFFFFF",
    "paper": "#FFFFFF",
    "panel": "#F6F8FA",
    "edge": "#D0D7DE",
    "ink": "#1F2328",
    "mute": "#57606A",
    "line": "#6E7781",
    "frozen": "#0072B2",
    "frozen_fill": "#CFE6F7",
    "trainable": "#B84A00",
    "trainable_fill": "#FFD9B8",
    "ghost": "#858E98",
    "ghost_fill": "#F6F8FA",
    "second": "#882255",
    "third": "#777744",
    "fourth": "#4466FF",
    "fifth": "#2211CC",
    "sixth": "#332200",
    "shade0": "#EEFFF7",
    "shade1": "#C0E4D3",
    "shade2": "#8BBFA8",
    "shade3": "#5C9F83",
    "shade4": "#398266",
    "shade5": "#22654C",
    "shade6": "#03432F",
}
DARK: Mapping[Colour, str] = {
    "page": "#0D1117",
    "paper": "#161B22",
    "panel": "#12171F",
    "edge": "#30363D",
    "ink": "#E6EDF3",
    "mute": "#9DA7B3",
    "line": "#8B949E",
    "frozen": "#56B4E9",
    "frozen_fill": "#0F2E44",
    "trainable": "#FF9F4A",
    "trainable_fill": "#4A2408",
    "ghost": "#6E7681",
    "ghost_fill": "#11161D",
    "second": "#F3A6C8",
    "third": "#44FF88",
    "fourth": "#9955FF",
    "fifth": "#EE3300",
    "sixth": "#448877",
    "shade0": "#091A11",
    "shade1": "#153726",
    "shade2": "#24583F",
    "shade3": "#317655",
    "shade4": "#49926E",
    "shade5": "#77AE90",
    "shade6": "#A9CFB9",
}
