"""What training is fed, as a picture."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.errors import DataError, TrainingError
from fusion.recipe.recipe import Recipe
from fusion.training.contactsheets import show_batch


def shown(figure):
    return [axes for axes in figure.axes if axes.images]


def test_images_of_the_first_batch_are_shown_with_their_classes(data, recipe):
    figure = show_batch(recipe, data, count=10)

    found = shown(figure)
    pixels = data.train.columns["photo"].values / 255
    fed = [
        np.flatnonzero([np.allclose(axes.images[0].get_array(), row, atol=1e-6) for row in pixels])
        for axes in found
    ]
    assert [len(each) for each in fed] == [1] * 10
    assert [axes.get_title() for axes in found] == [
        data.labels[data.train.targets[int(each[0])]] for each in fed
    ]


def test_they_are_shown_as_augmented_and_the_same_each_time(data, recipe):
    flipped = recipe.replace("/training/augment", {"photo": [{"brightness": 0.5}]})

    plain, once, twice = (
        shown(show_batch(each, data, count=4))[0].images[0].get_array() for each in (recipe, flipped, flipped)
    )

    assert np.array_equal(once, twice)
    assert not np.allclose(plain, once, atol=1e-3)
    assert once.min() >= 0
    assert once.max() <= 1


def test_what_cannot_be_shown_is_refused(data, recipe):
    table = Recipe(
        name="table",
        inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
        branches={"all": {"input": "facts"}},
        head={"output": {"task": "binary"}},
        training={"phases": [{"name": "head", "train": ["head"], "epochs": 1}]},
    )

    with pytest.raises(DataError, match="reads no image"):
        show_batch(table, data)
    with pytest.raises(TrainingError, match="no batch to show"):
        show_batch(recipe.replaced(training=None), data)


@pytest.mark.parametrize(
    ("targets", "labels", "titles"),
    [
        (np.array([[1.5], [2.0]]), None, {"1.5", "2"}),
        (np.array([[1.0, 1.0], [0.0, 1.0]]), ("red", "round"), {"red, round", "round"}),
        (np.array([[1.0], [0.0]]), ("no", "yes"), {"no", "yes"}),
    ],
)
def test_targets_of_every_task_are_said(data, recipe, targets, labels, titles):
    first = replace(
        data.train,
        targets=targets,
        names=("a", "b"),
        columns={
            "photo": replace(data.train.columns["photo"], values=data.train.columns["photo"].values[:2])
        },
    )

    figure = show_batch(recipe, replace(data, train=first, labels=labels))

    assert {axes.get_title() for axes in shown(figure)} == titles
