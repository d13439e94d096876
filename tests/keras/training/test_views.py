"""Stored views: images changed at random once, so many of each, and taken in turn."""

import numpy as np
import pytest

from fusion.checking import resolve
from fusion.data.batches import batches, epoch_order, shuffled_batches, steps
from fusion.data.examples import Array, Data, Examples
from fusion.errors import RecipeError, TrainingError
from fusion.features import planning
from fusion.features.viewing import changed_by
from fusion.frontier.plans import plan
from fusion.frontier.rates import Rates
from fusion.model.addresses import weights
from fusion.model.seeding import seed_of
from fusion.training.fitting import fit


@pytest.fixture
def turned(recipe):
    phases = [{"name": "head", "train": ["head"], "epochs": 3, "keep": "last"}]
    return recipe.replaced(
        training={
            "batch_size": 16,
            "phases": phases,
            "augment": {"photo": [{"flip": "horizontal"}]},
            "views": 2,
        }
    )


@pytest.fixture
def uneven(data):
    """Examples of which the last batch is not full."""
    photos = data.train.columns["photo"].values[:40]
    return Data(
        Examples({"photo": Array(photos)}, data.train.targets[:40], data.train.names[:40]),
        data.validation,
        None,
        data.labels,
        "Made up.",
    )


def test_epochs_take_views_in_turn():
    four = Examples({"x": Array(np.arange(4.0)[:, None])}, np.zeros(4, "int64"), tuple("abcd"), views=2)

    seen = [x["x"].numpy()[:, 0].tolist() for x, _ in shuffled_batches(four, batch_size=2, seed=5, epochs=3)]

    orders = [epoch_order(2, 5, epoch) for epoch in range(3)]
    assert steps(four, batch_size=2) == 1
    assert seen == [(orders[0]).tolist(), (orders[1] + 2).tolist(), (orders[2]).tolist()]


def test_one_view_trains_as_on_images_changed_before(turned, uneven, tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e4))
    one = turned.replace("/training/views", 1)
    change = changed_by(one.training, one.inputs)
    changed = np.concatenate([x["photo"] for x, _ in batches(uneven.train, batch_size=16, change=change.run)])
    before = Examples({"photo": Array(changed)}, uneven.train.targets, uneven.train.names)
    plain = one.replaced(
        training={**one.training.model_dump(include={"batch_size", "seed"}), "phases": one.training.phases}
    )

    wanted = weights(
        fit(plain, Data(before, uneven.validation, None, uneven.labels, ""), store=tmp_path).model
    )
    found = fit(one, uneven, store=tmp_path)

    assert not np.array_equal(changed, uneven.train.columns["photo"].values)
    assert all(np.array_equal(value, wanted[name]) for name, value in weights(found.model).items())


def test_views_are_stored_and_the_examples_themselves_judged(turned, uneven, tmp_path):
    found = fit(turned, uneven, store=tmp_path)
    again = fit(turned, uneven, store=tmp_path)

    assert list(found.parts) == ["validation"]
    assert all(
        np.array_equal(value, weights(again.model)[name]) for name, value in weights(found.model).items()
    )


def test_another_seed_draws_other_views(turned):
    other = turned.replace("/training/seed", 1)

    first, second = (changed_by(each.training, each.inputs).digest for each in (turned, other))

    assert first != second


def test_a_plan_says_what_views_take(turned):
    one, two = (
        plan(resolve(turned.replace("/training/views", views)), examples=100).phases[0] for views in (1, 2)
    )

    (tensor,) = two.frontier.tensors
    assert tensor.views == 2
    assert two.stored_bytes == 2 * one.stored_bytes
    assert two.once_seconds == pytest.approx(2 * one.once_seconds)
    assert two.epoch_seconds == pytest.approx(one.epoch_seconds)
    assert one.frontier.tensors[0].name == tensor.name


def test_where_everything_trains_the_changed_images_are_stored(turned):
    phases = [{"name": "all", "train": ["head", "plain", "residual"], "epochs": 3}]
    every = turned.replaced(training={**turned.training.model_dump(), "phases": phases})

    (found,) = plan(resolve(every), examples=10).phases

    assert [tensor.name for tensor in found.frontier.tensors] == ["photo/augmented"]


def test_views_that_take_too_much_are_refused(turned):
    with pytest.raises(TrainingError, match="2 views of each example take"):
        plan(resolve(turned), examples=100, most=100)


def test_views_without_a_store_are_refused(turned, uneven):
    with pytest.raises(TrainingError, match='has "views", which are stored copies, and there is no store'):
        fit(turned, uneven, store=False)


def test_views_of_nothing_are_refused(recipe):
    with pytest.raises(RecipeError, match='"views" are copies changed at random; say how in "augment"'):
        recipe.replace("/training/views", 2)


def test_the_seed_of_views_is_its_own(turned):
    assert seed_of(turned.training.seed, "views") != turned.training.seed
