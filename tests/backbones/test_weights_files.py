import hashlib
from pathlib import Path

import pytest

from fusion.backbones.weights import StoredWeights, check_digest, find_weights
from fusion.errors import WeightsError


@pytest.fixture(autouse=True)
def unnamed(monkeypatch):
    monkeypatch.delenv("FUSION_WEIGHTS", raising=False)


@pytest.fixture
def folders(tmp_path):
    made = [tmp_path / name for name in ("one", "two")]
    for folder in made:
        folder.mkdir()
    return made


def test_an_absolute_path_is_itself(folders):
    path = folders[0] / "a.h5"
    path.touch()

    assert find_weights(str(path)) == path


def test_the_first_folder_that_has_it_wins(folders):
    for folder in folders:
        (folder / "a.h5").touch()
    (folders[1] / "b.h5").touch()

    assert find_weights("a.h5", folders) == folders[0] / "a.h5"
    assert find_weights("b.h5", folders) == folders[1] / "b.h5"


def test_the_folders_of_the_variable_come_last(folders, monkeypatch, tmp_path):
    monkeypatch.setenv("FUSION_WEIGHTS", f"{tmp_path / 'absent'}:{folders[1]}")
    (folders[1] / "a.h5").touch()

    assert find_weights("a.h5", [folders[0]]) == folders[1] / "a.h5"
    (folders[0] / "a.h5").touch()
    assert find_weights("a.h5", [folders[0]]) == folders[0] / "a.h5"


def test_a_missing_file_is_told_with_every_place(folders, monkeypatch, tmp_path):
    monkeypatch.setenv("FUSION_WEIGHTS", str(tmp_path))

    with pytest.raises(WeightsError, match=r"a\.h5.*FUSION_WEIGHTS") as caught:
        find_weights("a.h5", folders)
    for folder in (*folders, tmp_path):
        assert str(folder / "a.h5") in str(caught.value)


def test_without_folders_there_is_nowhere_to_look(monkeypatch):
    monkeypatch.delenv("FUSION_WEIGHTS", raising=False)

    with pytest.raises(WeightsError, match="Looked for: nowhere, as no folder is known"):
        find_weights("a.h5")


@pytest.mark.parametrize("known", ["", "/nowhere"])
def test_a_missing_file_of_a_recipe_that_is_none_is_told_with_the_way_to_give_folders(known, monkeypatch):
    monkeypatch.setenv("FUSION_WEIGHTS", known)

    with pytest.raises(WeightsError, match=r"lies in no folder: give the path of its file .* folders="):
        find_weights("a.h5")


@pytest.mark.parametrize("file", ["/nowhere/a.h5", "a.h5"])
def test_a_missing_file_of_a_recipe_in_a_folder_is_told_without_that(file):
    with pytest.raises(WeightsError, match="Put it there, or name") as caught:
        find_weights(file, [Path("/nowhere")])
    assert "lies in no folder" not in str(caught.value)


def test_a_whole_model_is_called_a_model_file(tmp_path):
    with pytest.raises(WeightsError, match=r"There is no model file 'a\.keras'"):
        find_weights("a.keras", [tmp_path])
    with pytest.raises(WeightsError, match=r"The model file .*a\.keras cannot be read"):
        check_digest(StoredWeights(tmp_path / "a.keras", "0" * 64))
    (tmp_path / "a.keras").touch()
    with pytest.raises(WeightsError, match=r"The model file .*a\.keras is not the one meant"):
        check_digest(StoredWeights(tmp_path / "a.keras", "0" * 64))


def test_a_folder_is_no_file(folders):
    with pytest.raises(WeightsError, match="There is no weights file"):
        find_weights(str(folders[0]))


def test_the_right_digest_passes_in_either_case(tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()

    check_digest(StoredWeights(path, digest))
    check_digest(StoredWeights(path, digest.upper()))
    check_digest(StoredWeights(path))


def test_a_wrong_digest_names_the_file_and_both_digests(tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes(b"weights")
    found = hashlib.sha256(b"weights").hexdigest()

    with pytest.raises(
        WeightsError, match=rf"{path} is not the one meant: its sha256 is {found}, expected {'0' * 64}"
    ):
        check_digest(StoredWeights(path, "0" * 64))


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(WeightsError, match=r"absent\.h5 cannot be read: No such file or directory"):
        check_digest(StoredWeights(tmp_path / "absent.h5", "0" * 64))
