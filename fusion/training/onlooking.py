"""Who watches while the frozen tensors of a training are computed."""

from collections.abc import Sequence

import keras

from fusion.features.extraction import Extracted, Watch


class Onlooker(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """A Keras callback that is also told how far the computing of frozen tensors is, before its phase begins to fit."""

    def on_extraction(self, seen: Extracted) -> None:
        """Called after each batch that ran through the frozen part, and once for a split of which all was stored."""


def told(callbacks: Sequence[keras.callbacks.Callback]) -> Watch:
    """Returns what tells all onlookers among some callbacks.

    >>> told([Onlooker()])(Extracted("train", 1, 2, 0.1))
    """
    onlookers = [each for each in callbacks if isinstance(each, Onlooker)]

    def tell(seen: Extracted) -> None:
        for each in onlookers:
            each.on_extraction(seen)

    return tell
