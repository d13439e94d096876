"""TensorBoard's logs of a training, a folder for each phase."""

import importlib.util
from types import SimpleNamespace

import pytest

from fusion.errors import TrainingError
from fusion.training import tensorboards
from fusion.training.fitting import fit
from fusion.training.tensorboards import tensorboard


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(tensorboards.importlib.util, "find_spec", lambda _: SimpleNamespace())


def test_each_phase_has_logs_of_training_and_validation(recipe, data, tmp_path):
    pytest.importorskip("tensorboard", reason="the package tensorboard is not installed")

    fit(recipe, data, store=False, watch=tensorboard(tmp_path / "logs"))

    events = {path.relative_to(tmp_path / "logs").parent.as_posix() for path in tmp_path.rglob("events*")}
    assert events == {
        f"{phase}/{part}" for phase in ("1 head first", "2 last blocks") for part in ("train", "validation")
    }
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("events*"))
    assert all(name in written for name in (b"epoch_loss", b"epoch_accuracy", b"epoch_learning_rate"))


def test_a_package_that_is_missing_is_told_before_anything_is_read(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(TrainingError, match=r"not installed: pip install .*history\.csv"):
        tensorboard(tmp_path)


def test_a_file_is_no_folder_for_logs(tmp_path, installed):
    (tmp_path / "logs").touch()

    with pytest.raises(TrainingError, match="logs is a file"):
        tensorboard(tmp_path / "logs")
