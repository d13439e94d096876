"""Mixed precision: what computes in 16 bits while a phase is fitted; weights, and what is saved, stay in float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from fusion.features.precision import narrowable, under
from fusion.frontier.phases import varying
from fusion.frontier.units import units
from fusion.graph.nodes import FusionGraph, PhasePlan
from fusion.model.addresses import layers


@contextmanager
def mixed(
    model: keras.Model, graph: FusionGraph, plan: PhasePlan, *, fitted: keras.Model, precision: str
) -> Iterator[None]:
    """Has layers of backbones and blocks compute in 16 bits as long as this lasts, as Keras's mixed policies do.

    What gives the same in every epoch is left in float32, so that it does not matter whether it is stored; and so is
    what prepares, pools, joins and predicts (Micikevicius and others, "Mixed Precision Training", 2018).

    Args:
        model: The whole model.
        graph: What it was built from.
        plan: What the phase trains.
        fitted: What is fitted: the model, or a part of it.
        precision: `float32`, `mixed_bfloat16` or `mixed_float16`.
    """
    if precision == "float32":
        yield
        return
    chosen = _narrowed(model, graph, plan)
    try:
        with under(precision, chosen):
            yield
    finally:
        # Keras goes on with the functions that it compiled while the layers computed otherwise.
        for each in (model, fitted):
            each.train_function = each.test_function = each.predict_function = None


def scaled(optimizer: keras.optimizers.Optimizer, precision: str) -> keras.optimizers.Optimizer:
    """Returns an optimizer as a precision needs it: in float16, small gradients are 0 unless the loss is scaled up.

    >>> adam = keras.optimizers.Adam()
    >>> scaled(adam, "mixed_bfloat16") is adam, type(scaled(adam, "mixed_float16")).__name__
    (True, 'LossScaleOptimizer')
    """
    if precision != "mixed_float16":
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def _narrowed(model: keras.Model, graph: FusionGraph, plan: PhasePlan) -> list[Any]:
    """Returns the layers of trunks and blocks all of whose calls give something else from epoch to epoch."""
    opened = units(graph)
    moving = varying(opened, plan)
    still = {unit.address for unit in opened.values() if unit.name not in moving}
    owners = graph.trunks.keys() | graph.recipe.blocks.keys()
    chosen = narrowable(
        layer
        for address, layer in layers(model).items()
        if (owner := address.partition("/")[0]) in owners and not {address, owner} & still
    )
    # Random numbers of another dtype are other ones: what drops values drops those it does in float32.
    return [each for each in chosen if not hasattr(each, "seed_generator")]
