import numpy as np
import pytest

from fusion.data.examples import Array, Data, Examples
from fusion.errors import DataError
from fusion.features import planning
from fusion.frontier.rates import Rates
from fusion.model.addresses import layer, set_weights
from fusion.model.building import build
from fusion.model.files import load, load_weights, save
from fusion.recipe.recipe import Recipe
from fusion.training.evaluation import evaluate, predict
from fusion.training.fitting import fit
from fusion.training.runs import train

PRICE = {"task": "regression", "standardise": True}


@pytest.fixture
def houses():
    return Recipe(
        name="houses",
        inputs={"facts": {"kind": "tabular", "columns": ["area", "rooms"]}},
        branches={"all": {"input": "facts"}},
        head={"output": PRICE},
        training={
            "batch_size": 16,
            "phases": [
                {"name": "all", "train": ["head"], "epochs": 40, "optimizer": {"learning_rate": 0.05}}
            ],
        },
    )


def rows(count, seed, *, prices=lambda area: 250_000 + 90_000 * area):
    area = np.random.default_rng(seed).normal(size=(count, 2)).astype("float32")
    return Examples({"facts": Array(area)}, prices(area[:, :1]), tuple(map(str, range(count))))


@pytest.fixture
def data():
    return Data(rows(96, 0), rows(48, 1), rows(48, 2), None, "Made up.")


def test_prices_are_learnt_and_predicted_in_their_own_unit(houses, data):
    trained = fit(houses, data)

    found = evaluate(trained.model, data.test, houses.head.output)

    always_the_mean = np.abs(data.test.targets - data.train.targets.mean()).mean()
    assert found["mae"] < 0.05 * always_the_mean
    assert found["loss"] < 0.01
    (first, *_) = predict(trained.model, data.test, houses.head.output)
    assert first.scores[0] == pytest.approx(float(data.test.targets[0, 0]), rel=0.05)


def test_the_loss_of_a_standardised_output_is_one_for_who_says_the_mean(houses, data):
    model = build(houses)
    set_weights(model, {"output/dense/kernel": np.zeros((2, 1)), "output/dense/bias": np.zeros(1)})
    restore = layer(model, "output/restore")
    restore.adapt(data.test.targets)

    found = evaluate(model, data.test, houses.head.output)

    assert found["loss"] == pytest.approx(1, rel=1e-4)
    assert found["mae"] == pytest.approx(
        np.abs(data.test.targets - data.test.targets.mean()).mean(), rel=1e-4
    )


def test_what_is_learnt_does_not_depend_on_the_unit(houses, data):
    cents = Data(
        rows(96, 0, prices=lambda area: 1000 * (250_000 + 90_000 * area)),
        data.validation,
        None,
        None,
        "Made up.",
    )

    losses = [fit(houses, each).history.epochs[-1].metrics["loss"] for each in (data, cents)]

    assert losses[0] == pytest.approx(losses[1], rel=1e-2)


def test_mean_and_spread_are_those_of_training_rows_and_stay_in_files(houses, data, tmp_path):
    trained = fit(houses, data, out=tmp_path)

    save(trained.model, tmp_path / "m.keras", recipe=houses)

    opened, built = load(tmp_path / "m.keras").model, build(houses)
    set_weights(built, load_weights(tmp_path / "checkpoint.npz"))
    expected = trained.model.predict(data.test.columns["facts"].values, verbose=0)
    restore = layer(opened, "output/restore")
    assert np.allclose(restore.mean, data.train.targets.mean(0), rtol=1e-6)
    assert np.array_equal(opened.predict(data.test.columns["facts"].values, verbose=0), expected)
    assert np.array_equal(built.predict(data.test.columns["facts"].values, verbose=0), expected)


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        (lambda area: 250_000 + area, "have mean 250000 and standard deviation"),
        (lambda area: 5_000 * area, r"standard deviation 4868\.72"),
        (lambda area: 1 + 0.001 * area, r"mean 0\.999\d* and standard deviation 0\.00097"),
    ],
    ids=["mean", "spread", "narrow"],
)
def test_numbers_far_from_those_an_output_starts_at_are_refused_unless_said_to_be_meant(houses, prices, said):
    data = Data(rows(96, 0, prices=prices), rows(48, 1, prices=prices), None, None, "Made up.")
    silent = houses.replace("/head/output", {"task": "regression"}).replace("/training/phases/0/epochs", 1)

    with pytest.raises(DataError, match=f'{said}.*Write "standardise": true at /head/output'):
        fit(silent, data)

    meant = fit(silent.replace("/head/output/standardise", False), data)
    assert "output" in {each.name for each in meant.model.layers}


def test_a_target_with_one_value_cannot_be_standardised(houses):
    same = Data(rows(96, 0, prices=lambda area: 0 * area + 7), rows(48, 1), None, None, "Made up.")

    with pytest.raises(DataError, match="Output 0 of 1, counted from 0, has one value in all training rows"):
        fit(houses, same)


@pytest.mark.parametrize("auxiliary", [{}, {"texture": 0.5}], ids=["stored", "auxiliary"])
def test_every_split_is_judged_in_the_same_unit_also_by_a_part_of_the_model(
    recipe, auxiliary, tmp_path, monkeypatch
):
    # A machine on which all is worth storing.
    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e4, decode=0))
    head = {"blocks": ["top"], "output": PRICE, **({"auxiliary": auxiliary} if auxiliary else {})}
    phase = {"name": "one", "train": ["head"], "epochs": 2}
    declared = recipe.replace("/head", head).replace("/training/phases", [phase])
    random = np.random.default_rng(0)
    photos = Array(random.uniform(0, 200, (32, 16, 16, 3)).astype("float32"))
    prices = random.normal(1000, 10, (32, 1)).astype("float32")
    part = Examples({"photo": photos}, prices, tuple(map(str, range(32))))

    run = train(declared, Data(part, part, part, None, "Made up."), store=not auxiliary and tmp_path)

    assert any(tmp_path.iterdir()) == (not auxiliary)
    assert 0.1 < run.metrics["test"]["loss"] < 10
    for split in ("train", "validation"):
        assert run.metrics[split] == pytest.approx(run.metrics["test"], rel=1e-4)
