import pytest

from fusion.errors import TrainingError, WeightsError
from fusion.training.runs import train


def test_a_training_that_could_not_start_does_not_block_its_folder(recipe, data, tmp_path):
    absent = recipe.replace("/backbones/plain/weights", {"file": "absent.weights.h5"})

    with pytest.raises(WeightsError, match=r"no weights file 'absent.weights.h5'"):
        train(absent, "photographs that are not there", out=tmp_path)

    (tmp_path / "recipe.json").write_text("left over")
    assert train(recipe, data, out=tmp_path).metrics["test"]["accuracy"] >= 0
    with pytest.raises(TrainingError, match=r"holds another run \(history.csv, checkpoint.npz"):
        train(recipe, data, out=tmp_path)


def test_a_file_is_no_folder_for_a_run(recipe, data, tmp_path):
    (tmp_path / "run").write_text("")

    with pytest.raises(TrainingError, match="is a file; a run needs a folder"):
        train(recipe, data, out=tmp_path / "run")


def test_a_folder_that_cannot_be_written_to_is_found_before_the_data_are_read(recipe, tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fusion.training.runs.tempfile.TemporaryFile", refuse)

    with pytest.raises(TrainingError, match=r"cannot be written to .*run: Permission denied\. Name a folder"):
        train(recipe, "photographs that are not there", out=tmp_path / "run")
