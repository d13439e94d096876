"""Two devices that share each batch train what one does, but for the order in which numbers are added."""

import json
import subprocess
import sys

import pytest
import tensorflow as tf

from fusion.errors import TrainingError
from fusion.training.devices import mirrored, scope

TWICE = """
import json, sys
from pathlib import Path
import keras, numpy as np, tensorflow as tf

(processor,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
from fusion.data.examples import Array, Data, Examples
from fusion.features import planning
from fusion.frontier.rates import Rates
from fusion.model.addresses import weights
from fusion.model.files import load
from fusion.recipe.reading import from_json
from fusion.training.devices import mirrored
from fusion.training.runs import train

planning.machine_rates = lambda: Rates(compute=1e4, decode=0)
recipe, folder = from_json(sys.argv[1]), Path(sys.argv[2])

def part(count, seed):
    random = np.random.default_rng(seed)
    targets = random.integers(0, 2, count)
    photos = random.uniform(0, 120, (count, 16, 16, 3)) + 40 * targets[:, None, None, None]
    names = tuple(f"{seed}/{n}" for n in range(count))
    return Examples({"photo": Array(photos.astype("float32"))}, targets, names)

class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise RuntimeError("killed")

data, strategy = Data(part(48, 0), part(21, 1), part(20, 2), ("dark", "bright"), "Made up."), mirrored(2)
helped = recipe.replace("/head/auxiliary", {"texture": 0.3, "shape": 0.5})
alone = {id(each): train(each, data, store=False) for each in (recipe, helped)}
found = {}
for name, taught, store in (
    ("plain", recipe, False), ("stored", recipe, folder / "store"), ("auxiliary", helped, False)
):
    one = alone[id(taught)]
    two = train(taught, data, out=folder / name, store=store, strategy=strategy)
    opened = load(folder / name / "model.keras").model
    ours, theirs, read = weights(one.model), weights(two.model), weights(opened)
    found[name] = {
        "off": max(float(np.abs(ours[each] - theirs[each]).max()) for each in ours),
        "saved": all(np.array_equal(theirs[each], read[each]) for each in theirs),
        "losses": [
            [v for each in run.history.epochs for k, v in sorted(each.metrics.items()) if "loss" in k] for run in (one, two)
        ],
        "accuracy": [run.metrics["test"]["accuracy"] for run in (one, two)],
        "devices": two.model.distribute_strategy.num_replicas_in_sync,
    }
try:
    train(recipe, data, out=folder / "killed", store=False, strategy=strategy, callbacks=[Stop()])
except RuntimeError:
    pass
again = train(recipe, data, out=folder / "killed", store=False, strategy=strategy, resume=True)
whole = weights(load(folder / "plain" / "model.keras").model)
found["resumed"] = all(np.array_equal(each, whole[name]) for name, each in weights(again.model).items())
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(recipe, tmp_path_factory):
    from fusion.recipe.writing import to_json

    still = recipe.replace("/blocks/top", [{"dense": 8, "activation": "relu"}])
    folder = tmp_path_factory.mktemp("devices")
    done = subprocess.run(
        [sys.executable, "-c", TWICE, to_json(still), str(folder)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "stored", "auxiliary"])
def test_two_devices_train_what_one_does(found, name):
    seen = found[name]

    assert seen["devices"] == 2
    assert seen["off"] < 1e-5
    assert seen["losses"][0] == pytest.approx(seen["losses"][1], rel=1e-5)
    assert seen["accuracy"][0] == seen["accuracy"][1]
    assert seen["saved"]


@pytest.mark.slow
def test_a_run_on_two_devices_goes_on_to_the_same_weights(found):
    assert found["resumed"]


def test_devices_that_are_not_there_are_refused():
    with pytest.raises(TrainingError, match=r"This machine has \d+ of the devices .*got 99"):
        mirrored(99)


def test_other_strategies_and_batches_that_cannot_be_shared_are_refused(recipe, monkeypatch):
    class Three(tf.distribute.MirroredStrategy):
        num_replicas_in_sync = 3

    with pytest.raises(TrainingError, match="on devices of one machine; got a OneDeviceStrategy"):
        scope(tf.distribute.OneDeviceStrategy("CPU:0"), recipe.training)
    with pytest.raises(TrainingError, match="16 examples cannot be shared evenly by 3 devices"):
        scope(Three(["CPU:0"]), recipe.training)
