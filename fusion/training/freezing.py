"""Frozen means inference mode: weights and statistics hold still, and dropout is off."""

import hashlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from fusion.errors import TrainingError
from fusion.graph.costs import trainable
from fusion.graph.nodes import FusionGraph, PhasePlan
from fusion.model.addresses import layers, variables


def set_trainable(model: keras.Model, graph: FusionGraph, plan: PhasePlan) -> None:
    """Makes exactly the layers of a phase trainable; compile the model afterwards, or Keras trains what it did before.

    Raises:
        TrainingError: If what would train is not what the graph says.
    """
    _open(model)
    for address, layer in layers(model).items():
        layer.trainable = address in plan.rates
    trained = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    planned = trainable(graph, plan.rates)
    if trained != planned:
        raise TrainingError(
            f"Phase {plan.name!r} should train {planned:,} weights, and the model has {trained:,} trainable. "
            "The model is not the one of this recipe; build it again."
        )


def _open(model: keras.Model) -> None:
    """Makes a model and those in it trainable: one that is frozen hides what is trainable in it."""
    model.trainable = True
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            _open(layer)


@contextmanager
def inference_mode(model: keras.Model, plan: PhasePlan) -> Iterator[None]:
    """Runs what a phase freezes as at inference for as long as the context lasts, also inside `fit`.

    `trainable = False` holds batch normalisation still, and nothing else: in Keras 3 a dropout of a frozen
    backbone goes on dropping, and `backbone(x, training=False)` is overruled by `fit`
    (<https://github.com/keras-team/keras/issues/20285>). Here each frozen layer is told itself. The model is
    unchanged afterwards, and so is what is saved of it.
    """
    frozen = [layer for address, layer in layers(model).items() if not plan.is_active(address)]
    told = [layer for layer in frozen if "training" in inspect.signature(layer.call).parameters]
    for layer in told:
        layer.call = _told(layer.call)
    try:
        yield
    finally:
        for layer in told:
            del layer.call


def _told(call: Any) -> Any:
    def at_inference(*args: Any, **kwargs: Any) -> Any:
        if "training" in kwargs:
            kwargs["training"] = False
        return call(*args, **kwargs)

    return at_inference


@contextmanager
def held_still(model: keras.Model, plan: PhasePlan) -> Iterator[None]:
    """Makes sure that nothing frozen, statistics included, has moved when the context ends.

    Raises:
        TrainingError: Naming what moved.
    """
    before = _digests(model, plan)
    yield
    after = _digests(model, plan)
    moved = [name for name, digest in before.items() if after[name] != digest]
    if moved:
        raise TrainingError(
            f"Phase {plan.name!r} freezes {moved[0]!r}, yet it changed, with {len(moved) - 1} more. "
            "A callback that sets weights or trainability during the phase would do that."
        )


def _digests(model: keras.Model, plan: PhasePlan) -> dict[str, bytes]:
    return {
        name: hashlib.sha256(np.array(variable).tobytes()).digest()
        for name, variable in variables(model).items()
        if name.rpartition("/")[0] not in plan.rates
    }
