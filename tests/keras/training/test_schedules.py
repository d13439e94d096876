import keras
import numpy as np
import pytest

from fusion.recipe.training import Optimizer
from fusion.training.fitting import fit
from fusion.training.optimizers import make_optimizer


def rates(declared, steps):
    """The learning rate at each step, and at the one after the last."""
    optimizer = make_optimizer(declared, {}, steps=steps)
    found = []
    for step in range(steps + 1):
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return found


def test_a_rate_without_a_schedule_is_constant():
    assert rates(Optimizer(learning_rate=0.5), 4) == [0.5] * 5


def test_a_cosine_falls_to_nothing_along_half_a_wave():
    found = rates(Optimizer(learning_rate=0.5, schedule="cosine"), 20)

    assert found == pytest.approx([0.25 * (1 + np.cos(np.pi * step / 20)) for step in range(21)], abs=1e-7)


def test_a_warmup_rises_in_a_line_and_the_cosine_has_the_rest():
    found = rates(Optimizer(learning_rate=0.5, schedule="cosine", warmup=0.2), 20)

    rising = [0.125 * step for step in range(4)]
    falling = [0.25 * (1 + np.cos(np.pi * step / 16)) for step in range(17)]
    assert found == pytest.approx([*rising, *falling], abs=1e-7)


def test_a_warmup_may_end_in_a_constant_rate():
    found = rates(Optimizer(learning_rate=0.5, warmup=0.5), 8)

    assert found == pytest.approx([0, 0.125, 0.25, 0.375, *[0.5] * 5])


@pytest.mark.parametrize(("warmup", "steps"), [(0.9, 1), (0.99, 3), (0.001, 5)])
def test_a_warmup_leaves_a_step_to_the_rate_itself(warmup, steps):
    found = rates(Optimizer(learning_rate=0.5, schedule="cosine", warmup=warmup), steps)

    assert max(found) == 0.5
    assert found[-1] == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop"])
def test_parts_keep_the_ratio_of_their_rates_at_every_step(name):
    declared = Optimizer(name=name, learning_rate=0.1, weight_decay=0.01, schedule="cosine", warmup=0.25)

    def stepped(declared, factors):
        variables = [keras.Variable([1.0, -2.0]) for _ in factors]
        rates = {
            str(number): ([variable], declared.learning_rate * factor)
            for number, (variable, factor) in enumerate(zip(variables, factors, strict=True))
        }
        optimizer = make_optimizer(declared, rates, steps=8)
        optimizer.build(variables)
        found = []
        for _ in range(8):
            optimizer.apply([keras.ops.convert_to_tensor([0.5, 0.25]) for _ in variables])
            found.append([np.array(variable) for variable in variables])
        return np.array(found)

    parts = stepped(declared, (1, 0.5))
    plain = stepped(declared, (1,))
    slowly = stepped(declared.replaced(learning_rate=0.05), (1,))

    assert np.allclose(parts[:, 0], plain[:, 0], rtol=1e-6)
    assert np.allclose(parts[:, 1], slowly[:, 0], rtol=1e-6)
    assert not np.allclose(plain, slowly)


def test_a_schedule_spans_the_epochs_of_its_phase(recipe, data):
    optimizers = [{"learning_rate": rate, "schedule": "cosine"} for rate in (0.01, 0.001)]
    phases = [
        {"name": f"phase {number}", "train": ["head"], "epochs": 2, "optimizer": optimizer}
        for number, optimizer in enumerate(optimizers)
    ]
    seen = []

    class Rates(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(float(self.model.optimizer.learning_rate))

    trained = fit(recipe.replace("/training/phases", phases), data, watch=lambda _: [Rates()])

    # 48 examples in batches of 16, for two epochs, in each of two phases.
    falling = np.array([0.5 * (1 + np.cos(np.pi * step / 6)) for step in range(6)])
    assert seen == pytest.approx([*0.01 * falling, *0.001 * falling])
    assert [set(epoch.metrics) for epoch in trained.history.epochs] == [
        {"loss", "accuracy", "val_loss", "val_accuracy"}
    ] * 4


def test_a_training_with_a_schedule_may_stop_early(recipe, data):
    phase = {
        "name": "only",
        "train": ["head"],
        "epochs": 9,
        "optimizer": {"schedule": "cosine", "warmup": 0.1},
        "early_stopping": {"patience": 1, "min_delta": 9.0},
    }

    trained = fit(recipe.replace("/training/phases", [phase]), data)

    assert len(trained.history.epochs) == 2
