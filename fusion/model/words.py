"""Texts to bags and to lists of words in a model, and which words a text has."""

import re
import string
from collections.abc import Iterator

import keras

from fusion.model.lookups import NONE, OTHERS

_LOWERED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def bag_of_words(most: int, *, counted: bool, name: str) -> keras.Model:
    """Returns a sub-model from texts of shape (batch, 1) to vectors of `most + 1` places, the first for other words.

    Until a vocabulary is set all words have the first place.

    Args:
        most: Greatest number of words told apart.
        counted: Whether a place holds how often its word is there, not only that it is.
        name: Its name.

    >>> bag_of_words(3, counted=False, name="caption.prepare").output_shape
    (None, 4)
    """
    inputs = keras.Input((1,), dtype="string", name=f"{name}_text")
    layer = keras.layers.TextVectorization(
        max_tokens=most + 1,
        vocabulary=[OTHERS, NONE],
        output_mode="count" if counted else "multi_hot",
        pad_to_max_tokens=True,
        name="words",
    )
    numbers = keras.layers.Rescaling(1.0, dtype="float32", name="numbers")
    # What it gives has no axis for the one text, though Keras announces one.
    bag = keras.layers.Reshape((most + 1,), dtype="float32", name="bag")
    return keras.Model(inputs, bag(numbers(layer(inputs))), name=name)


def list_of_words(most: int, *, length: int, name: str) -> keras.Model:
    """Returns a sub-model from texts of shape (batch, 1) to the numbers of their first words, of shape (batch, length).

    0 stands for no word, 1 for any that is not told apart. Until a vocabulary is set those are all.

    >>> list_of_words(3, length=5, name="caption.prepare").output_shape
    (None, 5)
    """
    inputs = keras.Input((1,), dtype="string", name=f"{name}_text")
    layer = keras.layers.TextVectorization(
        max_tokens=most + 2,
        vocabulary=["", OTHERS, NONE],
        output_mode="int",
        output_sequence_length=length,
        name="words",
    )
    # Of that type backbones read numbers, also where they are fed them.
    numbers = keras.ops.cast(layer(inputs), "int32")
    # A bare operation takes no name where it is called, and an automatic one depends on what was built before.
    numbers._keras_history.operation.name = "numbers"
    return keras.Model(inputs, numbers, name=name)


def words(text: str) -> Iterator[str]:
    """Yields the words of a text as `TextVectorization` takes them: of bytes it knows no letters but A to Z, no blanks but ASCII's.

    >>> list(words("Two  RED boxes, (Äpfel)!"))
    ['two', 'red', 'boxes', 'Äpfel']
    """
    for word in re.split(r"[ \t\n\v\f\r]+", text.translate(_LOWERED).translate(_PUNCTUATION)):
        # NumPy, through which Keras takes a vocabulary, loses zero bytes at the end.
        if word and "\0" not in word:
            yield word
