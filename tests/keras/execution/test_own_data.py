"""Studies of which each seed has data and weights of its own."""

import keras
import numpy as np
import pytest

import fusion
from fusion.backbones.loading import load
from fusion.errors import StudyError
from fusion.execution import training
from fusion.execution.bunching import SEEDS
from fusion.execution.running import prepare, run
from fusion.probe.probing import check_confirmable
from fusion.probe.scoring import prepare_taps
from fusion.recipe.short import fuse
from fusion.study.declaration import Study

SHAPE = (16, 16, 3)


def write_seed(folder, seed):
    """Writes bright and dark pictures, and weights, that are those of a seed."""
    folder.mkdir()
    generator = np.random.default_rng(seed)
    arrays = {}
    for split, size in (("train", 8), ("validation", 4), ("test", 6)):
        targets = np.arange(size) % 2
        noise = generator.integers(0, 60, (size, *SHAPE))
        arrays |= {
            f"{split}_photo": (noise + 120 * targets[:, None, None, None]).astype("uint8"),
            f"{split}_targets": targets,
        }
    np.savez(folder / "data.npz", **arrays)
    keras.utils.set_random_seed(seed)
    load("TinyVGG", shape=SHAPE, weights=None, options={"width": 4}).save_weights(folder / "eye.weights.h5")


@pytest.fixture
def study(tmp_path):
    for seed in (3, 4):
        write_seed(tmp_path / str(seed), seed)
    recipe = fuse(
        "TinyVGG", output=["dark", "bright"], weights="{seed}/eye.weights.h5", shape=SHAPE, epochs=2
    )
    return Study(
        name="own",
        recipe=recipe.replace("/backbones/tinyvgg/options", {"width": 4}),
        data="{seed}/data.npz",
        cuts={"backbone": "tinyvgg", "at": ["block1_pool"], "arms": ["frozen"]},
        seeds=[3, 4],
    )


def prepared_in(study, folder):
    return prepare(study, folder / study.data, folders=[folder])


def test_each_seed_is_run_with_its_own_data_and_weights(study, tmp_path):
    alone = study.replaced(
        recipe=study.recipe.replace("/backbones/tinyvgg/weights/file", "4/eye.weights.h5"),
        data=None,
        seeds=[4],
    )

    both = list(run(prepared_in(study, tmp_path), out=tmp_path / "both"))
    one = fusion.run_study(alone, tmp_path / "4" / "data.npz", out=tmp_path / "one", folders=[tmp_path])

    assert {record.seed for record in both} == {3, 4}
    assert {record.reused for record in both} == {True, False}
    assert not any(record.reused for record in one.done)
    seen = {record.arm: record for record in both if record.seed == 4}
    for record in one.done:
        assert record.key == seen[record.arm].key
        assert record.losses == pytest.approx(seen[record.arm].losses, rel=1e-5)
    assert len({record.data for record in both}) == len({record.examples for record in both}) == 2


def test_only_the_trials_of_a_seed_change_with_its_weights(study, tmp_path):
    before = prepared_in(study, tmp_path).trials
    keras.utils.set_random_seed(9)
    load("TinyVGG", shape=SHAPE, weights=None, options={"width": 4}).save_weights(
        tmp_path / "4" / "eye.weights.h5"
    )

    after = prepared_in(study, tmp_path).trials

    same = {one.seed: [] for one in after}
    for one, other in zip(before, after, strict=True):
        same[one.seed].append(one.key == other.key)
    assert all(same[3])
    assert not any(same[4])


def test_arms_that_take_turns_read_the_arrays_of_each_seed_once(study, tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(training, "read_data", lambda path, **given: read.append(path.parent.name))
    training.forget_examples()

    for seed in 2 * [*range(SEEDS)]:
        training.examples_for(study.recipe, tmp_path / study.data, seed)

    training.forget_examples()
    assert read == ["0", "1", "2", "3", "4"]


def test_taps_that_were_scored_on_the_weights_of_one_seed_are_not_confirmed_over_all(study, tmp_path):
    prepared = prepare_taps(study, tmp_path / study.data, folders=[tmp_path])

    with pytest.raises(StudyError, match="scored on the weights of seed 3 alone"):
        check_confirmable(prepared)
