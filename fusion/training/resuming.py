"""A training that is interrupted goes on: what its state is made of, and how a model is put back into it."""

import hashlib
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fusion.data.examples import Data
from fusion.data.fingerprints import digests_of
from fusion.model.addresses import layers, set_weights, variables
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import recipe_hash
from fusion.training.recording import Recorder
from fusion.training.states import State, write_state

PACKAGES = ("fusion", "keras", "tensorflow", "numpy")


class Keeper(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Calls with the number of each epoch that ended, and whether the phase did; the last of all callbacks.

    What the others change at the end of an epoch, such as a learning rate, is then seen.

    Args:
        epochs: Of the phase.
        on_end: What is called.
    """

    def __init__(self, epochs: int, on_end: Callable[[int, bool], None]) -> None:
        super().__init__()
        self.epochs = epochs
        self.on_end = on_end

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - as Keras calls it
        """Counts epochs from 1."""
        self.on_end(epoch + 1, self.model.stop_training or epoch + 1 == self.epochs)


class States:
    """Writes where one training stands, epoch by epoch.

    Args:
        path: The file.
        model: What is trained.
        origin: What of; see `State`.
        labels: Names of the classes.
    """

    def __init__(
        self, path: Path, model: keras.Model, origin: Mapping[str, str], labels: tuple[str, ...] | None
    ) -> None:
        self.path = path
        self.model = model
        self.origin = origin
        self.labels = labels

    def begin(self) -> None:
        """Writes that no epoch has ended."""
        write_state(State(self.origin, self.labels), self.path)

    def write(self, recorder: Recorder, done: int, ended: bool, **seen: Any) -> None:
        """Writes where a phase stands.

        Args:
            recorder: Of the phase.
            done: How many of its epochs are.
            ended: Whether it is over.
            seen: `phase`, `epochs` and `kept` of the state.
        """
        optimizer = () if ended else self.model.optimizer.variables
        state = State(
            self.origin,
            self.labels,
            done=done,
            ended=ended,
            standing=recorder.standing,
            now=recorder.snapshot(),
            best=recorder.weights,
            optimizer={str(number): np.array(each) for number, each in enumerate(optimizer)},
            random={name: np.array(each) for name, each in random_states(self.model).items()},
            **seen,
        )
        write_state(state, self.path)


def origin_of(recipe: Recipe) -> dict[str, str]:
    """Returns what can be told of a training's origin before data are read and models built.

    >>> from fusion.recipe.short import fuse
    >>> list(origin_of(fuse("VGG16[block4_pool]", output=["ants", "bees"])))[:2]
    ['recipe', 'fusion']
    """
    return {"recipe": recipe_hash(recipe), **{name: version(name) for name in PACKAGES}}


def origin_in_full(recipe: Recipe, data: Data, model: keras.Model) -> dict[str, str]:
    """Returns all that a training follows from: the recipe, versions, the data, the weights it begins with, the devices.

    Args:
        recipe: What is trained.
        data: What on.
        model: Built, and not yet adapted to the data.
    """
    hashed = hashlib.sha256()
    for name, each in variables(model).items():
        hashed.update(name.encode() + np.array(each).tobytes())
    found = {f"{name} data": digest for name, digest in digests_of(data).items()}
    # Numbers are added in another order on another number of them, and dropout draws other ones.
    devices = str(model.distribute_strategy.num_replicas_in_sync)
    return {**origin_of(recipe), **found, "first weights": hashed.hexdigest(), "devices": devices}


def random_states(model: keras.Model) -> dict[str, Any]:
    """Returns the variables that layers such as dropout draw random numbers from, by address and number.

    >>> x = keras.Input((4,), name="x")
    >>> list(random_states(keras.Model(x, keras.layers.Dropout(0.5, name="drop")(x))))
    ['drop/0']
    """
    return {
        f"{address}/{number}": each
        for address, layer in layers(model).items()
        for number, each in enumerate(_beside_weights(layer))
    }


def _beside_weights(layer: Any) -> list[Any]:
    weights = {id(each) for each in layer.weights}
    return [each for each in layer.variables if id(each) not in weights]


def put_back(model: keras.Model, state: State) -> None:
    """Gives a model the weights and random states of a state.

    Raises:
        ModelError: If they are not the model's.
    """
    set_weights(model, state.now)
    known = random_states(model)
    for name, value in state.random.items():
        known[name].assign(value)


def put_back_optimizer(optimizer: keras.optimizers.Optimizer, trained: list[Any], state: State) -> None:
    """Gives a fresh optimizer of the weights that train the variables of a state."""
    optimizer.build(trained)
    for number, variable in enumerate(optimizer.variables):
        variable.assign(state.optimizer[str(number)])
