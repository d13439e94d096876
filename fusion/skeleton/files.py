"""A skeleton as JSON text, and back."""

import json
from dataclasses import fields
from typing import Any

from fusion.errors import BackboneError
from fusion.skeleton.layers import Layer, Skeleton

FORMAT = 6
"""Version of the text below; a change of its meaning takes the next number."""

COLUMNS = tuple(field.name for field in fields(Layer))


def to_json(skeleton: Skeleton) -> str:
    """Returns the skeleton as one line of JSON, a list for each column of the table; equal skeletons give equal text.

    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)),)
    >>> to_json(Skeleton("tiny", (8, 8, 3), rows, "x", "3.15.1"))[:48]
    '{"skeleton":6,"source":"tiny","input_shape":[8,8'
    """
    table = {name: [getattr(layer, name) for layer in skeleton.layers] for name in COLUMNS}
    # Parents as row numbers: most are the row just before, and names are long.
    rank = {layer.name: number for number, layer in enumerate(skeleton.layers)}
    table["parents"] = [[rank[name] for name in layer.parents] for layer in skeleton.layers]
    head = {
        "skeleton": FORMAT,
        "source": skeleton.source,
        "input_shape": skeleton.input_shape,
        "output": skeleton.output,
        "keras": skeleton.keras,
        "levels": skeleton.levels,
        "whole": skeleton.whole,
        "vocabulary": skeleton.vocabulary,
    }
    return json.dumps({**head, "table": table}, separators=(",", ":"))


def from_json(text: str) -> Skeleton:
    """Returns the skeleton that `to_json` wrote.

    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("c", "ReLU", ("x",), (8, 8, 3)))
    >>> tiny = Skeleton("tiny", (8, 8, 3), rows, "c", "3.15.1")
    >>> from_json(to_json(tiny)) == tiny
    True

    Raises:
        BackboneError: If the text is no skeleton, or of another format version.
    """
    try:
        data: dict[str, Any] = json.loads(text)
        version = data["skeleton"]
    except (ValueError, KeyError, TypeError) as error:
        raise BackboneError(
            f"This is no skeleton: {error!r}. Expected the text that to_json wrote."
        ) from error
    if version != FORMAT:
        raise BackboneError(
            f"This skeleton has format {version!r}; this version of fusion reads {FORMAT}. Make it again."
        )
    table = data["table"]
    names = table["name"]
    table["parents"] = [tuple([names[number] for number in row]) for row in table["parents"]]
    for name in ("shape", "kernel"):
        table[name] = [tuple(sizes) for sizes in table[name]]
    layers = tuple(Layer(*row) for row in zip(*(table[name] for name in COLUMNS), strict=True))
    return Skeleton(
        data["source"],
        tuple(data["input_shape"]),
        layers,
        data["output"],
        data["keras"],
        levels=tuple((level, name) for level, name in data["levels"]),
        whole=tuple(data["whole"]),
        vocabulary=data["vocabulary"],
    )
