"""Layers compute in 16 bits while they are fitted; weights, outputs and the finished model are float32."""

import json
import zipfile

import keras
import numpy as np
import pytest

from fusion.errors import RecipeError
from fusion.features import planning
from fusion.frontier.rates import Rates
from fusion.model.addresses import layers, weights
from fusion.recipe.reading import from_json
from fusion.recipe.writing import to_json
from fusion.training.fitting import fit
from fusion.training.runs import train

PRECISIONS = ("mixed_bfloat16", "mixed_float16")
SOME = [PRECISIONS[0], pytest.param(PRECISIONS[1], marks=pytest.mark.slow)]


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch):
    """One on which all that is frozen is worth storing."""
    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e4, decode=0))


@pytest.fixture(scope="module")
def declared(recipe):
    phase = {
        "name": "last block",
        "train": ["head", "residual[stage2_block1_out..]"],
        "epochs": 2,
        "optimizer": {"name": "sgd", "learning_rate": 0.05},
    }
    return recipe.replace("/training/phases", [phase])


class Seen(keras.callbacks.Callback):
    """Notes what computes in what, and asks the model in between."""

    def __init__(self, photos):
        super().__init__()
        self.photos = photos
        self.policies = {}

    def on_epoch_end(self, epoch, logs=None):
        self.policies = {name: layer.dtype_policy.name for name, layer in layers(self.model).items()}
        self.model.predict(self.photos, verbose=0)


def policies(model):
    return {each.dtype_policy.name for each in model._flatten_layers()}


@pytest.mark.parametrize("precision", SOME)
def test_it_trains_as_float32_does_but_for_rounding(declared, data, precision):
    plain, narrow = (
        fit(declared.replace("/training/precision", each), data, store=False)
        for each in ("float32", precision)
    )

    wanted, found = weights(plain.model), weights(narrow.model)
    off = max(float(np.abs(found[name] - wanted[name]).max()) for name in wanted)
    # Bfloat16 has 8 bits, float16 has 11.
    assert narrow.model.optimizer.iterations == plain.model.optimizer.iterations == 6
    assert 0 < off < (0.002 if precision == "mixed_bfloat16" else 0.0003)
    for one, other in zip(plain.history.epochs, narrow.history.epochs, strict=True):
        assert other.metrics["loss"] == pytest.approx(one.metrics["loss"], rel=0.002)
        assert other.metrics["val_loss"] == pytest.approx(one.metrics["val_loss"], rel=0.002)


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_is_stored_changes_no_weight(declared, data, tmp_path, precision):
    narrow = declared.replace("/training/precision", precision)

    plain, stored = (fit(narrow, data, store=store) for store in (False, tmp_path))

    wanted, found = weights(plain.model), weights(stored.model)
    assert [name for name in wanted if not np.array_equal(wanted[name], found[name])] == []
    assert [each.metrics for each in plain.history.epochs] == [each.metrics for each in stored.history.epochs]
    assert any(tmp_path.iterdir())


def test_backbones_and_blocks_that_change_compute_in_16_bits_until_the_phase_ends(declared, data):
    seen = Seen(data.train.columns["photo"].values[:4])

    run = fit(declared.replace("/training/precision", "mixed_bfloat16"), data, callbacks=[seen], store=False)

    narrowed = {name for name, policy in seen.policies.items() if policy == "mixed_bfloat16"}
    assert {"residual/stage3_block1_conv1", "top/dense"} <= narrowed
    assert not narrowed & {"residual/stage1_block1_conv1", "plain/block1_conv1", "output", "shape.pool"}
    assert "top/dropout" not in narrowed
    assert policies(run.model) == {"float32"}
    assert {str(each.dtype) for each in weights(run.model).values()} == {"float32"}


@pytest.mark.slow
def test_layers_compute_in_float32_again_after_an_interruption(declared, data):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            models.append(self.model)
            raise KeyboardInterrupt

    models = []

    with pytest.raises(KeyboardInterrupt):
        fit(
            declared.replace("/training/precision", "mixed_float16"),
            data,
            callbacks=[Stop()],
            store=False,
        )

    assert policies(models[0]) == {"float32"}


def test_the_finished_model_is_a_plain_one_in_float32_also_where_a_callback_asked_it(
    declared, data, tmp_path
):
    photos = data.train.columns["photo"].values[:4]
    narrow = declared.replace("/training/precision", "mixed_bfloat16")

    run = train(narrow, data, out=tmp_path / "run", callbacks=[Seen(photos)], store=False)

    with zipfile.ZipFile(tmp_path / "run" / "model.keras") as file:
        config = file.read("config.json").decode()
    opened = keras.models.load_model(tmp_path / "run" / "model.keras")
    given = run.model.predict(photos, verbose=0)
    assert "float16" not in config
    assert given.dtype == np.float32
    assert np.array_equal(given, opened.predict(photos, verbose=0))
    assert json.loads(to_json(narrow))["training"]["precision"] == "mixed_bfloat16"


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_run_that_was_killed_goes_on_to_the_same_weights(declared, data, tmp_path, precision):
    class KilledError(Exception):
        pass

    class Killer(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KilledError

    narrow = declared.replace("/training/precision", precision)
    with pytest.raises(KilledError):
        train(narrow, data, out=tmp_path / "run", callbacks=[Killer()], store=False)

    again = train(narrow, data, out=tmp_path / "run", store=False, resume=True)

    wanted = weights(fit(narrow, data, store=False).model)
    assert all(np.array_equal(value, wanted[name]) for name, value in weights(again.model).items())


def test_a_precision_that_is_none_is_refused(declared):
    with pytest.raises(RecipeError, match=r"/training/precision .*mixed_bfloat16"):
        from_json(to_json(declared).replace('"phases"', '"precision": "bfloat16", "phases"'))
