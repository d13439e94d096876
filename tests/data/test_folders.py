import os
import shutil
import unicodedata
from pathlib import Path, PurePath

import pytest

from fusion.data.descriptions import describe
from fusion.data.examples import splits
from fusion.data.folders import find_images, read_folder
from fusion.data.splits import Split
from fusion.errors import DataError
from fusion.recipe.inputs import Image

IMAGE = Image(shape=(8, 8, 3))
ASSETS = Path(os.environ.get("FUSION_ASSETS", "/nowhere"), "images")
needs_assets = pytest.mark.skipif(not ASSETS.is_dir(), reason="FUSION_ASSETS names no folder with images")


def read(path, **options):
    return read_folder(path, input_name="photo", image=IMAGE, **options)


def where(data):
    """The split of each image, by name."""
    return {name: split for split, part in splits(data).items() for name in part.names}


def test_sub_folders_are_the_classes_in_alphabetical_order(folder):
    data = read(folder({"dogs": 40, "cats": 30}))

    assert data.labels == ("cats", "dogs")
    assert sorted(where(data)) == sorted(
        [f"cats/{i}.png" for i in range(30)] + [f"dogs/{i}.png" for i in range(40)]
    )
    for part in splits(data).values():
        assert [data.labels[number] for number in part.targets] == [name.split("/")[0] for name in part.names]
        assert [path.parent.name for path in part.columns["photo"].paths] == [
            n.split("/")[0] for n in part.names
        ]


def test_adding_removing_and_renaming_files_moves_no_other(folder, picture):
    root = folder({"cats": 40, "dogs": 40})
    before = where(read(root))

    for i in range(5):
        (root / f"cats/{i}.png").unlink()
        picture(root / f"dogs/new{i}.png")
    (root / "dogs/7.png").rename(root / "dogs/renamed.png")
    after = where(read(root))

    kept = before.keys() & after.keys()
    assert len(kept) == 74
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}
    assert after["dogs/renamed.png"] == before["dogs/7.png"]


def test_copies_of_an_image_are_in_one_split(folder):
    root = folder({"cats": 30, "dogs": 30})
    for i in range(30):
        shutil.copy(root / f"cats/{i}.png", root / f"cats/copy{i}.png")

    found = where(read(root))

    assert all(found[f"cats/{i}.png"] == found[f"cats/copy{i}.png"] for i in range(30))


def test_given_splits_are_used_as_they_are(folder):
    data = read(folder({f"{s}/{c}": 2 for s in ("train", "val", "test") for c in ("cats", "dogs")}))

    assert {name: len(part) for name, part in splits(data).items()} == {
        "train": 4,
        "validation": 4,
        "test": 4,
    }
    assert all(name.startswith("val/") for name in data.validation.names)


@pytest.mark.parametrize("held", ["val", "Validation", "test"])
def test_a_single_held_out_split_is_reported_and_validation_comes_from_train(folder, held):
    data = read(folder({"train/cats": 40, "train/dogs": 40, f"{held}/cats": 3, f"{held}/dogs": 3}))

    assert all(name.startswith(held) for name in data.test.names)
    assert len(data.test) == 6
    assert all(name.startswith("train/") for name in data.validation.names)
    assert len(data.train) + len(data.validation) == 80
    assert "validation split is taken from 'train' by content" in describe(data)


def test_files_beside_the_folders_and_hidden_ones_are_left_alone(folder):
    root = folder({"cats": 30, "dogs": 30})
    for name in ("labels.csv", ".DS_Store", "cats/.DS_Store"):
        (root / name).write_text("x")
    (root / ".cache").mkdir()

    assert len(where(read(root))) == 60


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", "Desktop.ini"])
def test_what_windows_leaves_in_folders_is_left_alone(folder, name):
    root = folder({"cats": 30, "dogs": 30})
    (root / "cats" / name).write_text("x")

    assert len(where(read(root))) == 60


def test_a_folder_that_only_holds_what_windows_leaves_is_empty(folder):
    root = folder({"cats": 3, "dogs": 3, "cows": 0})
    (root / "cows/Thumbs.db").write_text("x")

    with pytest.raises(DataError, match=r"without any image: cows/\. Fill or remove"):
        read(root)


def test_images_come_in_one_order_where_paths_compare_in_lower_case(folder, picture, monkeypatch):
    root = folder({"Dogs": 0, "cats": 0})
    for name in ("Dogs/a.png", "Dogs/B.png", "cats/c.png", "cats/d.png"):
        picture(root / name)
    monkeypatch.setattr(PurePath, "__lt__", lambda one, two: str(one).casefold() < str(two).casefold())

    found = [file.path.relative_to(root).as_posix() for file in find_images(root)]

    assert found == ["Dogs/B.png", "Dogs/a.png", "cats/c.png", "cats/d.png"]


def test_names_with_blanks_and_other_scripts_are_read(folder):
    data = read(folder({"Große Katzen": 30, "犬 und Wölfe": 30}, name="meine Bilder ü"))

    assert data.labels == ("Große Katzen", "犬 und Wölfe")
    assert "Folder meine Bilder ü, split by content" in data.source


def test_decomposed_names_of_folders_give_composed_labels(folder):
    data = read(folder({unicodedata.normalize("NFD", "Wölfe"): 30, "Katzen": 30}))

    assert data.labels == ("Katzen", unicodedata.normalize("NFC", "Wölfe"))


def test_no_share_gives_no_split(folder):
    data = read(folder({"cats": 3, "dogs": 3}), split=Split(validation=0, test=0))

    assert list(splits(data)) == ["train"]


def test_progress_is_told_of_every_file(folder):
    seen = []

    read(folder({"cats": 30, "dogs": 30}), progress=lambda done, total: seen.append((done, total)))

    assert seen[-1] == (60, 60)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"There is no folder .*pets"):
        read(tmp_path / "pets")


def test_file_for_a_folder_is_refused(tmp_path):
    (tmp_path / "pets.txt").write_text("x")

    with pytest.raises(DataError, match=r"pets\.txt is a file; expected a folder of images"):
        read(tmp_path / "pets.txt")


def test_folder_without_class_folders_says_how_many_images_lie_there(tmp_path, picture):
    picture(tmp_path / "1.png")
    picture(tmp_path / "2.png")

    with pytest.raises(
        DataError, match=r"has no class folders but 2 images\. Expected one sub-folder per class"
    ):
        read(tmp_path)


def test_empty_class_folders_are_named(folder):
    with pytest.raises(DataError, match=r"without any image: cows/, dogs/\. Fill or remove"):
        read(folder({"cats": 3, "dogs": 0, "cows": 0}))


def test_a_single_class_is_refused(folder):
    with pytest.raises(DataError, match=r"only one class, cats/; telling classes apart takes two"):
        read(folder({"cats": 3}))


def test_file_that_is_no_image_in_a_class_folder_is_named(folder):
    root = folder({"cats": 3, "dogs": 3})
    (root / "cats/notes.txt").write_text("x")

    with pytest.raises(
        DataError, match=r"1 of 7 files .*\n  .*cats/notes\.txt: it is not an image by its name"
    ):
        read(root)


def test_truncated_jpeg_is_named_before_anything_trains(folder, picture):
    root = folder({"cats": 3, "dogs": 3})
    jpeg = picture(root / "dogs/photo.jpg", size=(64, 64))
    jpeg.write_bytes(jpeg.read_bytes()[:-300])

    with pytest.raises(DataError, match=r"dogs/photo\.jpg: it cannot be decoded: .*truncated"):
        read(root)


def test_folder_inside_a_class_folder_is_named(folder):
    with pytest.raises(DataError, match=r"cats holds folders \(young/\) where images were expected"):
        read(folder({"cats/young": 3, "dogs": 3}))


def test_train_beside_classes_is_not_guessed_at(folder):
    with pytest.raises(DataError, match=r"train holds folders \(cats/, dogs/\) where images were expected"):
        read(folder({"train/cats": 3, "train/dogs": 3, "birds": 3}))


def test_splits_with_different_classes_name_what_each_lacks(folder):
    counts = {"train/cats": 2, "train/dogs": 2, "test/cats": 2, "test/birds": 2}

    with pytest.raises(DataError, match=r"different classes: train lacks birds; test lacks dogs"):
        read(folder(counts))


def test_train_alone_is_refused_with_the_way_out(folder):
    with pytest.raises(DataError, match=r"has train/ but neither val/ nor test/.* give .*train itself"):
        read(folder({"train/cats": 2, "train/dogs": 2}))


def test_splits_without_train_are_refused(folder):
    with pytest.raises(DataError, match=r"has test/, val/ but no train/"):
        read(folder({"val/cats": 2, "val/dogs": 2, "test/cats": 2, "test/dogs": 2}))


def test_two_folders_for_one_split_are_refused(folder):
    with pytest.raises(DataError, match=r"has both val/ and validation/; keep one"):
        read(folder({f"{s}/{c}": 1 for s in ("train", "val", "validation") for c in ("cats", "dogs")}))


def test_test_folder_without_classes_is_refused(folder):
    with pytest.raises(DataError, match=r"test has no class folders but 3 images"):
        read(folder({"train/cats": 2, "train/dogs": 2, "test": 3}))


def test_one_image_under_two_labels_is_kept_and_named(folder):
    root = folder({"cats": 20, "dogs": 20})
    shutil.copy(root / "cats/3.png", root / "dogs/lost.png")

    data = read(root)

    assert "1 image has more than one label" in data.source
    assert "cats/3.png = dogs/lost.png" in data.source


def test_one_image_in_two_given_splits_is_named(folder):
    root = folder({f"{s}/{c}": 2 for s in ("train", "val", "test") for c in ("cats", "dogs")})
    shutil.copy(root / "train/cats/0.png", root / "test/cats/leak.png")

    with pytest.raises(DataError, match=r"more than one split.*\n  train/cats/0\.png = test/cats/leak\.png"):
        read(root)


def test_a_class_too_small_for_every_split_is_refused_with_advice(folder):
    with pytest.raises(DataError, match=r"no example of class rare.*add examples, choose another seed"):
        read(folder({"common": 40, "rare": 1}))


@pytest.mark.slow
@needs_assets
def test_cats_and_dogs_are_read():
    data = read(ASSETS / "cats_dogs")

    assert data.labels == ("cats", "dogs")
    assert sum(map(len, splits(data).values())) == 500


@pytest.mark.slow
@needs_assets
def test_hymenoptera_is_reported_on_its_val_folder():
    data = read(ASSETS / "hymenoptera")

    assert data.labels == ("ants", "bees")
    assert (len(data.test), len(data.train) + len(data.validation)) == (153, 244)


@pytest.mark.slow
@needs_assets
def test_rooms_of_houses_are_read_with_a_word_on_the_two_odd_houses():
    data = read(ASSETS / "houses")

    assert data.labels == ("bathroom", "bedroom", "frontal", "kitchen")
    assert sum(map(len, splits(data).values())) == 800
    assert "bathroom/354.jpg = bedroom/354.jpg" in data.source


def test_a_folder_of_test_images_alone_can_be_judged(folder):
    path = folder({"test/cats": 3, "test/dogs": 3})

    data = read(path, split=Split(judged="test"))

    assert {name: len(part) for name, part in splits(data).items()} == {"test": 6}
    assert data.labels == ("cats", "dogs")
    with pytest.raises(DataError, match=r"test/ but no train/"):
        read(path)


def test_a_class_missing_in_validation_matters_only_where_something_is_trained_or_judged_there(folder):
    classes = ("cats", "dogs", "birds")
    path = folder({f"{split}/{name}": 3 for split in ("train", "val", "test") for name in classes})
    for image in (path / "val/birds").iterdir():
        image.unlink()
    (path / "val/birds").rmdir()

    assert len(read(path, split=Split(judged="test")).test) == 9
    for split in (Split(), Split(judged="validation")):
        with pytest.raises(DataError, match="birds"):
            read(path, split=split)
