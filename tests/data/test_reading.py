import json

import numpy as np
import pytest

from fusion.data.dataset import load_dataset
from fusion.data.examples import splits
from fusion.data.reading import dataset_example, read_data, read_images
from fusion.errors import DataError
from fusion.recipe.head import Output
from fusion.recipe.inputs import Image, Table

PHOTO = {"photo": Image(shape=(8, 8, 3))}
BOTH = PHOTO | {"facts": Table(columns=("beds", "area"))}
TWO = Output(task="classification", classes=2)


def test_folder_feeds_the_one_image_input(folder):
    data = read_data(folder({"cats": 30, "dogs": 30}), inputs=PHOTO, output=TWO, seed=2)

    assert data.labels == ("cats", "dogs")
    assert list(data.train.columns) == ["photo"]
    assert "seed 2" in data.source


def test_npz_file_feeds_arrays(tmp_path):
    photos = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3))
    np.savez(tmp_path / "d.npz", photo=photos, targets=np.arange(60) % 2)

    data = read_data(str(tmp_path / "d.npz"), inputs=PHOTO, output=TWO, seed=2)

    assert sum(map(len, splits(data).values())) == 60
    assert "seed 2" in data.source


def test_json_file_is_a_dataset(tmp_path, folder):
    folder({"cats": 30, "dogs": 30})
    (tmp_path / "d.json").write_text('{"dataset": 1, "inputs": {"photo": {"folder": "pets"}}}')

    data = read_data(tmp_path / "d.json", inputs=PHOTO, output=TWO, seed=2)

    assert data.labels == ("cats", "dogs")
    assert "seed 2" in data.source


def test_folder_for_two_inputs_is_refused_with_a_dataset_file_to_fill_in(folder):
    with pytest.raises(
        DataError, match=r"feeds one image input, but the recipe has the inputs photo, facts"
    ) as caught:
        read_data(folder({"cats": 3, "dogs": 3}), inputs=BOTH, output=TWO)

    example = json.loads(str(caught.value).partition("such as:\n")[2])
    assert example["inputs"] == {"photo": {"files": "photo/{id}.jpg"}, "facts": {"columns": ["beds", "area"]}}


def test_folder_for_a_table_of_numbers_is_refused(folder):
    with pytest.raises(DataError, match="feeds one image input"):
        read_data(folder({"cats": 3, "dogs": 3}), inputs={"facts": BOTH["facts"]}, output=TWO)


def test_table_by_itself_is_refused_with_a_dataset_file_to_fill_in(tmp_path):
    (tmp_path / "d.csv").write_text("a,b\n1,2\n")

    with pytest.raises(DataError, match=r"d\.csv is neither a folder .*such as:\n\{\n  \"dataset\": 1"):
        read_data(tmp_path / "d.csv", inputs=BOTH, output=TWO)


def test_missing_path_is_named(tmp_path):
    with pytest.raises(DataError, match=r"There is no folder or file .*pets"):
        read_data(tmp_path / "pets", inputs=PHOTO, output=TWO)


def test_folder_with_other_classes_than_the_head_is_refused(folder):
    root = folder({"cats": 30, "dogs": 30})

    with pytest.raises(
        DataError, match=r'pets has 2 classes \(cats, dogs\), but the head has 5\. Write "classes": 2'
    ):
        read_data(root, inputs=PHOTO, output=Output(task="classification", classes=5))


def test_example_is_a_dataset_file(tmp_path):
    (tmp_path / "d.json").write_text(dataset_example(BOTH))

    assert load_dataset(tmp_path / "d.json")[1] == []


def test_images_to_predict_have_no_targets(tmp_path, picture):
    paths = [picture(tmp_path / name) for name in ("b.png", "a.png")]

    examples = read_images(paths, input_name="photo", image=PHOTO["photo"])

    assert examples.targets is None
    assert examples.columns["photo"].paths == tuple(paths)
    assert examples.names == tuple(map(str, paths))


def test_broken_image_to_predict_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")

    with pytest.raises(DataError, match=r"a\.png: it is not a JPEG"):
        read_images([tmp_path / "a.png"], input_name="photo", image=PHOTO["photo"])
