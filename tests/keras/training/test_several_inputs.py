"""Recipes of several inputs on real photographs with real weights, each against what says nothing; one seed each.

`benchmarks/houses.py`, `benchmarks/rooms.py` and `benchmarks/siamese.py` take three seeds and give the tables in
the README.
"""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from fusion.data.pairs import find_pairs, write_pairs
from fusion.data.reading import read_data
from fusion.recipe.reading import load_recipe
from fusion.training.runs import train

ASSETS = Path(os.environ.get("FUSION_ASSETS", "/nowhere"))
RECIPES = Path(__file__).parents[3] / "recipes"
EYE = {"file": "mobilenet_2_5_224_tf_no_top.h5"}
ROOMS = ("frontal", "bedroom", "bathroom", "kitchen")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not ASSETS.is_dir(), reason="FUSION_ASSETS names no folder with weights and photographs"
    ),
]


@pytest.fixture
def houses(tmp_path):
    folder = ASSETS / "images" / "houses"
    said = {
        "dataset": 1,
        "table": str(folder / "houses.csv"),
        "inputs": {
            **{room: {"files": f"{folder}/{room}/{{house_id:03d}}.jpg"} for room in ROOMS},
            "facts": {"columns": ["bedrooms", "bathrooms", "area_sqft"]},
            "zip": {"column": "zipcode"},
        },
        "target": {"column": "price_usd"},
        "split": {"group": "house_id", "test": 0.25},
    }
    (tmp_path / "houses.json").write_text(json.dumps(said))
    return tmp_path / "houses.json"


def test_photographs_and_a_table_tell_prices_better_than_the_mean_does(houses, tmp_path):
    recipe = load_recipe(RECIPES / "image_and_table.json").replace("/backbones/eye/weights", EYE)
    data = read_data(houses, inputs=recipe.inputs, output=recipe.head.output)

    run = train(recipe, data, folders=[ASSETS / "weights"], out=tmp_path / "run")

    always_the_mean = np.abs(data.test.targets - data.train.targets.mean()).mean()
    assert 30 < len(data.test) < 70
    assert run.metrics["test"]["mae"] < 0.7 * always_the_mean


def test_houses_that_repeat_a_photograph_are_in_one_split(houses):
    recipe = load_recipe(RECIPES / "image_and_table.json")

    for seed in range(5):
        data = read_data(houses, inputs=recipe.inputs, output=recipe.head.output, seed=seed)
        contents = [
            {path.read_bytes() for room in ROOMS for path in part.columns[room].paths}
            for part in (data.train, data.validation, data.test)
        ]
        assert len(set.union(*contents)) == sum(map(len, contents))


def test_a_siamese_network_tells_whether_two_photographs_show_one_kind(tmp_path):
    recipe = load_recipe(RECIPES / "siamese.json").replace("/backbones/twin/weights", EYE)
    about = write_pairs(find_pairs(ASSETS / "images" / "cats_dogs"), tmp_path / "pairs.csv")

    run = train(recipe, about, folders=[ASSETS / "weights"], out=tmp_path / "run")

    assert run.metrics["test"]["accuracy"] > 0.65


def test_a_photograph_and_the_table_of_its_house_tell_which_room_it_is(tmp_path):
    folder, facts = ASSETS / "images" / "houses", ["bedrooms", "bathrooms", "area_sqft"]
    with (folder / "houses.csv").open() as source, (tmp_path / "rooms.csv").open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["house_id", "room", "file", *facts])
        for house in list(csv.DictReader(source))[:80]:
            number, known = int(house["house_id"]), [house[fact] for fact in facts]
            writer.writerows([number, room, f"{folder}/{room}/{number:03d}.jpg", *known] for room in ROOMS)
    said = {
        "dataset": 1,
        "table": "rooms.csv",
        "inputs": {"photo": {"files": "{file}"}, "facts": {"columns": facts}},
        "target": {"column": "room"},
        "split": {"group": "house_id", "test": 0.25},
    }
    (tmp_path / "rooms.json").write_text(json.dumps(said))
    recipe = load_recipe(RECIPES / "room_and_table.json").replace("/backbones/eye/weights", EYE)

    run = train(recipe, tmp_path / "rooms.json", folders=[ASSETS / "weights"], out=tmp_path / "run")

    assert run.metrics["test"]["accuracy"] > 0.6
