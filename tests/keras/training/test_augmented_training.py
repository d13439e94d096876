import numpy as np
import pytest

from fusion.data.batches import shuffled_batches
from fusion.model.addresses import weights
from fusion.training import course
from fusion.training.evaluation import evaluate
from fusion.training.fitting import fit

EVERY = [
    {"flip": "horizontal"},
    {"rotation": 0.05},
    {"zoom": 0.1},
    {"translation": 0.1},
    {"contrast": 0.2},
    {"brightness": 0.2},
]


@pytest.fixture(scope="module")
def quick(recipe):
    """Two phases of an epoch each, of the head alone."""
    phases = [
        {"name": name, "train": ["head"], "epochs": 1, "keep": "last", "optimizer": {"learning_rate": 0.01}}
        for name in ("first", "second")
    ]
    return recipe.replace("/training/phases", phases)


@pytest.fixture(scope="module")
def augmented(quick):
    return quick.replace("/training/augment", {"photo": EVERY})


@pytest.fixture(scope="module")
def shuffled():
    """With what batches of the training in `trained` were made, phase by phase."""
    return []


@pytest.fixture(scope="module")
def trained(augmented, data, shuffled):
    def noted(examples, **options):
        shuffled.append((examples, options))
        return shuffled_batches(examples, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "shuffled_batches", noted)
        return fit(augmented, data)


@pytest.fixture(scope="module")
def plain(quick, data):
    return fit(quick, data)


def test_an_augmented_training_comes_out_the_same_again(augmented, data, trained):
    again = weights(fit(augmented, data).model)

    assert all(np.array_equal(value, again[name]) for name, value in weights(trained.model).items())


def test_augmentation_changes_what_is_learnt(trained, plain):
    assert not np.array_equal(weights(plain.model)["output/kernel"], weights(trained.model)["output/kernel"])


@pytest.mark.usefixtures("trained")
def test_training_examples_are_augmented_and_in_each_phase_differently(data, shuffled):
    first, second = (next(iter(shuffled_batches(data.train, **options)))[0] for _, options in shuffled)

    assert [examples is data.train for examples, _ in shuffled] == [True, True]
    assert not np.array_equal(first["photo"], second["photo"])


def test_what_is_validated_is_not_augmented(recipe, data, trained):
    last = trained.history.epochs[-1].metrics

    found = evaluate(trained.model, data.validation, recipe.head.output)

    assert last["val_loss"] == pytest.approx(found["loss"], rel=1e-5)


def test_the_model_has_nothing_of_it(trained, plain):
    assert trained.model.get_config() == plain.model.get_config()
