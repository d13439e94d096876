"""Phases of gradual unfreezing each train the part they name, and none before it."""

from itertools import pairwise

import keras
import numpy as np

from fusion.model.addresses import weights
from fusion.training.fitting import fit
from fusion.unfreezing import unfreeze


def test_each_phase_moves_one_part_more(recipe, data):
    declared = unfreeze(
        recipe.replace("/training/phases", [{"name": "head", "train": ["head"], "epochs": 1}]), "plain"
    )
    seen = []

    class Noting(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(weights(self.model))

    run = fit(declared, data, callbacks=[Noting()], store=False)

    seen.append(weights(run.model))
    moved = [
        {name.rpartition("/")[0] for name in before if not np.array_equal(before[name], after[name])}
        for before, after in pairwise(seen)
    ]
    assert moved == [set(plan.rates) for plan in run.graph.phases]
    assert [len(each) for each in moved] == [2, 4, 6]
