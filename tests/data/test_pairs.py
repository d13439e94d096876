import csv
import json
from collections import Counter

import pytest

from fusion.data.examples import splits
from fusion.data.folders import read_folder
from fusion.data.pairs import DIFFERENT, SAME, counted, find_pairs, write_pairs
from fusion.data.rows import read_dataset
from fusion.data.splits import Split
from fusion.errors import DataError
from fusion.recipe.head import Output
from fusion.recipe.inputs import Image

PHOTO = Image(shape=(8, 8, 3))
KIND = Output(task="binary", classes=(DIFFERENT, SAME))


@pytest.fixture
def pets(folder):
    return folder({"cats": 40, "dogs": 30, "birds": 12})


def test_every_split_has_as_many_pairs_of_one_class_as_of_two(pets):
    pairs = find_pairs(pets)

    assert set(counted(pairs)) == {"train", "validation", "test"}
    assert all(same == different > 0 for same, different in counted(pairs).values())
    for pair in pairs:
        assert (pair.left.parent == pair.right.parent) == (pair.kind == SAME)


def test_no_image_stands_in_pairs_of_two_splits_and_all_stand_in_some(pets):
    pairs = find_pairs(pets)

    seen = {}
    for pair in pairs:
        for path in (pair.left, pair.right):
            assert seen.setdefault(path, pair.split) == pair.split
    assert len(seen) == 82


def test_images_are_in_the_splits_they_are_in_alone(folder):
    pets = folder({"cats": 40, "dogs": 40})
    alone = splits(read_folder(pets, input_name="photo", image=PHOTO, split=Split(seed=4)))

    pairs = find_pairs(pets, split=Split(seed=4))

    for name, part in alone.items():
        found = {path for pair in pairs if pair.split == name for path in (pair.left, pair.right)}
        assert found <= set(part.columns["photo"].paths)


def test_no_pair_is_there_twice_nor_one_image_with_itself(pets):
    pairs = find_pairs(pets, per_image=8)

    assert len({frozenset((pair.left, pair.right)) for pair in pairs}) == len(pairs)
    assert all(pair.left != pair.right for pair in pairs)


def test_each_image_has_about_as_many_pairs_as_asked_for(pets):
    pairs = [pair for pair in find_pairs(pets, per_image=6) if pair.split == "train"]

    images = {path for pair in pairs for path in (pair.left, pair.right)}
    assert 5 <= len(pairs) / len(images) <= 6


def test_where_an_image_stands_says_nothing_of_the_kind(pets):
    pairs = find_pairs(pets, per_image=8)

    first = Counter(pair.left < pair.right for pair in pairs if pair.kind == DIFFERENT)
    assert 0.4 < first[True] / first.total() < 0.6


def test_the_same_folder_and_seed_give_the_same_pairs(pets):
    assert find_pairs(pets) == find_pairs(pets)
    assert find_pairs(pets) != find_pairs(pets, split=Split(seed=1))


def test_of_equal_images_one_is_taken(pets):
    (pets / "cats" / "z.png").write_bytes((pets / "cats" / "0.png").read_bytes())

    pairs = find_pairs(pets)

    names = {path.name for pair in pairs for path in (pair.left, pair.right) if path.parent.name == "cats"}
    assert "0.png" in names
    assert "z.png" not in names


def test_an_image_of_two_classes_is_refused(pets):
    (pets / "dogs" / "z.png").write_bytes((pets / "cats" / "0.png").read_bytes())

    with pytest.raises(
        DataError, match=r"two classes make pairs of no kind.*\n  cats/0.png = dogs/z.png \(cats, dogs"
    ):
        find_pairs(pets)


def test_a_split_without_pairs_of_a_kind_is_refused(folder):
    path = folder(
        {"train/cats": 3, "train/dogs": 3, "val/cats": 1, "val/dogs": 1, "test/cats": 2, "test/dogs": 2}
    )

    with pytest.raises(DataError, match="2 different images of validation make no pair of same classes"):
        find_pairs(path)


def test_a_given_split_with_one_image_on_both_sides_is_refused(folder):
    path = folder({"train/cats": 3, "train/dogs": 3, "test/cats": 2, "test/dogs": 2})
    (path / "test/cats/z.png").write_bytes((path / "train/cats/0.png").read_bytes())

    with pytest.raises(DataError, match="lies in more than one split"):
        find_pairs(path)


@pytest.mark.parametrize("per_image", [0, 3])
def test_an_odd_number_of_pairs_cannot_be_halved(pets, per_image):
    with pytest.raises(DataError, match=f"expected an even number, got {per_image}"):
        find_pairs(pets, per_image=per_image)


def test_the_files_that_are_written_are_read_as_they_were_drawn(pets, tmp_path):
    pairs = find_pairs(pets)

    about = write_pairs(pairs, tmp_path / "tables" / "pairs.csv")

    data = read_dataset(about, inputs={"left": PHOTO, "right": PHOTO}, output=KIND)
    assert data.labels == (DIFFERENT, SAME)
    assert {name: len(part) for name, part in splits(data).items()} == Counter(pair.split for pair in pairs)
    assert data.source == "Table pairs.csv, split as given."
    rows = list(csv.DictReader((tmp_path / "tables/pairs.csv").read_text("utf-8").splitlines()))
    assert rows[0]["left"].startswith("../pets/")
    assert json.loads(about.read_text())["target"] == {"column": "kind"}
