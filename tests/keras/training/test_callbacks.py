import keras
import numpy as np
import pytest

from fusion.data.examples import Array, Data, Examples
from fusion.errors import TrainingError
from fusion.model.addresses import layer
from fusion.recipe.recipe import Recipe
from fusion.training.runs import train


@pytest.fixture
def two_phases():
    return Recipe(
        name="two phases",
        inputs={"facts": {"kind": "tabular", "columns": ["a", "b"]}},
        blocks={"top": [{"dense": 3}]},
        branches={"all": {"input": "facts", "blocks": ["top"]}},
        head={"output": {"task": "classification", "classes": 2}},
        training={
            "phases": [
                {"name": "head first", "train": ["head"], "epochs": 3, "keep": "last"},
                {"name": "all", "train": ["head", "block:top"], "epochs": 1, "keep": "last"},
            ]
        },
    )


@pytest.fixture
def facts():
    values = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
    return Data(
        Examples({"facts": Array(values)}, np.arange(8) % 2, tuple("abcdefgh")), None, None, None, "Made up."
    )


class Noting(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_begin(self, logs=None):
        self.seen.append(("begin", self.model.name, self.params["epochs"]))

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append((epoch, sorted(logs)))
        if len(self.seen) == 3:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        self.seen.append("end")


def test_callbacks_are_called_in_each_phase_as_in_a_fit_and_may_end_it(two_phases, facts):
    noting = Noting()

    run = train(two_phases, facts, callbacks=[noting])

    logs = ["accuracy", "loss"]
    assert noting.seen == [
        ("begin", "two_phases", 3), (0, logs), (1, logs), "end",
        ("begin", "two_phases", 1), (0, logs), "end",
    ]  # fmt: skip
    assert run.history.kept == {"head first": 2, "all": 1}


@pytest.mark.parametrize("store", [True, False])
def test_a_callback_that_changes_what_is_frozen_is_found_out(two_phases, facts, store, tmp_path):
    def meddle(*_):
        kernel = layer(meddling.model, "top/dense").kernel
        kernel.assign(kernel + 1)

    meddling = keras.callbacks.LambdaCallback(on_epoch_end=meddle)

    with pytest.raises(TrainingError, match="freezes 'top/dense/kernel', yet it changed"):
        train(two_phases, facts, callbacks=[meddling], store=tmp_path if store else False)
