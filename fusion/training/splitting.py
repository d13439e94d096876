"""Where the phases of a training are split, and who watches while frozen tensors are computed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras

from fusion.data.examples import Data, ImageFiles
from fusion.features.extraction import Extracted, Watch
from fusion.features.measuring import machine_rates
from fusion.frontier.plans import PlannedPhase, plan
from fusion.graph.nodes import FusionGraph
from fusion.store.room import bound
from fusion.store.shelf import store_folder


class Onlooker(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """A Keras callback that is also told how far the computing of frozen tensors is, before its phase begins to fit."""

    def on_extraction(self, seen: Extracted) -> None:
        """Called after each batch of examples that ran through the frozen part."""


def told(callbacks: Sequence[keras.callbacks.Callback]) -> Watch:
    """Returns what tells all onlookers among some callbacks.

    >>> told([Onlooker()])(Extracted("train", 1, 2, 0.1))
    """
    onlookers = [each for each in callbacks if isinstance(each, Onlooker)]

    def tell(seen: Extracted) -> None:
        for each in onlookers:
            each.on_extraction(seen)

    return tell


def folder_of(store: bool | str | Path) -> Path | None:
    """Returns the folder that frozen tensors are stored in; `None` if they are not.

    >>> folder_of("features"), folder_of(False)
    (PosixPath('features'), None)
    """
    if isinstance(store, bool):
        return store_folder() if store else None
    return Path(store)


def planned(graph: FusionGraph, data: Data) -> tuple[PlannedPhase, ...]:
    """Returns how each phase is split on this machine, for as many examples as there are.

    The tensors of training and validation of all phases together take no more than the store may.
    """
    rates, count = machine_rates(), len(data.train)
    if not any(isinstance(column, ImageFiles) for column in data.train.columns.values()):
        # Arrays are decoded already.
        rates = replace(rates, decode=0.0)
    share = count / (count + (len(data.validation) if data.validation else 0))
    return plan(graph, examples=count, rates=rates, most=share * bound() / len(graph.phases)).phases
