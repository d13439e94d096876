"""A run that was killed and gone on with is, to the bit, the run that was not."""

import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import keras
import numpy as np
import pytest

from fusion.data.examples import take
from fusion.errors import TrainingError
from fusion.features import planning
from fusion.frontier.rates import Rates
from fusion.model.addresses import weights
from fusion.model.files import load
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import to_json
from fusion.training import course, resuming
from fusion.training.evaluation import outputs
from fusion.training.runs import train
from fusion.training.states import STATE, State, read_state, write_state

STEPS = 3
"""Batches an epoch."""


class KilledError(Exception):
    """Nothing catches it, and nothing is written on its way: as if the process had been killed."""


class Killer(keras.callbacks.Callback):
    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            raise KilledError


@pytest.fixture(scope="module")
def demanding():
    """Dropout, statistics, augmentation, rates with a course, patience: all that has a memory."""
    phases = [
        {
            "name": "head first",
            "train": ["head"],
            "epochs": 4,
            "early_stopping": {"patience": 2, "min_delta": 0.5},
            "optimizer": {"learning_rate": 0.01, "schedule": "cosine", "warmup": 0.2},
        },
        {
            "name": "all of it",
            "train": ["head", {"part": "plain", "learning_rate": 0.0005}],
            "epochs": 2,
            "monitor": "val_accuracy",
        },
    ]
    return Recipe(
        name="demanding",
        inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
        backbones={"plain": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
        blocks={"top": [{"batch_norm": True}, {"dense": 8, "activation": "relu"}, {"dropout": 0.2}]},
        branches={"all": {"input": "photo", "backbone": "plain", "cut": "block1_pool"}},
        head={"blocks": ["top"], "output": {"task": "classification", "classes": 2}},
        training={
            "augment": {"photo": [{"flip": "horizontal"}, {"contrast": 0.2}]},
            "batch_size": 16,
            "phases": phases,
        },
    )


@pytest.fixture(scope="module")
def short(demanding):
    """Without augmentation, so that frozen tensors may be stored."""
    phases = [
        {"name": "head first", "train": ["head"], "epochs": 2},
        {"name": "all of it", "train": ["head", "plain"], "epochs": 2},
    ]
    return demanding.replace("/training", {"batch_size": 16, "phases": phases})


@pytest.fixture(scope="module")
def whole(demanding, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    return train(demanding, data, out=out, store=False), out


def same(one, other):
    ours, theirs = weights(one.model), weights(other.model)
    assert ours.keys() == theirs.keys()
    moved = [name for name, value in ours.items() if value.tobytes() != theirs[name].tobytes()]
    assert moved == []
    seen, known = (
        [(each.phase, each.epoch, each.metrics) for each in run.history.epochs] for run in (one, other)
    )
    assert seen == known
    assert one.history.kept == other.history.kept
    assert one.metrics == other.metrics


def lines(path):
    """A history without its seconds."""
    return [[*line.split(",")[:2], *line.split(",")[3:]] for line in path.read_text().splitlines()]


def test_a_run_killed_again_and_again_ends_as_one_that_was_not(demanding, data, whole, tmp_path):
    # Before any epoch ended, then in the second, then in the third.
    for steps in (2, STEPS + 1, STEPS + 1):
        with pytest.raises(KilledError):
            train(
                demanding,
                data,
                out=tmp_path,
                store=False,
                resume=True,
                watch=lambda _, steps=steps: [Killer(steps)],
            )
    run = train(demanding, data, out=tmp_path, store=False, resume=True)

    same(run, whole[0])
    assert lines(tmp_path / "history.csv") == lines(whole[1] / "history.csv")
    assert {each.name for each in tmp_path.iterdir()} == {each.name for each in whole[1].iterdir()}


def test_a_run_killed_before_its_state_was_written_does_that_epoch_again(
    demanding, data, whole, tmp_path, monkeypatch
):
    written = []

    def killed(state, path):
        written.append(state)
        if len(written) == 3:
            raise KilledError
        write_state(state, path)

    monkeypatch.setattr(resuming, "write_state", killed)
    with pytest.raises(KilledError):
        train(demanding, data, out=tmp_path, store=False)
    monkeypatch.undo()
    assert len(lines(tmp_path / "history.csv")) == 3
    assert len(read_state(tmp_path / STATE).epochs) == 1

    same(train(demanding, data, out=tmp_path, store=False, resume=True), whole[0])


def test_a_run_killed_in_its_last_phase_and_after_its_last_epoch_ends_as_one_that_was_not(
    short, data, tmp_path, monkeypatch
):
    stored = {"out": tmp_path / "run", "store": tmp_path / "store"}
    whole = train(short, data, store=tmp_path / "store")
    with pytest.raises(KilledError):
        train(short, data, **stored, watch=lambda start: [Killer(STEPS + 1)] if start.number == 2 else [])

    monkeypatch.setattr("fusion.training.runs.save", Mock(side_effect=KilledError))
    with pytest.raises(KilledError):
        train(short, data, **stored, resume=True)
    monkeypatch.undo()
    run = train(short, data, **stored, resume=True)

    same(run, whole)
    assert load(tmp_path / "run").labels == ("dark", "bright")
    assert not (tmp_path / "run" / STATE).exists()


def test_a_run_killed_after_a_last_phase_that_froze_is_as_frozen_and_judged_as_one_that_was_not(
    short, data, tmp_path, monkeypatch
):
    # A machine on which all is worth storing.
    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e4, decode=0))
    judge = Mock(wraps=outputs)
    monkeypatch.setattr("fusion.training.runs.outputs", judge)
    frozen = short.replace("/training/phases", [{"name": "head", "train": ["head"], "epochs": 2}])
    out, store = tmp_path / "run", tmp_path / "store"
    whole = train(frozen, data, store=store)
    with monkeypatch.context() as patch:
        patch.setattr("fusion.training.runs.save", Mock(side_effect=KilledError))
        with pytest.raises(KilledError):
            train(frozen, data, out=out, store=store)

    run = train(frozen, data, out=out, store=store, resume=True)

    same(run, whole)
    expected, _, found = np.split(np.array([type(each.args[0]).__name__ for each in judge.mock_calls]), 3)
    assert found.tolist() == expected.tolist() == ["Program", "Program", "Functional"]
    saved = load(out).model
    for model in (run.model, saved):
        assert [each.path for each in model.trainable_variables] == [
            each.path for each in whole.model.trainable_variables
        ]


@pytest.fixture(scope="module")
def killed(short, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("killed")
    with pytest.raises(KilledError):
        train(short, data, out=out, store=False, watch=lambda _: [Killer(STEPS + 1)])
    return out


def test_a_run_that_did_not_end_is_not_begun_anew(short, data, killed):
    with pytest.raises(TrainingError, match=r"did not end, with 1 epoch done\. Go on with it by --resume"):
        train(short, data, out=killed)


def test_a_run_of_another_recipe_is_refused(short, data, killed):
    other = short.replace("/training/batch_size", 8)

    with pytest.raises(
        TrainingError, match=r"begun with other things than now: recipe \(\w+ then, \w+ now\)"
    ):
        train(other, data, out=killed, resume=True)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_run_on_other_data_is_refused(short, data, killed, split):
    order = np.arange(len(getattr(data, split)))[::-1]
    other = replace(data, **{split: take(getattr(data, split), order)})

    with pytest.raises(TrainingError, match=f"other things than now: {split} data"):
        train(short, other, out=killed, resume=True)


def test_a_run_that_is_refused_other_data_keeps_what_it_tells_of_its_own(short, data, killed):
    files = ("recipe.json", "diagram.svg", "seen.json")
    before = {name: (killed / name).read_bytes() for name in files}
    other = replace(data, digests={"train": (b"another photograph",)})

    with pytest.raises(TrainingError, match="other things than now: train data"):
        train(short, other, out=killed, resume=True)

    assert {name: (killed / name).read_bytes() for name in files} == before


def test_a_run_of_other_versions_or_other_first_weights_is_refused(short, data, killed, tmp_path):
    state = read_state(killed / STATE)
    write_state(
        replace(state, origin={**state.origin, "keras": "3.0.0", "first weights": "0"}), tmp_path / STATE
    )
    with pytest.raises(TrainingError, match=r"keras \(3\.0\.0 then, "):
        train(short, data, out=tmp_path, resume=True)

    write_state(replace(state, origin={**state.origin, "first weights": "0"}), tmp_path / STATE)
    with pytest.raises(TrainingError, match=r"first weights \(0 then, "):
        train(short, data, out=tmp_path, resume=True)


def test_a_run_on_another_number_of_devices_is_refused(short, data, killed, tmp_path):
    state = read_state(killed / STATE)
    write_state(replace(state, origin={**state.origin, "devices": "2"}), tmp_path / STATE)

    with pytest.raises(TrainingError, match=r"other things than now: devices \(2 then, 1 now\)"):
        train(short, data, out=tmp_path, resume=True)


def test_a_run_of_which_the_number_of_devices_was_not_written_goes_on(short, data, killed, tmp_path):
    state = read_state(killed / STATE)
    older = {name: each for name, each in state.origin.items() if name != "devices"}
    write_state(replace(state, origin=older), tmp_path / STATE)

    train(short, data, out=tmp_path, store=False, resume=True)

    assert not (tmp_path / STATE).exists()


def test_a_run_that_ended_or_has_no_folder_is_not_gone_on_with(short, data, tmp_path):
    (tmp_path / "metrics.json").touch()

    with pytest.raises(TrainingError, match="has ended, so there is nothing to go on with"):
        train(short, data, out=tmp_path, resume=True)
    with pytest.raises(TrainingError, match="gone on with from its folder"):
        train(short, data, resume=True)


def test_a_damaged_state_and_one_of_another_version_are_refused(killed, tmp_path):
    whole = (killed / STATE).read_bytes()
    (tmp_path / STATE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TrainingError, match="is damaged"):
        read_state(tmp_path / STATE)

    np.savez(tmp_path / STATE, about=np.array('{"format": 99}'))
    with pytest.raises(TrainingError, match="written by another version of fusion"):
        read_state(tmp_path / STATE)


def test_a_state_holds_nothing_that_is_frozen(killed):
    state = read_state(killed / STATE)

    assert {name.partition("/")[0] for name in state.now} == {"top", "output"}
    assert state.best.keys() == state.now.keys()
    # The rate, the count of steps, and two moments of what the batch norm, the dense layer and the output train.
    assert len(state.optimizer) == 2 + 2 * 6


def test_what_a_state_says_is_what_is_read(tmp_path):
    state = State({"recipe": "a"}, ("x", "y"), phase=1, done=2, now={"a/b": np.ones(2)})

    write_state(state, tmp_path / STATE)
    found = read_state(tmp_path / STATE)

    assert (found.origin, found.labels, found.phase, found.done) == ({"recipe": "a"}, ("x", "y"), 1, 2)
    assert found.now["a/b"].tolist() == [1, 1]


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import conftest
from fusion.recipe.reading import load_recipe
from fusion.data.examples import Data
data = Data(conftest.examples(48, 0), conftest.examples(24, 1), None, ("dark", "bright"), "Made up.")
from fusion.training.runs import train
train(load_recipe({recipe!r}), data, out={out!r}, store=False, resume=True)
"""


def _written(out: Path) -> int:
    """Returns when the state of a run was written last; 0 where there is none."""
    state = out / STATE
    return state.stat().st_mtime_ns if state.exists() else 0


@pytest.mark.slow
def test_a_process_killed_at_random_moments_ends_as_one_that_was_not(demanding, data, whole, tmp_path):
    (tmp_path / "recipe.json").write_text(to_json(demanding))
    out = tmp_path / "run"
    script = SCRIPT.format(
        tests=str(Path(__file__).parent), recipe=str(tmp_path / "recipe.json"), out=str(out)
    )
    moments, kills = random.Random(5), 0
    while not (out / "metrics.json").exists():
        written = _written(out)
        process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
        while process.poll() is None and (kills == 3 or _written(out) == written):
            time.sleep(0.02)
        time.sleep(moments.uniform(0, 0.5))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        else:
            assert process.returncode == 0

    assert kills
    ours, theirs = weights(load(out).model), weights(whole[0].model)
    assert all(value.tobytes() == theirs[name].tobytes() for name, value in ours.items())


def test_who_breaks_off_before_data_are_compared_keeps_the_classes_of_the_run(
    short, data, tmp_path, monkeypatch
):
    with pytest.raises(KilledError):
        train(short, data, out=tmp_path, store=False, watch=lambda _: [Killer(STEPS + 1)])

    monkeypatch.setattr(course, "origin_in_full", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        train(short, replace(data, labels=("other", "ones")), out=tmp_path, store=False, resume=True)

    assert load(tmp_path).labels == data.labels == ("dark", "bright")
