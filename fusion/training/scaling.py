"""Numbers in a unit of their own, such as prices: learnt as deviations from training rows, predicted in the unit."""

import keras
import numpy as np

from fusion.errors import DataError, listed
from fusion.features.programs import Program
from fusion.graph.nodes import AUXILIARY
from fusion.model.addresses import layers
from fusion.recipe.head import Output

RESTORE = "output/restore"
"""Address of the layer that puts a standardised target's mean and standard deviation back."""
FAR, NEAR = 100.0, 0.01
"""A mean or a standard deviation above the one, and a deviation below the other, an output learns badly as it is."""


def check_scale(targets: np.ndarray, output: Output) -> None:
    """Refuses numbers far from those that a fresh output can learn, where the recipe does not say it is meant.

    An output starts near 0 and goes by steps of its learning rate: it takes thousands to come to 500,000, and until
    then learns little else.

    Args:
        targets: Those of the training rows.
        output: What the head predicts.

    >>> check_scale(np.array([[250_000.0], [350_000.0]]), Output(task="regression"))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: The targets in training have mean 300000 and standard deviation 50000, too far from 0
    and 1 for an output that starts there. Write "standardise": true at /head/output ...

    Raises:
        DataError: If mean or standard deviation are far from 0 and 1, or every target to be standardised is the same.
    """
    if output.task != "regression" or output.standardise is False:
        return
    mean, spread = targets.mean(axis=0, dtype=np.float64), targets.std(axis=0, dtype=np.float64)
    if output.standardise:
        constant = np.flatnonzero((targets == targets[:1]).all(axis=0))
        if len(constant):
            raise DataError(
                f"Output {listed(map(str, constant))} of {output.width}, counted from 0, has one value in all training "
                "rows, so there is no deviation to standardise it by. Leave it out."
            )
        return
    worst = int(np.argmax(np.maximum(abs(mean), spread)))
    least = int(np.argmin(spread))
    odd = worst if max(abs(mean[worst]), spread[worst]) > FAR else least
    if max(abs(mean[odd]), spread[odd]) > FAR or 0 < spread[odd] < NEAR:
        raise DataError(
            f"The targets in training have mean {mean[odd]:g} and standard deviation {spread[odd]:g}, too far from 0 "
            'and 1 for an output that starts there. Write "standardise": true at /head/output to learn deviations '
            "and still predict in the target's unit, or false to learn them as they are."
        )


def adapt_output(model: keras.Model, targets: np.ndarray) -> tuple[str, ...]:
    """Takes the mean and standard deviation of training targets into a model whose outputs are standardised.

    Those are the main one, and in a training program the auxiliary ones.

    Returns the addresses of what changed.

    >>> from fusion.model.layers import output_layer
    >>> x = keras.Input((4,), name="x")
    >>> model = keras.Model(x, output_layer(Output(task="regression", standardise=True), 4)(x))
    >>> adapt_output(model, np.array([[2.0], [4.0]]))
    ('output/restore',)
    >>> spread(model).tolist()
    [1.0]
    """
    found = {
        address: layer
        for address, layer in layers(model).items()
        if address == RESTORE or address.endswith(f"{AUXILIARY}/restore")
    }
    for layer in found.values():
        layer.adapt(np.asarray(targets, dtype=np.float32))
    return tuple(found)


def spread(model: keras.Model) -> np.ndarray | None:
    """Returns the standard deviation of each of a model's standardised outputs; `None` where they are not.

    Of a program, a part of a model, they are the whole model's.

    >>> x = keras.Input((4,), name="x")
    >>> spread(keras.Model(x, keras.layers.Dense(2, name="output")(x)))
    """
    # A program holds the whole model as one of its layers, so their addresses in it are others.
    whole = model.whole if isinstance(model, Program) else model
    restore = layers(whole).get(RESTORE)
    if restore is None:
        return None
    found: np.ndarray = np.sqrt(np.array(restore.variance, dtype=np.float32)).reshape(-1)
    return found
