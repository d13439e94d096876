"""Texts to vectors in a model: which texts or words are told apart is no weight in Keras, and is kept like one here."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np

from fusion.errors import ModelError

OTHERS = "[UNK]"
"""What Keras calls the first place, that of all texts that are not told apart; as a text it is one like any other."""
NONE = " "
"""A lookup of Keras's knows at least one text: until it is adapted this one, which no example has."""

LOOKUPS = (keras.layers.StringLookup, keras.layers.TextVectorization)
"""Layers that tell texts, or the words of texts, apart."""


def lookup(most: int, *, name: str) -> keras.Model:
    """Returns a sub-model from texts of shape (batch, 1) to vectors of `most + 1` places, a one in one of them.

    Until a vocabulary is set every text has the first place, that of all others.

    >>> lookup(3, name="zip.prepare").output_shape
    (None, 4)
    """
    inputs = keras.Input((1,), dtype="string", name=f"{name}_text")
    layer = keras.layers.StringLookup(
        max_tokens=most + 1,
        vocabulary=[OTHERS, NONE],
        oov_token=OTHERS,
        output_mode="multi_hot",
        pad_to_max_tokens=True,
        name="lookup",
    )
    # What a lookup gives are whole numbers, though Keras announces floats; not every layer takes those.
    numbers = keras.layers.Rescaling(1.0, dtype="float32", name="numbers")
    return keras.Model(inputs, numbers(layer(inputs)), name=name)


def vocabulary(layer: Any) -> np.ndarray:
    """Returns the texts or words a lookup tells apart, in the order of their places.

    >>> inner = lookup(3, name="zip.prepare").get_layer("lookup")
    >>> set_vocabulary(inner, ["94109", "10001"])
    >>> vocabulary(inner).tolist()
    ['94109', '10001']
    """
    known = layer.get_vocabulary()[len(_first_places(layer)) :]
    return np.array([text for text in known if text.strip()], dtype=np.str_)


def set_vocabulary(layer: Any, texts: Sequence[str]) -> None:
    """Makes a lookup tell these texts apart, in this order, and no others; `check_vocabulary` lets them pass."""
    # With what the first places are called before them, a text of that name is not taken for one.
    texts = [*_first_places(layer), *(texts or [NONE])]
    layer.set_vocabulary(texts)
    # So a saved model has them in its configuration: Keras's own file of them cannot hold every line break.
    _table(layer).input_vocabulary = texts


def check_vocabulary(layer: Any, texts: np.ndarray, *, what: str) -> None:
    """Refuses what is no vocabulary of a lookup.

    Args:
        layer: The lookup.
        texts: One text for each place.
        what: What errors call them.

    >>> inner = lookup(1, name="zip.prepare").get_layer("lookup")
    >>> check_vocabulary(inner, np.array(["94109", "10001"]), what="Weight 'v'")
    Traceback (most recent call last):
    ...
    fusion.errors.ModelError: Weight 'v' is a list of at most 1 different texts, and the stored one has 2.

    Raises:
        ModelError: If they are no texts, too many, empty, or not all different.
    """
    most = _table(layer).max_tokens - len(_first_places(layer))
    if texts.dtype.kind != "U" or texts.ndim != 1:
        raise ModelError(
            f"{what} is a list of texts, and the stored one is {texts.dtype} of shape {texts.shape}."
        )
    if len(texts) > most:
        raise ModelError(
            f"{what} is a list of at most {most} different texts, and the stored one has {len(texts)}."
        )
    if len({text for text in texts.tolist() if text.strip()}) < len(texts):
        raise ModelError(
            f"{what} is a list of different texts, and in the stored one some are equal or empty."
        )


def _first_places(layer: Any) -> list[str]:
    """Returns what comes before the texts in the vocabulary of a lookup: in a list of words also what stands for none."""
    return ["", OTHERS] if _table(layer).output_mode == "int" else [OTHERS]


def _table(layer: Any) -> Any:
    """Returns the layer that knows the texts; one for words has it inside."""
    return layer._lookup_layer if isinstance(layer, keras.layers.TextVectorization) else layer


def most_frequent(texts: Iterable[str], most: int) -> tuple[str, ...]:
    """Returns the most frequent texts, the most frequent first, of equally frequent ones the first by text.

    >>> most_frequent(["b", "c", "a", "c", "d"], 3)
    ('c', 'a', 'b')
    """
    counts = Counter(texts)
    return tuple(sorted(counts, key=lambda text: (-counts[text], text))[:most])
