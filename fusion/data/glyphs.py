"""Letters and signs drawn from the fonts matplotlib ships: image tasks of any size without a download.

Latin letters and digits serve as a source of transfer, Greek letters as a near and symbols as a far target.
"""

import string
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from fusion.data.examples import Array, Data, Examples
from fusion.errors import DataError, listed, near

Alphabet = Literal["latin", "greek", "symbols"]

ALPHABETS: dict[str, str] = {
    "latin": string.ascii_uppercase + string.ascii_lowercase + string.digits,
    "greek": "αβγδεζηθλμξπρστφχψωΓΔΘΛΞΠΣΦΨΩ",
    "symbols": "←↑→↓↔↕⇐⇒⇑⇓∀∂∃∅∇∈∉∋∏∑−∓√∝∞∠∧∨∩∪∫∴≈≠≡≤≥⊂⊃⊆⊇⊕⊗⊥",  # noqa: RUF001  # these are what is drawn
}
"""The characters of each alphabet; each is a class."""

SIZE = 28
"""Height and width of a glyph, in pixels."""

_CANVAS = 64
_FAMILIES = ("DejaVuSans", "DejaVuSerif", "STIXGeneral")


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """Drawn characters.

    Args:
        images: Grey pixels 0..255, uint8 of shape (n, 28, 28, 1).
        targets: Class numbers, int64 of shape (n,).
        labels: The character of each class.
    """

    images: np.ndarray
    targets: np.ndarray
    labels: tuple[str, ...]


def glyphs(alphabet: Alphabet, *, per_class: int, seed: int) -> Glyphs:
    """Returns `per_class` glyphs of each character, in an order and with fonts, slant, size, noise and ink by chance.

    A font is only drawn from if it has the character. The images of one character follow from it, the seed and the
    fonts of the Matplotlib that is installed; a larger `per_class` gives the same ones and more, in another order.

    Raises:
        DataError: If the alphabet is not known or `per_class` is less than 1.

    >>> few = glyphs("greek", per_class=2, seed=0)
    >>> few.images.shape, len(few.labels)
    ((58, 28, 28, 1), 29)
    """
    if alphabet not in get_args(Alphabet):
        raise DataError(
            f"There is no alphabet {alphabet!r}.{near(alphabet, ALPHABETS)} There are {listed(ALPHABETS)}."
        )
    if per_class < 1:
        raise DataError(f"An alphabet is drawn with at least 1 glyph per class, got {per_class}.")
    labels = tuple(ALPHABETS[alphabet])
    images = [image for character in labels for image in _drawings(character, per_class, seed)]
    order = np.random.default_rng(seed).permutation(len(images))
    targets = np.repeat(np.arange(len(labels), dtype=np.int64), per_class)
    return Glyphs(np.stack(images)[order], targets[order], labels)


def glyph_data(
    alphabet: Alphabet,
    *,
    train: int,
    validation: int = 10,
    test: int = 30,
    seed: int = 0,
    input_name: str = "photo",
) -> Data:
    """Returns one alphabet as data, with so many glyphs per class in each split; no split changes with another's size.

    >>> data = glyph_data("greek", train=2, validation=1, test=1)
    >>> len(data.train), len(data.test), data.train.columns["photo"].sample_shape
    (58, 29, (28, 28, 1))
    """
    sizes = (train, validation, test)
    seeds = np.random.SeedSequence(seed).generate_state(len(sizes)).tolist()
    drawn = [glyphs(alphabet, per_class=size, seed=own) for size, own in zip(sizes, seeds, strict=True)]
    parts = [_examples(part, input_name) for part in drawn]
    source = f"Drawn from the fonts of matplotlib, alphabet {alphabet}, seed {seed}."
    return Data(parts[0], parts[1], parts[2], drawn[0].labels, source)


def fonts_with(character: str) -> tuple[str, ...]:
    """Returns the names of the text fonts matplotlib ships that have a glyph for `character`.

    >>> len(fonts_with("A")) >= len(fonts_with("∅")) > 0
    True
    """
    return tuple(name for name, characters in _fonts().items() if ord(character) in characters)


@cache
def _fonts() -> dict[str, frozenset[int]]:
    """The code points each font has a glyph for; without this a missing one would be drawn as a box."""
    found = sorted(path.name for path in _folder().iterdir() if path.name.startswith(_FAMILIES))
    return {
        name: frozenset(FT2Font(str(_folder() / name)).get_charmap())
        for name in found
        if "Display" not in name
    }


def _folder() -> Path:
    return Path(matplotlib.get_data_path(), "fonts", "ttf")


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_folder() / name), size, layout_engine=ImageFont.Layout.BASIC)


def _drawings(character: str, count: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng([seed, ord(character)])
    names = fonts_with(character)
    return [_spoil(_draw(character, names[rng.integers(len(names))], rng), rng) for _ in range(count)]


def _draw(character: str, font: str, rng: np.random.Generator) -> np.ndarray:
    """One character in white on black, moved, turned, slanted and scaled; ink 0..1 of shape (28, 28)."""
    middle = _CANVAS / 2
    image = Image.new("L", (_CANVAS, _CANVAS), 0)
    place = (middle + rng.normal() * 2, middle + rng.normal() * 2)
    ImageDraw.Draw(image).text(
        place, character, font=_font(font, int(rng.integers(30, 46))), fill=255, anchor="mm"
    )
    angle, scale, slant = np.deg2rad(rng.normal() * 12), 1 + rng.normal() * 0.1, rng.normal() * 0.15
    turn = scale * np.array([[np.cos(angle), slant - np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = middle - turn @ np.array([middle, middle])
    matrix = (turn[0, 0], turn[0, 1], shift[0], turn[1, 0], turn[1, 1], shift[1])
    turned = image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return np.asarray(turned.resize((SIZE, SIZE), Image.Resampling.BILINEAR), dtype=np.float32) / 255


def _spoil(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Fainter or stronger ink, noise, a background that is not quite black, and half of all inverted; uint8."""
    faded = ink * rng.uniform(0.5, 1) + rng.normal(size=ink.shape) * 0.12 + rng.uniform(0, 0.2)
    shade = 1 - faded if rng.random() < 0.5 else faded
    return np.round(np.clip(shade, 0, 1) * 255).astype(np.uint8)[..., np.newaxis]


def _examples(drawn: Glyphs, input_name: str) -> Examples:
    names = tuple(f"glyph {i}" for i in range(len(drawn.targets)))
    return Examples({input_name: Array(drawn.images)}, drawn.targets, names)
